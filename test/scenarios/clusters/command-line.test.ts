import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { writeLogin } from '#controller/cli/login-file.ts';
import { runCli } from '#controller/cli/main.ts';
import { testContext } from '#controller/cli/testing/test-context.ts';
import { createIdentity } from '#controller/identity/index.ts';
import { createNorthbound, type Northbound } from '#controller/northbound/index.ts';
import { skerryPlugin } from '#controller/northbound/skerry/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { ClusterFleet, operator } from './cluster-fleet.ts';

const password = 'a-password-of-tests';
let folder: string;
let here: ClusterFleet;
let northbound: Northbound;
let tokens: { admin: string; viewer: string };

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-clusters-'));
  here = await ClusterFleet.open();
  const { core, store } = here.fleet.living();
  const identity = createIdentity({ store, clock: systemClock, random: systemRandom, log: silentLogger });
  await identity.bootstrap(password);
  const grants = [{ projectId: '*' as const, role: 'viewer' }];
  await identity.createUser(operator, { username: 'eve', password, grants });
  northbound = createNorthbound({
    lcm: core.lcm.commands,
    queries: core.lcm.queries,
    inventory: core.inventory,
    identity,
    catalog: {} as never,
    subscriptions: {} as never,
    plugins: [
      skerryPlugin({
        store,
        enrolment: {} as never,
        telemetry: { latest: async () => undefined },
        clusters: core.clusters,
      }),
    ],
    clock: systemClock,
    log: silentLogger,
    host: '127.0.0.1',
    port: 0,
  });
  await northbound.start();
  const login = async (username: string) => (await identity.login({ username, password })).token;
  tokens = { admin: await login('admin'), viewer: await login('eve') };
  const { url } = northbound.address();
  const expiresAt = Date.now() + 3_600_000;
  await writeLogin(path.join(folder, 'login.json'), { url, username: 'admin', token: tokens.admin, expiresAt });
});
after(async () => {
  await northbound.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function run(line: string, input = ''): Promise<{ code: number; out: string; err: string }> {
  const context = testContext(folder, { SKERRY_HOME: folder }, input);
  const code = await runCli(line.split(' '), context);
  return { code, out: context.outText, err: context.errText };
}

async function call(
  method: string,
  url: string,
  { token = tokens.admin, body }: { token?: string; body?: object } = {},
) {
  const answer = await fetch(`${northbound.address().url}/skerry/v1/${url}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

const profileFile = `
name: edge
description: what every edge runs
applications:
  - name: web
    chart: repo/web
    version: '1.0'
    values: { replicas: 2, password: hunter2 }
    order: 1
  - name: settings
    manifestsFile: settings.yaml
clusters: [cluster-north, cluster-south]
`;

test('a profile comes from a file: the difference is shown, then it is so, everywhere', async () => {
  writeFileSync(
    path.join(folder, 'settings.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n---\n',
  );
  writeFileSync(path.join(folder, 'edge.yaml'), profileFile);
  const dry = await run('profile apply edge.yaml --dry-run');
  const shown = [
    '+ profile edge',
    '+ application web',
    '+ application settings',
    '+ cluster cluster-north',
    '+ cluster cluster-south',
  ];
  assert.deepEqual([dry.code, dry.out.trim().split('\n')], [1, shown]);
  assert.equal((await run('profile list -o json')).out.trim(), '[]');
  const [applied] = await Promise.all([run('profile apply edge.yaml --wait --timeout 20s'), soon(() => here.pass())]);
  assert.equal(applied.code, 0, applied.err);
  assert.match(applied.err, /cluster-south .*\[#+\] 2\/2/);
  const again = await run('profile apply edge.yaml --dry-run');
  assert.deepEqual([again.code, again.out], [0, '']);
});

test('a change of the file shows what differs down to the value, and what goes', async () => {
  const changed = profileFile.replace('replicas: 2', 'replicas: 3').replace(/ {2}- name: settings\n.*\n/, '');
  const { code, out } = await run('profile apply -', changed);
  assert.deepEqual(
    [code, out.trim().split('\n')],
    [0, ['- application settings', '~ application web', '    values.replicas: 2 → 3']],
  );
  await here.pass();
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready', 'web@south': 'ready' });
  assert.equal((await run('profile apply -', 'name: edge\nchart: x\n')).code, 2);
  const number = await run('profile apply -', profileFile.replace("'1.0'", '1.0'));
  assert.deepEqual([number.code, /put it into quotes/.test(number.err)], [2, true]);
});

test('commands and tables', async () => {
  assert.equal((await run('app set web -p edge --set replicas=4 --ready-within 60')).code, 0);
  assert.equal((await run('app add plain -p edge --manifests settings.yaml --namespace edge')).code, 0);
  assert.equal((await run('app add plain -p edge --manifests settings.yaml')).code, 4);
  assert.match((await run('app list -p edge')).out, /^plain +0 +manifests +edge +plain +1\nweb +1 +repo\/web 1.0/m);
  await here.pass();
  const status = await run('app status web -p edge');
  assert.equal(status.code, 0);
  assert.match(status.out, /^north +cluster-north +web +web +repo\/web 1.0 +3 +ready/m);
  assert.match((await run('cluster list')).out, /^cluster-north +north .* edge +healthy/m);
  assert.match((await run('cluster show cluster-north')).out, /edge +plain +edge +manifests +1 +ready/);
  assert.equal((await run('app clone web -p edge --as web-2')).code, 0);
  assert.equal((await run('app remove web-2 -p edge')).code, 0);
  assert.equal((await run('app retry web -p edge --cluster cluster-north')).code, 0);
  assert.equal((await run('profile create core --label tier=core')).code, 0);
  assert.equal((await run('app move plain -p edge --to core')).code, 0);
  assert.match((await run('profile show core')).out, /tier=core[\s\S]*plain/);
  assert.equal((await run('profile delete edge')).code, 4);
  assert.equal((await run('profile delete core')).code, 0);
  assert.equal((await run('app status -p nowhere')).code, 3);
  assert.equal((await run('infra delete cluster-north')).code, 4);
});

test('who may only read sees no secret, and changes nothing', async () => {
  const { viewer: token } = tokens;
  const [seen] = (await call('GET', 'profiles/edge/applications', { token })).json;
  assert.equal(seen.values.password, '(hidden)');
  const [whole] = (await call('GET', 'profiles/edge/applications')).json;
  assert.equal(whole.values.password, 'hunter2');
  const body = { chart: 'repo/other' };
  assert.equal((await call('PUT', 'profiles/edge/applications/web', { token, body })).status, 403);
  assert.equal((await call('DELETE', `clusters/cluster-north`, { token })).status, 403);
});

test('what is sent is checked', async () => {
  const put = (body: object) => call('PUT', 'profiles/edge/applications/x', { body });
  assert.equal((await put({ chart: 'a', order: -1 })).status, 400);
  assert.equal((await put({ chart: 'a', image: 'b' })).status, 400);
  assert.equal((await put({})).status, 422);
  assert.equal((await call('DELETE', 'clusters/cluster-north?workloads=all')).status, 400);
  assert.equal((await call('GET', 'clusters/infra-north')).status, 404);
  assert.equal((await call('GET', 'profiles/edge/status?limit=5000')).status, 400);
  const page = (await call('GET', 'profiles/edge/status?limit=1')).json;
  assert.equal(page.items.length, 1);
  assert.equal((await call('GET', `profiles/edge/status?after=${page.next}`)).json.items.length, 1);
  const made = await call('POST', 'clusters', { body: { name: 'another', agentId: 'agent-north' } });
  assert.deepEqual([made.status, made.json.kind, made.json.profiles], [201, 'kubernetes', []]);
});

test('events tell of profiles, clusters and applications', async () => {
  const stop = new AbortController();
  const answer = await fetch(`${northbound.address().url}/skerry/v1/events?topics=profile,cluster,application`, {
    headers: { authorization: `Bearer ${tokens.viewer}` },
    signal: stop.signal,
  });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  await run('app add fresh -p edge --chart repo/fresh');
  await run('profile detach edge cluster-south --keep');
  await here.pass();
  let text = '';
  while (!/"ready":true/.test(text) || !/"state":"detached"/.test(text)) text += (await reader.read()).value ?? '';
  stop.abort();
  assert.match(text, /"type":"profile"/);
});

test('deregistering says what becomes of what runs', async () => {
  const before = [here.removals('south'), here.running('south').length];
  const kept = await run('cluster deregister cluster-south');
  assert.deepEqual([kept.code, kept.err], [0, 'cluster cluster-south is deregistered; what runs there stays\n']);
  const [gone] = await Promise.all([
    run('cluster deregister cluster-north --workloads remove --wait --timeout 20s'),
    soon(() => here.pass()),
  ]);
  assert.equal(gone.code, 0, gone.err);
  assert.match(gone.err, /is gone/);
  assert.deepEqual([here.removals('south'), here.running('south').length], before);
});

/** Lets the command begin before time passes. */
async function soon(act: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  await act();
}
