import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer, connect as dialTcp, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type AgentCredentials, createArtefactFetcher } from '#agent/link/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { type AgentId, type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import { silentLogger as log } from '#shared/runtime/index.ts';
import { type GrpcRig, openGrpcRig } from './grpc-rig.ts';

const content = randomBytes(6 * 1024 * 1024 + 17);
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
let rig: GrpcRig;
let file: string;
let agent: AgentCredentials;
let stranger: AgentCredentials;

before(async () => {
  rig = await openGrpcRig((wanted) => (wanted === digest ? file : path.join(rig.home, 'nothing')));
  file = path.join(rig.home, 'chart.tgz');
  await writeFile(file, content);
  agent = await rig.enrol('agent');
  stranger = await rig.enrol('stranger');
  await name(agent.agentId, digest);
});
after(() => rig.close());

/** Lets an intent of the agent name the digest. */
async function name(agentId: AgentId, chartDigest: string): Promise<void> {
  const object = {
    key: id<ObjectKey>('helm-release/x'),
    scope: 'ns-1',
    dependsOn: [],
    body: {
      type: 'unit' as const,
      kind: 'helm-release' as const,
      infraId: id<InfraId>('cluster'),
      spec: { name: 'x', chart: 'charts/x', chartDigest },
      delegated: [],
      autonomy: { onLeaseExpiry: 'keep' as const, exclusive: false },
      deletePolicy: 'remove' as const,
      secretRefs: [],
      healing: { enabled: true, cooldownMs: 1 },
    },
  };
  await rig.book.commit({ agents: [{ agentId, upserts: [object], tombstones: [] }], changes: () => [] });
}

function fetcher(who: AgentCredentials, folder: string, address = rig.syncAddress, maxBytes?: number) {
  return createArtefactFetcher({
    folder: path.join(rig.home, folder),
    address: () => address,
    tls: () => who,
    log,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
}

const failsWith = (code: string) => (error: unknown) => isSkerryError(error) && error.code === code;

test('a file is fetched once, verified, and kept under its digest', async () => {
  const blobs = fetcher(agent, 'whole');
  const [one, two] = await Promise.all([blobs.fetch(digest), blobs.fetch(digest)]);
  assert.equal(one, two);
  assert.deepEqual(await readFile(one), content);
  assert.equal(await fetcher(agent, 'whole', '127.0.0.1:1').fetch(digest), one, 'the second time without a controller');
  await blobs.keepOnly(new Set());
  assert.deepEqual(await readdir(path.join(rig.home, 'whole')), []);
});

test('what the intent of an agent does not name is not there for it', async () => {
  await assert.rejects(fetcher(stranger, 'stranger').fetch(digest), failsWith('NotFound'));
  const other = `sha256:${'0'.repeat(64)}`;
  await assert.rejects(fetcher(agent, 'other').fetch(other), failsWith('NotFound'));
  await name(stranger.agentId, other);
  await assert.rejects(fetcher(stranger, 'gone').fetch(other), failsWith('NotFound'), 'named, but nobody has it');
  await assert.rejects(fetcher(agent, 'path').fetch('sha256:../../etc/passwd'), failsWith('BadRequest'));
});

test('a file above the bound is not taken', async () => {
  await assert.rejects(fetcher(agent, 'small', rig.syncAddress, 1_000).fetch(digest), failsWith('TooLarge'));
  assert.deepEqual(await readdir(path.join(rig.home, 'small')), []);
});

test('no file is taken that would leave the agent without room', async () => {
  const folder = path.join(rig.home, 'full');
  let free = 100 * 2 ** 20;
  const blobs = createArtefactFetcher({
    folder,
    address: () => rig.syncAddress,
    tls: () => agent,
    log,
    freeBytes: () => free,
  });
  await assert.rejects(blobs.fetch(digest), failsWith('DiskFull'));
  free = 400 * 2 ** 20;
  assert.deepEqual(await readFile(await blobs.fetch(digest)), content);
});

test('of files that nothing names any more the newest stay', async () => {
  const folder = path.join(rig.home, 'former');
  let nowMs = 1_700_000_000_000;
  const blobs = createArtefactFetcher({
    folder,
    address: () => rig.syncAddress,
    tls: () => agent,
    log,
    now: () => nowMs,
  });
  const files = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
  await mkdir(folder, { recursive: true });
  for (const name of files) await writeFile(path.join(folder, name), name);
  await writeFile(path.join(folder, `${'d'.repeat(64)}.part`), 'half');
  const digests = files.map((name) => `sha256:${name}`);
  for (const left of [3, 2, 1, 0]) {
    await blobs.keepOnly(new Set(digests.slice(0, left)), 2);
    nowMs += 60_000;
  }
  assert.deepEqual((await readdir(folder)).sort(), files.slice(0, 2), 'c left first');
  await blobs.keepOnly(new Set(digests.slice(0, 1)), 0);
  assert.deepEqual(await readdir(folder), files.slice(0, 1));
});

test('a cut in the middle costs only what was under way', { timeout: 20_000 }, async () => {
  const proxy = await cuttingProxy(rig.syncAddress, 2 * 1024 * 1024);
  const part = path.join(rig.home, 'cut', `${digest.slice(7)}.part`);
  await assert.rejects(fetcher(agent, 'cut', proxy.address).fetch(digest), failsWith('Unavailable'));
  const kept = (await stat(part)).size;
  assert.ok(kept > 256 * 1024 && kept < content.length, `${kept} bytes were kept`);
  proxy.passed = 0;
  proxy.limit = Number.POSITIVE_INFINITY;
  assert.deepEqual(await readFile(await fetcher(agent, 'cut', proxy.address).fetch(digest)), content);
  assert.ok(proxy.passed < content.length - kept + 200_000, 'only the rest was sent');
  proxy.server.close();
});

test('a damaged or too long part is thrown away, and the next attempt is whole', async () => {
  const folder = path.join(rig.home, 'damaged');
  const part = path.join(folder, `${digest.slice(7)}.part`);
  for (const damaged of [Buffer.alloc(1_000, 1), Buffer.concat([content, Buffer.from('x')])]) {
    await mkdir(folder, { recursive: true });
    await writeFile(part, damaged);
    await assert.rejects(fetcher(agent, 'damaged').fetch(digest), failsWith('Conflict'));
    assert.deepEqual(await readdir(folder), []);
  }
  await writeFile(part, content.subarray(0, 100));
  await truncate(part, 50);
  assert.deepEqual(await readFile(await fetcher(agent, 'damaged').fetch(digest)), content);
});

test('a controller under an address that its certificate does not name is refused', async () => {
  const proxy = await cuttingProxy(rig.syncAddress, Number.POSITIVE_INFINITY, '127.0.0.2');
  await assert.rejects(fetcher(agent, 'elsewhere', proxy.address).fetch(digest), failsWith('Unavailable'));
  proxy.server.close();
});

interface CuttingProxy {
  address: string;
  server: Server;
  /** Bytes that came down so far. */
  passed: number;
  /** Everything is cut when so many have. */
  limit: number;
}

async function cuttingProxy(target: string, limit: number, near = '127.0.0.1'): Promise<CuttingProxy> {
  const [host = '', port = ''] = target.split(':');
  const proxy: CuttingProxy = { address: '', server: createServer(), passed: 0, limit };
  proxy.server.on('connection', (caller: Socket) => {
    const far = dialTcp(Number(port), host);
    caller.on('error', () => far.destroy()).pipe(far);
    caller.on('close', () => far.destroy());
    far.on('error', () => caller.destroy());
    far.on('close', () => caller.destroy());
    far.on('data', (data: Buffer) => {
      proxy.passed += data.length;
      caller.write(data);
      if (proxy.passed > proxy.limit) caller.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, near, resolve));
  proxy.address = `${near}:${(proxy.server.address() as { port: number }).port}`;
  return proxy;
}
