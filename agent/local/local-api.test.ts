import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import { silentLogger } from '#shared/runtime/index.ts';
import { createLocalApi, createLocalClient, type LocalSources, type LocalStatus } from './index.ts';

const infraId = id<InfraId>('infra-1');
const status = { agentId: 'agent-a', deletionsHeld: 1 } as LocalStatus;
let isHeld = false;
const orders: [string, unknown][] = [];
const sources: LocalSources = {
  status: () => status,
  units: () => [
    {
      key: id<ObjectKey>('compute/vm'),
      kind: 'compute',
      scope: 'ns-1',
      infraId: 'infra-1',
      revision: 1,
      isReady: true,
      phase: 'ready',
      message: '',
      attempts: 0,
      incarnation: '1-a',
      observed: null,
    },
  ],
  journal: () => [],
  outbox: () => [{ stream: 'results', pending: 0, acked: 1, lastSeq: 1 }],
  infras: () => [{ infraId, name: 'lab', kind: 'simulated', facts: null, message: '' }],
  heldDeletions: () => (isHeld ? [id<ObjectKey>('compute/vm')] : []),
  holdDeletions: async () => {
    isHeld = true;
  },
  releaseDeletions: async () => {
    isHeld = false;
    return [id<ObjectKey>('compute/vm')];
  },
  simulated: (wanted) =>
    wanted === infraId
      ? { order: async (verb, body) => orders.push([verb, body]) && { faultId: 'f' }, world: () => ({ units: [] }) }
      : undefined,
};

describe('the local API', () => {
  let folder: string;
  let socketPath: string;
  let api: ReturnType<typeof createLocalApi>;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'skerry-local-'));
    socketPath = path.join(folder, 'agent.sock');
    await writeFile(socketPath, '');
    api = createLocalApi({ socketPath, sources, log: silentLogger });
    await api.start();
  });
  after(async () => {
    await api.stop();
    await rm(folder, { recursive: true });
  });

  test('is open to its user only, and replaces a stale socket', async () => {
    assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
  });

  test('answers what the client asks', async () => {
    const client = createLocalClient(socketPath);
    assert.equal((await client.status()).agentId, 'agent-a');
    assert.equal((await client.units())[0]?.key, 'compute/vm');
    assert.equal((await client.unit('compute/vm')).phase, 'ready');
    assert.deepEqual(await client.journal(), []);
    assert.equal((await client.outbox())[0]?.stream, 'results');
    assert.equal((await client.infras())[0]?.kind, 'simulated');
    assert.deepEqual(await client.hold(), ['compute/vm']);
    assert.deepEqual(await client.release(), ['compute/vm']);
    await client.simulated('infra-1', 'kill', { key: 'compute/vm' });
    assert.deepEqual(orders, [['kill', { key: 'compute/vm' }]]);
    assert.deepEqual(await client.world('infra-1'), { units: [] });
  });

  test('answers problems', async () => {
    const client = createLocalClient(socketPath);
    await assert.rejects(client.unit('compute/none'), { code: 'NotFound' });
    await assert.rejects(client.world('infra-2'), { code: 'NotFound' });
    await assert.rejects(client.simulated('infra-1', 'kill', { text: 'x'.repeat(70_000) }), { code: 'TooLarge' });
    assert.equal(await rawStatus(socketPath, 'POST', '/v1/units'), 405);
    assert.equal(await rawStatus(socketPath, 'GET', '/v2/units'), 404);
    assert.equal(await rawStatus(socketPath, 'GET', '/v1/%E0%A4%A'), 400);
  });

  test('does not take the socket from a living agent', async () => {
    const second = createLocalApi({ socketPath, sources, log: silentLogger });
    await assert.rejects(second.start(), { code: 'Conflict' });
  });

  test('the client says when no agent answers', async () => {
    await assert.rejects(createLocalClient(path.join(folder, 'none.sock')).status(), { code: 'Unavailable' });
  });
});

function rawStatus(socketPath: string, method: string, target: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path: target }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
