import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeObject, infraObject, key, networkObject } from './scripted-intent.ts';
import { SimulatedSite } from './simulated-site.ts';

async function emptySite(settings = {}): Promise<SimulatedSite> {
  const site = new SimulatedSite();
  await site.boot();
  await site.intent.commit([infraObject(settings)]);
  await site.quiet();
  return site;
}

function assertOneOfEach(site: SimulatedSite, keys: string[]): void {
  const world = site.control.world();
  assert.deepEqual(world.units.map((unit) => unit.key).sort(), keys.sort());
  for (const [name, { creates }] of Object.entries(world.effects))
    assert.ok(creates <= 1, `${name}: ${creates} creates`);
}

test('a create that times out and acts later is found by looking, not repeated', async () => {
  const site = await emptySite({ settleMs: 60_000 });
  await site.control.fault({ verb: 'ensure', effect: 'act-after-timeout', times: 1, delayMs: 30_000 });
  await site.intent.commit([computeObject('vm')]);
  await site.pass(20_000);
  assert.equal(site.control.world().units.length, 0, 'given up after 10 s, not yet carried out');
  await site.pass(100_000);
  assertOneOfEach(site, ['compute/vm']);
  assert.equal(site.effects()['compute/vm']?.length, 1, 'the late one is the one');
  assert.equal(site.reports('results', 'reached').at(-1)?.objects.length, 1);
  await site.stop();
});

test('a create that acts even after the settling time is removed: its replacement is newer', async () => {
  const site = await emptySite({ settleMs: 5000 });
  await site.control.fault({ verb: 'ensure', effect: 'act-after-timeout', times: 1, delayMs: 60_000 });
  await site.intent.commit([computeObject('vm')]);
  await site.pass(30_000);
  assert.equal(site.control.world().units[0]?.incarnation.startsWith('2-'), true);
  await site.pass(120_000);
  assertOneOfEach(site, ['compute/vm']);
  assert.equal(site.control.world().units[0]?.incarnation.startsWith('2-'), true, 'the healthy one stays');
  await site.stop();
});

test('a call that was lost for good is done by a new incarnation after the settling time', async () => {
  const site = await emptySite({ settleMs: 5000 });
  await site.control.fault({ verb: 'ensure', effect: 'hang', times: 1 });
  await site.intent.commit([computeObject('vm')]);
  await site.pass(60_000);
  assertOneOfEach(site, ['compute/vm']);
  assert.equal((site.state('compute/vm') as { ready: boolean }).ready, true);
  await site.stop();
});

test('a stuck unit holds up nobody else', async () => {
  const site = await emptySite();
  site.limits = { callTimeoutMs: 600_000 };
  await site.control.fault({ verb: 'ensure', effect: 'hang', times: 0, keyPattern: 'compute/stuck' });
  await site.intent.commit([computeObject('stuck', [], {}, 'ns-1'), computeObject('free', [], {}, 'ns-2')]);
  await site.quiet();
  assert.deepEqual(
    site
      .reports('results', 'reached')
      .filter((body) => body.scope !== '')
      .map((body) => body.scope),
    ['ns-2'],
  );
  await site.stop();
});

test('a platform that cannot be reached makes nothing failed, and is caught up with when it is back', async () => {
  const site = await emptySite();
  await site.intent.commit([networkObject('lan'), computeObject('vm', ['lan'])]);
  await site.quiet();
  const { faultId } = await site.control.fault({ effect: 'fail', times: 0, code: 'PlatformUnavailable' });
  await site.intent.commit([computeObject('vm', ['lan'], { vcpus: 3 })]);
  await site.pass(600_000);
  assert.deepEqual(site.reports('results', 'unit-failed'), []);
  assert.deepEqual(site.reports('decisions', 'healed'), []);
  assert.equal((site.state('infra/infra-1') as { facts: { healthy: boolean } }).facts.healthy, false);
  await site.control.release(faultId);
  await site.pass(120_000);
  assert.equal(site.control.world().units.find((unit) => unit.key === 'compute/vm')?.resources.vcpus, 3);
  assert.equal(site.reports('results', 'reached').at(-1)?.generation, site.intent.head().generation);
  await site.stop();
});

test('drift is mended in place', async () => {
  const site = await emptySite();
  await site.intent.commit([computeObject('vm')]);
  await site.quiet();
  await site.control.drift(key('compute/vm'));
  await site.quiet();
  const [unit] = site.control.world().units;
  assert.equal(unit?.isDrifted, undefined);
  assert.equal(site.effects()['compute/vm']?.length, 1);
  await site.stop();
});

test('an alarm of the platform is reported when it is raised and when it is cleared', async () => {
  const site = await emptySite();
  const alarm = { alarmId: 'fan', severity: 'MINOR', eventType: 'EQUIPMENT_ALARM', probableCause: 'fan' } as const;
  await site.control.alarm(alarm, true);
  await site.quiet();
  await site.control.alarm(alarm, false);
  await site.quiet();
  const told = site.reports('alarms', 'alarm').map(({ alarmId, severity, raised }) => [alarmId, severity, raised]);
  assert.deepEqual(told, [
    ['infra-1/fan', 'MINOR', true],
    ['infra-1/fan', 'CLEARED', false],
  ]);
  await site.stop();
});

test('an agent without memory adopts what runs and makes nothing anew', async () => {
  const site = await emptySite();
  const objects = [networkObject('lan'), computeObject('vm', ['lan'])];
  await site.intent.commit(objects);
  await site.quiet();
  const before = site.effects();
  await site.stop();
  site.medium.restore({ entries: new Map(), snapshots: [] });
  await site.boot();
  await site.pass(600_000);
  assert.equal(site.seek.units().length, 0);
  await site.intent.commit([infraObject(), ...objects]);
  await site.quiet();
  assert.deepEqual(site.effects(), before);
  assert.deepEqual(
    site.seek.units().map((unit) => unit.isReady),
    [true, true],
  );
  await site.stop();
});

test('a hundred units come up after a cold start without a second effect', async () => {
  const site = await emptySite();
  const names = Array.from({ length: 100 }, (_, index) => `vm-${index}`);
  const sized = { vcpus: 0.1, memoryMib: 10 };
  await site.intent.commit([networkObject('lan'), ...names.map((name) => computeObject(name, ['lan'], sized))]);
  await site.quiet();
  const before = site.effects();
  assert.equal(Object.keys(before).length, 101);
  await site.stop();
  const writes = site.medium.writes;
  await site.boot();
  assert.ok(site.seek.units().every((unit) => unit.isReady));
  assert.deepEqual(site.effects(), before);
  assert.ok(site.medium.writes - writes < 20, `${site.medium.writes - writes} writes for a start with nothing to do`);
  await site.stop();
});
