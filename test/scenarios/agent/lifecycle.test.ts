import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeObject, infraObject, key, networkObject, operationObject } from './scripted-intent.ts';
import { SimulatedSite } from './simulated-site.ts';

async function runningSite(settings = {}): Promise<SimulatedSite> {
  const site = new SimulatedSite();
  await site.boot();
  await site.intent.commit([infraObject(settings), networkObject('lan'), computeObject('vm', ['lan'])]);
  await site.quiet();
  return site;
}

test('a service is made in order of its dependencies and reported as reached once', async () => {
  const site = new SimulatedSite();
  await site.boot();
  await site.intent.commit([infraObject()]);
  await site.quiet();
  await site.intent.commit([computeObject('vm', ['lan']), networkObject('lan')]);
  await site.quiet();
  const order = site.control.world().units.map((unit) => unit.key);
  assert.deepEqual(order, ['network/lan', 'compute/vm']);
  const reached = site.reports('results', 'reached').filter((body) => body.scope === 'ns-1');
  assert.equal(reached.length, 1);
  assert.equal(reached[0]?.generation, 2);
  assert.deepEqual(reached[0]?.objects.map((object) => object.key).sort(), ['compute/vm', 'network/lan']);
  const vm = reached[0]?.objects.find((object) => object.key === 'compute/vm');
  assert.deepEqual(vm?.facts['addresses'], { 'port-0': ['10.16.0.10'] });
  await site.pass(3_600_000);
  assert.equal(site.reports('results', 'reached').filter((body) => body.scope === 'ns-1').length, 1);
  assert.equal(site.seek.appliedGeneration(), 2);
  await site.stop();
});

test('a unit that boots is reached when it has booted, not before', async () => {
  const site = await runningSite({ latencyMs: { call: 5, boot: 2000 } });
  await site.pass(1000);
  assert.equal(site.reports('results', 'reached').filter((body) => body.scope === 'ns-1').length, 0);
  assert.equal((site.state('compute/vm') as { ready: boolean }).ready, false);
  await site.pass(1100);
  assert.equal(site.reports('results', 'reached').filter((body) => body.scope === 'ns-1').length, 1);
  assert.equal((site.state('compute/vm') as { ready: boolean }).ready, true);
  await site.stop();
});

test('a dead unit is replaced at once without a link, and the decision is reported', async () => {
  const site = await runningSite();
  const before = site.seek.journal().find(([name]) => name === 'compute/vm')?.[1].current?.incarnation;
  await site.control.kill(key('compute/vm'));
  await site.quiet();
  const units = site.control.world().units.filter((unit) => unit.key === 'compute/vm');
  assert.equal(units.length, 1);
  assert.notEqual(units[0]?.incarnation, before);
  const healed = site.reports('decisions', 'healed');
  assert.equal(healed.length, 1);
  assert.deepEqual([healed[0]?.from, healed[0]?.to], [before, units[0]?.incarnation]);
  await site.control.delete(key('compute/vm'));
  await site.quiet();
  assert.equal(site.control.world().units.filter((unit) => unit.key === 'compute/vm').length, 0, 'cools down');
  await site.pass(1500);
  assert.equal(site.control.world().units.filter((unit) => unit.key === 'compute/vm').length, 1);
  assert.equal(site.reports('decisions', 'healed').length, 2);
  await site.stop();
});

test('a unit that flaps raises an alarm, which is cleared when it has been stable', async () => {
  const site = await runningSite();
  for (let death = 0; death < 5; death += 1) {
    await site.control.kill(key('compute/vm'));
    await site.pass(60_000);
  }
  assert.deepEqual(
    site.reports('alarms', 'alarm').map((alarm) => alarm.raised),
    [true],
  );
  await site.pass(11 * 60_000);
  assert.deepEqual(
    site.reports('alarms', 'alarm').map((alarm) => alarm.raised),
    [true, false],
  );
  await site.stop();
});

test('a tombstone removes in reverse order, is reported, and leaves nothing', async () => {
  const site = await runningSite();
  await site.intent.commit(
    [],
    [
      { key: key('network/lan'), scope: 'ns-1', opId: 'op-end' },
      { key: key('compute/vm'), scope: 'ns-1', opId: 'op-end' },
    ],
  );
  await site.quiet();
  await site.pass(5000);
  assert.deepEqual(site.control.world().units, []);
  const removed = site
    .reports('results', 'reached')
    .at(-1)
    ?.removed.map((entry) => entry.key);
  assert.deepEqual(removed?.sort(), ['compute/vm', 'network/lan']);
  assert.deepEqual(site.seek.journal(), []);
  assert.deepEqual([...site.intent.tombstones()], []);
  assert.equal(site.state('compute/vm'), null);
  await site.stop();
});

test('a spec that changed is updated in place, an image by replacement', async () => {
  const site = await runningSite();
  const first = site.effects()['compute/vm']?.[0]?.incarnation;
  await site.intent.commit([computeObject('vm', ['lan'], { vcpus: 2 })]);
  await site.quiet();
  assert.equal(site.effects()['compute/vm']?.length, 1);
  assert.equal(site.control.world().units.find((unit) => unit.key === 'compute/vm')?.resources.vcpus, 2);
  await site.intent.commit([computeObject('vm', ['lan'], { image: { name: 'debian', alternatives: [] } })]);
  await site.quiet();
  const units = site.control.world().units.filter((unit) => unit.key === 'compute/vm');
  assert.equal(units.length, 1);
  assert.notEqual(units[0]?.incarnation, first);
  assert.equal(site.reports('results', 'reached').filter((body) => body.scope === 'ns-1').length, 3);
  await site.stop();
});

test('a central heal replaces the incarnation that it names, once; a late one is stale', async () => {
  const site = await runningSite();
  const target = key('compute/vm');
  const incarnation = site.seek.journal().find(([name]) => name === target)![1].current!.incarnation;
  await site.intent.commit([operationObject({ opId: 'op-1', verb: 'heal', target, precondition: { incarnation } })]);
  await site.quiet();
  await site.intent.commit([operationObject({ opId: 'op-2', verb: 'heal', target, precondition: { incarnation } })]);
  await site.quiet();
  const results = site.reports('results', 'operation-result').map(({ opId, result }) => `${opId} ${result}`);
  assert.deepEqual(results, ['op-1 done', 'op-2 stale']);
  assert.equal(site.effects()[target]?.length, 2);
  assert.equal(site.reports('decisions', 'healed').length, 0, 'the centre healed, not local policy');
  await site.stop();
});

test('operations that are cancelled, too late or without a target end so, exactly once', async () => {
  const site = await runningSite();
  const target = key('compute/vm');
  await site.intent.commit([
    operationObject({ opId: 'a', verb: 'heal', target, cancelled: true }),
    operationObject({ opId: 'b', verb: 'heal', target, notAfter: site.clock.now() - 1 }),
    operationObject({ opId: 'c', verb: 'heal', target: key('compute/none') }),
    operationObject({ opId: 'd', verb: 'stop', target }),
  ]);
  await site.quiet();
  await site.pass(60_000);
  const results = site.reports('results', 'operation-result').map(({ opId, result }) => `${opId} ${result}`);
  assert.deepEqual(results.sort(), ['a cancelled', 'b expired', 'c failed', 'd done']);
  assert.equal(site.effects()[target]?.length, 1, 'what was stopped on purpose is not healed');
  await site.intent.commit([operationObject({ opId: 'e', verb: 'start', target })]);
  await site.quiet();
  assert.equal(site.reports('results', 'operation-result').at(-1)?.result, 'done');
  assert.equal((site.state(target) as { observed: { phase: string } }).observed.phase, 'ready');
  await site.stop();
});

test('too little room is tried again, reported as failed once, and made when room appears', async () => {
  const site = await runningSite({ capacity: { vcpus: 2, memoryMib: 4096, storageGib: 100 } });
  await site.intent.commit([computeObject('big', [], { vcpus: 2 }, 'ns-2')]);
  await site.quiet();
  await site.pass(120_000);
  const failed = site.reports('results', 'unit-failed');
  assert.deepEqual(
    failed.map(({ key: failedKey, code }) => [failedKey, code]),
    [['compute/big', 'PlatformCapacity']],
  );
  await site.intent.commit([], [{ key: key('compute/vm'), scope: 'ns-1', opId: 'op' }]);
  await site.quiet();
  assert.equal(site.reports('results', 'reached').at(-1)?.scope !== undefined, true);
  assert.equal((site.state('compute/big') as { ready: boolean }).ready, true);
  await site.stop();
});

test('a spec that no platform can make fails once per revision and makes nothing', async () => {
  const site = await runningSite();
  await site.intent.commit([computeObject('bad', [], { vcpus: 'many' }, 'ns-2')]);
  await site.quiet();
  await site.pass(300_000);
  assert.equal(site.reports('results', 'unit-failed').length, 1);
  assert.equal(site.effects()['compute/bad'], undefined);
  await site.intent.commit([computeObject('bad', [], { vcpus: 'more' }, 'ns-2')]);
  await site.quiet();
  assert.equal(site.reports('results', 'unit-failed').length, 2);
  await site.stop();
});

test('deletions that no operation names are held when they are many, until they are released', async () => {
  const site = new SimulatedSite();
  await site.boot();
  const names = Array.from({ length: 8 }, (_, index) => `vm-${index}`);
  await site.intent.commit([infraObject(), ...names.map((name) => computeObject(name))]);
  await site.quiet();
  const doomed = names.slice(0, 5).map((name) => ({ key: key(`compute/${name}`), scope: 'ns-1' }));
  await site.intent.commit([], doomed);
  await site.quiet();
  await site.pass(60_000);
  assert.equal(site.control.world().units.length, 8);
  assert.equal(site.seek.heldDeletions().length, 5);
  await site.intent.commit([], [{ key: key('compute/vm-7'), scope: 'ns-1', opId: 'op' }]);
  await site.quiet();
  assert.equal(site.control.world().units.length, 7, 'what an operation names passes');
  await site.seek.releaseDeletions();
  await site.quiet();
  assert.equal(site.control.world().units.length, 2);
  await site.stop();
});

test('what nobody names is reported as an orphan and left alone', async () => {
  const site = await runningSite();
  const vm = site.control.world().units.find((unit) => unit.key === 'compute/vm')!;
  const foreign = { ...vm, key: key('compute/ghost'), platformId: 'ghost-1', taken: [] };
  await site.worldFile.append({ at: 0, type: 'create', unit: foreign });
  await site.stop();
  await site.boot();
  assert.deepEqual(
    site.reports('decisions', 'orphan').map((body) => [body.key, body.present]),
    [['compute/ghost', true]],
  );
  await site.pass(60_000);
  assert.ok(site.control.world().units.some((unit) => unit.key === 'compute/ghost'));
  await site.stop();
});

test('policy and a central heal of the same death replace it once', async () => {
  for (const isPolicyFirst of [true, false]) {
    const site = await runningSite();
    const target = key('compute/vm');
    const incarnation = site.seek.journal().find(([name]) => name === target)![1].current!.incarnation;
    const order = operationObject({ opId: 'op-1', verb: 'heal', target, precondition: { incarnation } });
    if (isPolicyFirst) await site.control.kill(target);
    const both = [site.intent.commit([order]), isPolicyFirst ? undefined : site.control.kill(target)];
    await Promise.all(both);
    await site.quiet();
    assert.equal(site.effects()[target]?.length, 2, 'one replacement');
    const results = site.reports('results', 'operation-result').map((body) => body.result);
    const healed = site.reports('decisions', 'healed').length;
    assert.equal(results.length, 1);
    assert.equal(healed === 1, results[0] === 'stale', 'either the one or the other');
    await site.stop();
  }
});

test('an infra that leaves together with its units stays open until they are gone', async () => {
  const site = await runningSite();
  const control = site.control;
  const doomed = ['infra/infra-1', 'network/lan', 'compute/vm'];
  await site.intent.commit(
    [],
    doomed.map((name) => ({ key: key(name), scope: 'ns-1', opId: 'op' })),
  );
  await site.pass(60_000);
  assert.deepEqual(control.world().units, []);
  assert.deepEqual(site.seek.journal(), []);
  assert.equal(site.reports('results', 'reached').at(-1)?.removed.length, 3);
  await site.pass(1_200_000);
  assert.deepEqual(site.seek.infras(), []);
  await site.stop();
});

test('a unit on an infra that nobody knows says so and waits', async () => {
  const site = await runningSite();
  const lost = computeObject('lost');
  await site.intent.commit([{ ...lost, body: { ...lost.body, infraId: 'infra-9' } as typeof lost.body }]);
  await site.quiet();
  assert.match((site.state('compute/lost') as { message: string }).message, /infra-9 is not available/);
  await site.stop();
});
