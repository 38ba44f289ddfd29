import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CliError, exitCodes } from '../exit-codes.ts';
import { type TestContext, testContext } from '../testing/test-context.ts';
import { orderOf } from './demo-fault.ts';
import { demoLayout } from './demo-layout.ts';
import { choosePorts } from './demo-ports.ts';
import { readDemoRecord, writeDemoRecord } from './demo-record.ts';
import { demoDown, demoStatus, steerDemo } from './demo-remote.ts';
import { demoUp } from './demo-up.ts';
import { identifyProcess } from './process-identity.ts';

const testing = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'testing');
const programs = {
  controller: path.join(testing, 'fake-controller.ts'),
  agent: path.join(testing, 'fake-agent.ts'),
};
let folder = '';
let samplesFolder = '';

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-demo-'));
  samplesFolder = path.join(folder, 'samples');
  for (const [name, text] of [
    ['edge_service_ns', 'nsd:\n  nsd:\n    - id: edge_service_ns\n'],
    ['router_vnf', 'vnfd:\n  id: router_vnf\n'],
  ] as const) {
    mkdirSync(path.join(samplesFolder, name), { recursive: true });
    writeFileSync(path.join(samplesFolder, name, `${name}.yaml`), text);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

function newContext(name: string): TestContext {
  return testContext(folder, { SKERRY_HOME: path.join(folder, name), SKERRY_PORT: '0' });
}

function run(context: TestContext, untilReady = false): Promise<number> {
  return demoUp(context, { untilReady, sites: 3, programs, samplesFolder });
}

/** Resolves when the demo has printed `text`. */
function printed(context: TestContext, text: string): Promise<void> {
  return new Promise((resolve) => {
    const out = context.out.bind(context);
    if (context.outText.includes(text)) return resolve();
    context.out = (chunk) => {
      out(chunk);
      if (context.outText.includes(text)) resolve();
    };
  });
}

test('until ready: comes up, says the seconds as its last line, leaves nothing running', async () => {
  const context = newContext('until');
  assert.equal(await run(context, true), exitCodes.ok);
  const last = context.outText.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^INSTANTIATED on 3 sites in \d+\.\d\d s$/);
  const layout = demoLayout(context);
  assert.deepEqual(readDemoRecord(layout.recordFile)?.processes, {});
  assert.equal(existsSync(layout.lockFile), false);
  assert.equal(statSync(layout.passwordFile).mode & 0o777, 0o600);
  assert.equal(statSync(layout.loginFile).mode & 0o777, 0o600);
  assert.match(readFileSync(layout.logFile('controller'), 'utf8'), /stopped in order/);
  assert.equal(readFileSync(path.join(layout.siteHome('site-b'), 'ends'), 'utf8'), 'SIGTERM\n');
});

test('a second start goes on: no site, package or NS is made again', async () => {
  const context = newContext('until');
  const layout = demoLayout(context);
  const stateFile = path.join(layout.controllerHome, 'fake-state.json');
  const state = () => JSON.parse(readFileSync(stateFile, 'utf8')) as Record<string, unknown[]>;
  const earlier = state();
  assert.equal(await run(context, true), exitCodes.ok);
  const later = state();
  for (const name of ['sites', 'agents', 'infras', 'vnfPackages', 'nsds', 'instances', 'operations'])
    assert.equal(later[name]?.length, earlier[name]?.length, name);
  assert.equal(later['sites']?.length, 3);
  assert.deepEqual(later['joinTokens'], earlier['joinTokens']);
});

test('a second terminal sees it, cuts, kills, revives and ends it; a second demo on the home is refused', async () => {
  const context = newContext('steered');
  const ready = printed(context, 'INSTANTIATED');
  const running = run(context);
  await Promise.race([ready, running]);
  const terminal = () => testContext(folder, { SKERRY_HOME: path.join(folder, 'steered') });

  await assert.rejects(run(newContext('steered')), (error: CliError) => error.exitCode === exitCodes.conflict);

  const cut = await steerDemo(terminal(), '/sites/site-b/cut');
  assert.deepEqual(
    cut.sites.map((site) => site.link),
    ['up', 'cut', 'up'],
  );
  const killed = await steerDemo(terminal(), '/sites/site-b/kill');
  assert.equal(killed.sites[1]?.state, 'stopped');
  assert.equal(killed.sites[1]?.lastEnd, 'signal SIGKILL');
  await assert.rejects(steerDemo(terminal(), '/sites/site-b/kill'), { exitCode: exitCodes.conflict });
  await assert.rejects(steerDemo(terminal(), '/sites/nowhere/cut'), { exitCode: exitCodes.notFound });
  const restored = await steerDemo(terminal(), '/sites/site-b/restore');
  assert.equal(restored.sites[1]?.link, 'up');
  const revived = await steerDemo(terminal(), '/sites/site-b/revive');
  assert.equal(revived.sites[1]?.state, 'running');
  const headless = await steerDemo(terminal(), '/controller/kill');
  assert.equal(headless.controller.state, 'stopped');
  assert.equal((await steerDemo(terminal(), '/controller/revive')).controller.state, 'running');
  assert.equal(context.errText, '', 'what was asked for is no surprise');

  const looking = terminal();
  await demoStatus(looking, 'json');
  assert.equal(JSON.parse(looking.outText).sites.length, 3);

  // The supervisor is this very process here, so it cannot be waited for as another terminal does.
  await steerDemo(terminal(), '/down');
  assert.equal(await running, exitCodes.ok);
  await assert.rejects(demoDown(terminal()), { exitCode: exitCodes.unreachable });
});

test('a child that dies by itself while it comes up ends the demo with where to look', async () => {
  const context = newContext('dies');
  const broken = path.join(folder, 'broken.mjs');
  writeFileSync(broken, 'console.error("no luck"); process.exit(9);');
  const running = demoUp(context, {
    untilReady: true,
    sites: 1,
    programs: { ...programs, controller: broken },
    samplesFolder,
  });
  await assert.rejects(running, /controller ended .*exit code 9[\s\S]*no luck/);
  assert.match(readFileSync(demoLayout(context).logFile('controller'), 'utf8'), /no luck/);
});

test('a termination signal while it runs stops agents and controller in order', async () => {
  const context = newContext('signalled');
  const ready = printed(context, 'INSTANTIATED');
  const running = run(context);
  await Promise.race([ready, running]);
  const processes = readDemoRecord(demoLayout(context).recordFile)?.processes ?? {};
  assert.deepEqual(Object.keys(processes).sort(), ['controller', 'site-a', 'site-b', 'site-c']);
  context.abort();
  assert.equal(await running, exitCodes.ok);
  for (const { pid, startedAt } of Object.values(processes))
    assert.notEqual(identifyProcess(pid)?.startedAt, startedAt);
});

test('a busy port is named with the variable that moves it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(choosePorts(String(port), undefined), (error: CliError) => {
    assert.equal(error.exitCode, exitCodes.conflict);
    return /SKERRY_PORT/.test(error.remedy ?? '');
  });
  server.close();
  await assert.rejects(choosePorts('many', undefined), CliError);
  const ports = Object.values(await choosePorts('0', undefined));
  assert.equal(new Set(ports).size, 4);
});

test('a stale lock and a process number used again by somebody else are no obstacle', async () => {
  const context = newContext('stale');
  const layout = demoLayout(context);
  mkdirSync(layout.home);
  const notOurs = { pid: process.ppid, startedAt: 'long ago' };
  writeFileSync(layout.lockFile, JSON.stringify(notOurs));
  const ports = await choosePorts('0', undefined);
  writeDemoRecord(layout.recordFile, { ports, sites: ['site-a'], processes: { controller: notOurs } });
  assert.equal(await run(context, true), exitCodes.ok);
  assert.notEqual(identifyProcess(process.ppid), undefined, 'a foreign process must not be ended');
});

test('fault options become orders of the simulated infrastructure', () => {
  assert.deepEqual(orderOf({ effect: 'hang', verb: 'ensure', unitKind: 'compute', times: 0 }), {
    action: 'fault',
    body: {
      verb: 'ensure',
      effect: 'hang',
      times: 0,
      code: undefined,
      kind: 'compute',
      keyPattern: undefined,
      delayMs: undefined,
    },
    said: 'all ensure calls: hang',
  });
  assert.equal(orderOf({ killUnit: 'compute/1' }).action, 'kill');
  assert.deepEqual(orderOf({ release: 'f1' }).body, { faultId: 'f1' });
});
