import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createChartStore } from '#controller/catalog/index.ts';
import { createChartRoom } from '#controller/charts/index.ts';
import { createSecretBox } from '#controller/notify/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { registryAddress } from './cluster.ts';

const execute = promisify(execFile);
const run = systemRandom.hex(4);

/** Programs to try: the one that is named, else what is on PATH. */
const candidates = [process.env['SKERRY_HELM'] ?? 'helm', 'helm3'];
const programs: string[] = [];
for (const program of candidates) {
  const works = await execute(program, ['version', '--short']).then(
    () => true,
    () => false,
  );
  if (works) programs.push(program);
}
const hasGpg = await execute('gpg', ['--version']).then(
  () => true,
  () => false,
);

const failsWith =
  (code: string, words = /./) =>
  (error: unknown) =>
    isSkerryError(error) && error.code === code && words.test(error.message);

/** Serves a folder as a Helm repository does, behind a user name and a password. */
async function serve(folder: string): Promise<{ url: string; server: Server; isAway: boolean }> {
  const served = { url: '', isAway: false, server: createServer() };
  const wanted = `Basic ${Buffer.from('site:geheim').toString('base64')}`;
  served.server.on('request', async (request, response) => {
    if (served.isAway) return request.destroy();
    if (request.headers.authorization !== wanted) return response.writeHead(401).end();
    try {
      response.end(await readFile(path.join(folder, path.basename(request.url ?? ''))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => served.server.listen(0, '127.0.0.1', resolve));
  served.url = `http://127.0.0.1:${(served.server.address() as { port: number }).port}`;
  return served;
}

for (const program of programs.length > 0 ? programs : ['helm']) {
  const skip = programs.length > 0 ? false : 'there is no program helm on PATH, and SKERRY_HELM names none';
  describe(`chart repositories with ${path.basename(program)}`, { skip }, async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'skerry-repositories-'));
    const repository = path.join(home, 'repository');
    await mkdir(repository);
    const helm = (...args: string[]) => execute(program, args, { cwd: home, env: { ...process.env, HOME: home } });
    const tools = { random: systemRandom, clock: systemClock, log: silentLogger };
    const charts = createChartStore({ folder: path.join(home, 'charts'), ...tools });
    await charts.open();
    const room = createChartRoom({
      store: createMemoryStore(),
      charts,
      box: createSecretBox(new Uint8Array(32), systemRandom),
      helm: { program, environment: { PATH: process.env['PATH'] ?? '' } },
      ...tools,
    });
    const { repositories } = room;
    let served: Awaited<ReturnType<typeof serve>> | undefined;
    after(async () => {
      served?.server.closeAllConnections();
      served?.server.close();
      await rm(home, { recursive: true, force: true });
    });

    async function pack(name: string, version: string, flags: string[] = []): Promise<string> {
      const folder = path.join(home, name);
      await mkdir(path.join(folder, 'templates'), { recursive: true });
      await writeFile(
        path.join(folder, 'Chart.yaml'),
        `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "7"\n`,
      );
      await writeFile(
        path.join(folder, 'templates', 'map.yaml'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
      );
      await helm('package', folder, '--destination', repository, ...flags);
      return path.join(repository, `${name}-${version}.tgz`);
    }

    it('fetches exact, newest and ranged versions from a Helm repository with a login', async () => {
      for (const version of ['1.0.0', '1.1.0', '2.0.0']) await pack('web', version);
      await helm('repo', 'index', repository);
      served = await serve(repository);
      await repositories.create({ name: 'local', type: 'helm', url: served.url, username: 'site', password: 'geheim' });
      const version = async (chart: string) => (await room.resolve({ chart }))?.version;
      assert.equal(await version('local/web:1.0.0'), '1.0.0');
      assert.equal(await version('local/web:^1'), '1.1.0');
      assert.equal(await version('local/web'), '2.0.0');
      const stored = await room.resolve({ chart: 'local/web:1.0.0' });
      assert.deepEqual(
        await readFile(charts.path(stored?.digest as never)),
        await readFile(path.join(repository, 'web-1.0.0.tgz')),
      );
      assert.equal(stored?.appVersion, '7');
      const byUrl = await room.resolve({ chart: 'web', repository: served.url, version: '1.1.0' });
      assert.equal(byUrl?.version, '1.1.0');
      assert.equal((await room.resolve({ chart: `${served.url}/web-2.0.0.tgz` }))?.version, '2.0.0');
      await assert.rejects(version('local/web:9.0.0'), failsWith('NotFound'));
      await assert.rejects(version('local/nothing'), failsWith('NotFound'));
      const listed = await room.list(await repositories.one('local'));
      assert.deepEqual(
        listed.map(({ name, versions }) => [name, versions.map((each) => each.version)]),
        [['web', ['2.0.0', '1.1.0', '1.0.0']]],
      );
    });

    it('goes on with what it has when the repository is away, and refuses a wrong login', async () => {
      if (served === undefined) assert.fail('the repository was not made');
      served.isAway = true;
      assert.equal((await room.resolve({ chart: 'local/web' }))?.version, '2.0.0');
      await assert.rejects(room.resolve({ chart: 'local/web:3.0.0' }), failsWith('Unavailable'));
      served.isAway = false;
      await repositories.update('local', { password: 'wrong' });
      await assert.rejects(
        room.resolve({ chart: 'local/web:3.0.0' }),
        (error) => failsWith('Unprocessable', /refused/)(error) && !String(error).includes('wrong@'),
      );
      await repositories.update('local', { password: 'geheim' });
      assert.deepEqual(await readdir(path.join(home, 'charts', 'incoming')), []);
    });

    it('takes only signed charts once there is a keyring', { skip: hasGpg ? false : 'gpg is not there' }, async () => {
      if (served === undefined) assert.fail('the repository was not made');
      const gnupg = await mkdtemp(path.join(tmpdir(), 'skerry-gpg-'));
      const gpg = (...args: string[]) =>
        execute('gpg', ['--homedir', gnupg, '--batch', ...args], { encoding: 'buffer' as never });
      const makeKey = async (name: string) => {
        await gpg('--passphrase', '', '--quick-generate-key', `${name} <${name}@example.org>`, 'rsa2048', 'sign');
        return String((await gpg('--armor', '--export', name)).stdout);
      };
      const [right, other] = [await makeKey('right'), await makeKey('other')];
      const secret = path.join(home, 'secret.gpg');
      await writeFile(secret, (await gpg('--export-secret-keys', 'right')).stdout as unknown as Buffer);
      await execute('gpgconf', ['--homedir', gnupg, '--kill', 'all']);
      await rm(gnupg, { recursive: true, force: true });
      await pack('signed', '1.0.0', ['--sign', '--key', 'right', '--keyring', secret]);
      await helm('repo', 'index', repository);
      await repositories.update('local', { keyring: right });
      assert.equal((await room.resolve({ chart: 'local/signed:1.0.0' }))?.version, '1.0.0');
      await assert.rejects(room.resolve({ chart: 'local/web:1.0.0' }), failsWith('Unprocessable', /provenance/));
      await repositories.update('local', { keyring: other });
      await assert.rejects(room.resolve({ chart: 'local/signed:1.0.0' }), failsWith('Unprocessable', /provenance/));
    });

    it('fetches from an OCI registry', {
      skip: registryAddress === undefined ? 'set SKERRY_TEST_REGISTRY' : false,
    }, async () => {
      const host = registryAddress ?? '';
      const url = `oci://${host}/skerry-test-${run}`;
      for (const version of ['0.1.0', '0.2.0']) await helm('push', await pack('radio', version), url, '--plain-http');
      await repositories.create({ name: 'hub', type: 'oci', url, plainHttp: true });
      assert.equal((await room.resolve({ chart: 'hub/radio:0.1.0' }))?.version, '0.1.0');
      assert.equal((await room.resolve({ chart: 'hub/radio' }))?.version, '0.2.0');
      assert.equal((await room.resolve({ chart: `${url}/radio:0.2.0` }))?.name, 'radio');
      await assert.rejects(room.resolve({ chart: 'hub/radio:9.9.9' }), failsWith('NotFound'));
      await assert.rejects(room.list(await repositories.one('hub')), failsWith('NotImplemented'));
    });
  });
}
