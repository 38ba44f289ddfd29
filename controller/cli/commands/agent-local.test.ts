import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { exitCodes } from '../exit-codes.ts';
import { runCli } from '../main.ts';
import { type TestContext, testContext } from '../testing/test-context.ts';

const answers: Record<string, unknown> = {
  'GET /v1/status': {
    agentId: 'agent-1',
    siteId: 'site-1',
    version: '0.1.0',
    link: { state: 'disconnected', since: Date.now() - 3000, controller: '127.0.0.1:9990', message: 'refused' },
    intent: { lineage: 'l', generation: 7, objects: 3, tombstones: 1 },
    units: { ready: 2, pending: 1, failed: 0 },
    outbox: [{ stream: 'reports', pending: 4, acked: 9, lastSeq: 13 }],
    deletionsHeld: 0,
    store: { opened: 'clean', damage: [] },
    infras: [{ infraId: 'i', name: 'sim', kind: 'simulated', healthy: true, message: '' }],
  },
  'GET /v1/units': {
    units: [
      {
        key: 'compute/1',
        kind: 'compute',
        isReady: true,
        phase: 'ready',
        message: '',
        attempts: 0,
        observed: { platformId: 'vm-1', facts: { addresses: { mgmt: ['10.0.0.5'] } } },
      },
    ],
  },
  'GET /v1/outbox': { streams: [{ stream: 'reports', pending: 4, acked: 9, lastSeq: 13 }] },
  'GET /v1/journal': { journal: [{ key: 'compute/1', kind: 'compute', condemned: [] }] },
  'POST /v1/deletions/hold': { held: ['compute/9'] },
  'POST /v1/deletions/release': { released: ['compute/9'] },
};

let folder = '';
let server: Server;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-agent-'));
  server = createServer((request, response) => {
    const body = answers[`${request.method} ${request.url}`];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(body ?? { code: 'NotFound', status: 404, detail: 'not here' }));
  });
  await new Promise<void>((resolve) => server.listen(path.join(folder, 'agent.sock'), resolve));
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<TestContext & { code: number }> {
  const context = testContext(folder, { SKERRY_HOME: folder });
  return Object.assign(context, { code: await runCli(['agent', ...args], context) });
}

test('status, units, outbox and journal are shown as the agent tells them', async () => {
  const status = await run('status');
  assert.match(status.outText, /^link +disconnected for 3 s \(127\.0\.0\.1:9990\) refused$/m);
  assert.match(status.outText, /^units +2 ready, 1 pending, 0 failed$/m);
  assert.match((await run('units')).outText, /compute\/1 +compute +yes +ready +0 +vm-1 +10\.0\.0\.5/);
  assert.match((await run('outbox')).outText, /reports +4 +9 +13/);
  assert.match((await run('journal')).outText, /compute\/1/);
  assert.equal(JSON.parse((await run('units', '-o', 'json')).outText)[0].key, 'compute/1');
});

test('deletions are held and released', async () => {
  assert.match((await run('hold')).errText, /1 wait now/);
  assert.match((await run('release')).errText, /1 held deletions go ahead/);
});

test('no agent on the socket is exit code 6, with the socket named', async () => {
  const done = await run('status', '--socket', path.join(folder, 'none.sock'));
  assert.equal(done.code, exitCodes.unreachable);
  assert.match(done.errText, /No agent answers on .*none\.sock/);
});
