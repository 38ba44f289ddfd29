import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import type { ChartRepository } from '#shared/model/charts.ts';
import { buildTarGz } from '#shared/package/testing/build-archives.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { createChartStore } from '../catalog/index.ts';
import { createSecretBox } from '../notify/index.ts';
import { chartAddress, isExact } from './chart-address.ts';
import { createChartRoom, viewOf } from './index.ts';
import { readKeyring } from './keyring.ts';

const root = await mkdtemp(path.join(tmpdir(), 'skerry-chart-room-'));
after(() => rm(root, { recursive: true, force: true }));

const failsWith =
  (code: string, words = /./) =>
  (error: unknown) =>
    isSkerryError(error) && error.code === code && words.test(error.message);

/** Does as Helm does, as far as this room can see: notes what it was given, then gives a chart or fails. */
const fakeHelm = `#!/bin/sh
echo "$@" >> "$FAKE/calls"
cat repositories.yaml registry.json >> "$FAKE/access"
[ -f "$FAKE/hang" ] && exec sleep 2
if [ "$1" = repo ]; then mkdir -p repository; [ -f "$FAKE/away" ] || echo x > repository/repository-index.yaml; exit 0; fi
[ -f "$FAKE/fail" ] && { cat "$FAKE/fail" >&2; exit 1; }
for arg in "$@"; do case "$arg" in --destination=*) cp "$FAKE/chart.tgz" "\${arg#--destination=}/" ;; esac; done
`;

async function bench() {
  const home = await mkdtemp(path.join(root, 'room-'));
  const program = path.join(home, 'helm');
  await writeFile(program, fakeHelm);
  await chmod(program, 0o755);
  const tools = { random: systemRandom, clock: systemClock, log: silentLogger };
  const store = createMemoryStore();
  const charts = createChartStore({ folder: path.join(home, 'charts'), ...tools });
  await charts.open();
  const box = createSecretBox(new Uint8Array(32), systemRandom);
  const environment = { PATH: process.env['PATH'] ?? '', FAKE: home };
  const room = createChartRoom({ store, charts, box, helm: { program, environment }, ...tools });
  const put = (name: string, content: string | Buffer) => writeFile(path.join(home, name), content);
  await put('chart.tgz', chartOf('1.2.3'));
  return {
    home,
    room,
    store,
    charts,
    put,
    remove: (name: string) => rm(path.join(home, name)),
    calls: async () => (await readFile(path.join(home, 'calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
  };
}

function chartOf(version: string): Buffer {
  return buildTarGz([{ path: 'web/Chart.yaml', content: `name: web\nversion: ${version}\n` }]);
}

const registered = (name: string, url: string, type: 'helm' | 'oci' = 'helm') =>
  ({ id: name, name, type, url, plainHttp: false }) as ChartRepository;

test('names of charts lead to a registered repository, or to the place that they are', () => {
  const list = [
    registered('stable', 'https://charts.example/stable'),
    registered('edge', 'oci://hub.example:5000/charts', 'oci'),
  ];
  const of = (chart: string, rest: { repository?: string; version?: string } = {}) => {
    const found = chartAddress({ chart, ...rest }, list);
    return found && [found.kind, found.url, found.chart, found.version, found.repository?.name];
  };
  assert.deepEqual(of('stable/web:1.0.0'), ['helm', 'https://charts.example/stable', 'web', '1.0.0', 'stable']);
  assert.deepEqual(of('stable/web'), ['helm', 'https://charts.example/stable', 'web', '', 'stable']);
  assert.deepEqual(of('stable/web:1.0.0', { version: '^2' })?.[3], '^2');
  assert.deepEqual(of('edge/web:1.0.0'), ['oci', 'oci://hub.example:5000/charts/web', 'charts/web', '1.0.0', 'edge']);
  assert.deepEqual(of('oci://hub.example:5000/charts/web'), [
    'oci',
    'oci://hub.example:5000/charts/web',
    'charts/web',
    '',
    'edge',
  ]);
  assert.deepEqual(of('oci://other.example/web:2.0.0')?.[4], undefined);
  assert.deepEqual(of('https://charts.example/stable/web-1.tgz')?.slice(0, 2), [
    'file',
    'https://charts.example/stable/web-1.tgz',
  ]);
  assert.deepEqual(of('https://charts.example/stable/../web-1.tgz')?.[4], undefined, 'not below the repository');
  assert.deepEqual(of('web', { repository: 'https://charts.example/stable/' })?.[4], 'stable');
  assert.deepEqual(of('web', { repository: 'stable', version: '1.0.0' })?.slice(0, 4), [
    'helm',
    'https://charts.example/stable',
    'web',
    '1.0.0',
  ]);
  for (const unknown of ['web', 'other/web:1.0.0', 'helm-charts/web']) assert.equal(of(unknown), undefined, unknown);
  assert.ok(isExact('1.2.3') && isExact('v1.2.3-rc.1+x') && !isExact('1.2') && !isExact('^1.2.3') && !isExact(''));
});

test('names that are options, local files, credentials or ranges of nonsense are refused', () => {
  const list = [registered('stable', 'https://charts.example/stable')];
  const wrong: [string, { repository?: string; version?: string }?][] = [
    ['stable/--post-renderer=x'],
    ['stable/-web'],
    ['stable/../../web'],
    ['stable/web:--devel'],
    ['stable/web:1;rm'],
    ['file:///etc/passwd'],
    ['file:/etc/passwd'],
    ['ftp://x/web.tgz'],
    ['https://user:secret@charts.example/web.tgz'],
    ['oci://hub.example/'],
    ['oci://hub.example/--x'],
    ['web', { repository: 'file:///etc' }],
    ['--web', { repository: 'stable' }],
    ['stable/web', { version: '-1' }],
  ];
  for (const [chart, rest] of wrong)
    assert.throws(() => chartAddress({ chart, ...rest }, list), failsWith('Unprocessable'), chart);
  assert.throws(
    () => chartAddress({ chart: 'https://user:secret@charts.example/web.tgz' }, list),
    (error: Error) => !error.message.includes('secret'),
  );
});

test('a keyring is read from armour or as it is, and never a private key', () => {
  const key = Buffer.concat([Buffer.from([0x99, 0x01]), Buffer.alloc(60, 7)]);
  const armour = (kind: string, bytes: Buffer) =>
    `-----BEGIN PGP ${kind} KEY BLOCK-----\nComment: x\n\n${bytes.toString('base64')}\n=abcd\n-----END PGP ${kind} KEY BLOCK-----\n`;
  assert.deepEqual(readKeyring(armour('PUBLIC', key)), key);
  assert.deepEqual(readKeyring(armour('PUBLIC', key) + armour('PUBLIC', key)), Buffer.concat([key, key]));
  assert.deepEqual(readKeyring(key.toString('base64')), key);
  assert.throws(() => readKeyring(armour('PRIVATE', key)), failsWith('BadRequest', /private/));
  assert.throws(() => readKeyring(Buffer.from([0x95, 1, 2]).toString('base64')), failsWith('BadRequest', /private/));
  assert.throws(() => readKeyring('nothing'), failsWith('BadRequest'));
});

test('repositories are kept with sealed passwords that do not follow them to another host', async () => {
  const { room, store } = await bench();
  const { repositories } = room;
  const made = await repositories.create({
    name: 'stable',
    type: 'helm',
    url: 'https://charts.example/',
    username: 'u',
    password: 'geheim',
  });
  assert.equal(made.url, 'https://charts.example');
  const everything = JSON.stringify(await store.range({ prefix: '' }));
  assert.ok(!everything.includes('geheim'));
  assert.deepEqual([viewOf(made).hasPassword, 'sealedPassword' in viewOf(made)], [true, false]);
  assert.equal(repositories.access(made).password, 'geheim');
  await assert.rejects(
    repositories.create({ name: 'stable', type: 'helm', url: 'https://x.example' }),
    failsWith('Conflict'),
  );
  await assert.rejects(
    repositories.update('stable', { url: 'https://evil.example' }),
    failsWith('BadRequest', /password/),
  );
  await assert.rejects(
    repositories.update('stable', { url: 'http://charts.example' }),
    failsWith('BadRequest', /password/),
  );
  assert.equal(
    (await repositories.update('stable', { url: 'https://charts.example/b' })).url,
    'https://charts.example/b',
  );
  const moved = await repositories.update(made.id, { url: 'https://evil.example', password: null });
  assert.equal(moved.sealedPassword, undefined);
  const wrong = [
    { name: 'a', type: 'oci', url: 'https://x.example' },
    { name: 'a', type: 'helm', url: 'oci://x.example' },
    { name: 'a', type: 'helm', url: 'https://x.example', plainHttp: true },
    { name: 'a', type: 'helm', url: 'https://x.example', caPem: 'x' },
    { name: 'a', type: 'helm', url: 'https://x.example', keyring: 'x' },
  ] as const;
  for (const input of wrong) await assert.rejects(repositories.create(input), failsWith('BadRequest'));
  await repositories.remove('stable');
  await assert.rejects(repositories.one('stable'), failsWith('NotFound'));
  await repositories.create({ name: 'stable', type: 'oci', url: 'oci://x.example/charts' });
});

test('an exact version is fetched once; others are looked up anew, and the last answer helps when the repository is away', async () => {
  const made = await bench();
  const { room } = made;
  await room.repositories.create({
    name: 'stable',
    type: 'helm',
    url: 'https://charts.example',
    username: 'u',
    password: 'geheim',
  });
  const [one, two] = await Promise.all([
    room.resolve({ chart: 'stable/web:1.2.3' }),
    room.resolve({ chart: 'stable/web:1.2.3' }),
  ]);
  assert.deepEqual([one?.name, one?.version, one?.kind], ['web', '1.2.3', 'helm']);
  assert.deepEqual(two, one);
  assert.deepEqual(await readFile(made.charts.path(one?.digest as never)), chartOf('1.2.3'));
  const once = await made.calls();
  assert.equal(once.length, 2, 'the index and the chart');
  assert.ok(!once.join().includes('geheim'));
  assert.match(await readFile(path.join(made.home, 'access'), 'utf8'), /geheim/);
  await room.resolve({ chart: 'stable/web:1.2.3' });
  assert.equal((await made.calls()).length, 2);

  await made.put('chart.tgz', chartOf('2.0.0'));
  assert.equal((await room.resolve({ chart: 'stable/web' }))?.version, '2.0.0');
  assert.equal((await room.resolve({ chart: 'stable/web:2.0.0' }))?.version, '2.0.0');
  assert.equal((await made.calls()).length, 4, 'what the newest turned out to be is known too');
  await made.put('fail', 'Error: dial tcp: connection refused');
  assert.equal((await room.resolve({ chart: 'stable/web' }))?.version, '2.0.0');
  await assert.rejects(room.resolve({ chart: 'stable/web:3.0.0' }), failsWith('Unavailable', /refused/));
  await made.put('fail', 'Error: chart "web" version "3.0.0" not found in repository');
  await assert.rejects(room.resolve({ chart: 'stable/web:3.0.0' }), failsWith('NotFound'));
  await made.put('fail', 'Error: failed to fetch https://u:geheim@x/web.tgz : 401 Unauthorized');
  await assert.rejects(
    room.resolve({ chart: 'stable/web:3.0.0' }),
    (error: Error) => failsWith('Unprocessable')(error) && !error.message.includes('geheim'),
  );
  await made.put('away', '');
  await assert.rejects(room.resolve({ chart: 'stable/web:4.0.0' }), failsWith('Unavailable', /does not answer/));
  assert.deepEqual(await readdir(path.join(made.home, 'charts', 'incoming')), [], 'nothing is left behind');
});

test('a keyring asks for a provenance, also of what was fetched without', async () => {
  const made = await bench();
  const { room } = made;
  await room.repositories.create({ name: 'stable', type: 'helm', url: 'https://charts.example' });
  await room.resolve({ chart: 'stable/web:1.2.3' });
  const key = Buffer.concat([Buffer.from([0x99, 0x01]), Buffer.alloc(60, 7)]).toString('base64');
  await room.repositories.update('stable', { keyring: key });
  await made.put('fail', 'Error: failed to fetch provenance "https://charts.example/web-1.2.3.tgz.prov"');
  await assert.rejects(room.resolve({ chart: 'stable/web:1.2.3' }), failsWith('Unprocessable', /provenance/));
  assert.match((await made.calls()).at(-1) ?? '', /--verify --keyring=/);
});

test('what a request names itself must not lead into the network of the controller', async () => {
  const { room, calls } = await bench();
  for (const chart of [
    'https://127.0.0.1/web.tgz',
    'https://10.0.0.1/web.tgz',
    'oci://localhost/web',
    'https://[::1]/web.tgz',
    'oci://169.254.169.254/x',
  ])
    await assert.rejects(room.resolve({ chart }), failsWith('Unprocessable', /private/), chart);
  await assert.rejects(
    room.resolve({ chart: 'http://charts.example/web.tgz' }),
    failsWith('Unprocessable', /plain HTTP/),
  );
  assert.equal(await room.resolve({ chart: 'nowhere/web' }), undefined);
  assert.deepEqual(await calls(), []);
});

test('what is no chart is refused, a program that is missing is named, and whoever waits may leave', async () => {
  const made = await bench();
  const { room } = made;
  await room.repositories.create({ name: 'stable', type: 'helm', url: 'https://charts.example' });
  await made.put('chart.tgz', 'no archive');
  await assert.rejects(room.resolve({ chart: 'stable/web:1.0.0' }), failsWith('Unprocessable', /no sound/));
  await made.put('hang', '');
  const leaving = AbortSignal.timeout(50);
  const waiting = room.resolve({ chart: 'stable/web:1.0.0' }, leaving);
  await assert.rejects(waiting, /timeout/i);
  await made.remove('helm');
  await assert.rejects(
    room.resolve({ chart: 'stable/web:1.0.1' }),
    (error: unknown) =>
      failsWith('Unavailable', /not there/)(error) && /SKERRY_HELM/.test(String((error as { remedy?: string }).remedy)),
  );
});
