import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComputeSpec } from '#shared/connector/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { Fleet, request } from './fleet.ts';

const hasCode = (code: string) => (error: unknown) => isSkerryError(error) && error.code === code;

test('instantiate: one VNF per site, completed only when every site has reached it', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, {
    additionalParamsForNs: { hostname: 'h1' },
  });
  assert.equal(operation.state, 'PROCESSING');
  assert.equal(operation.targets.length, 3);
  const computes = [];
  for (const agent of fleet.agents.values()) {
    const objects = await fleet.book.scope(agent.id, nsId);
    assert.deepEqual(objects.map((object) => (object.body as UnitObject).kind).sort(), [
      'compute',
      'network',
      'network',
    ]);
    computes.push(...objects.filter((object) => (object.body as UnitObject).kind === 'compute'));
  }
  const spec = (computes[0]!.body as UnitObject).spec as unknown as ComputeSpec;
  assert.deepEqual(
    spec.ports.map((port) => [port.name, port.management]),
    [
      ['eth0', true],
      ['eth1', false],
    ],
  );
  assert.equal(spec.userData, '#cloud-config\nhostname: h1\n');
  assert.deepEqual(computes[0]!.dependsOn, [...spec.ports.map((port) => port.networkKey)].sort());
  await fleet.answer('site-a', 'site-b');
  assert.equal(await fleet.state(operation), 'PROCESSING');
  assert.equal((await fleet.ns(nsId)).state, 'NOT_INSTANTIATED');
  await fleet.answer('site-c');
  assert.equal(await fleet.state(operation), 'COMPLETED');
  const ns = await fleet.ns(nsId);
  assert.equal(ns.state, 'INSTANTIATED');
  assert.equal(ns.openOperationId, undefined);
  const ended = await fleet.operation(operation.id);
  assert.ok(ended.before === null && ended.goal === undefined, 'history does not keep states');
  assert.equal((await fleet.reserved('site-a')).vcpus, 2);
  const view = await fleet.lcm.queries.ns(nsId);
  assert.deepEqual(view.vnfs.map((vnf) => vnf.siteName).sort(), ['site-a', 'site-b', 'site-c']);
  assert.equal(view.vnfs[0]!.managementAddress, '10.0.0.5');
  assert.ok(
    view.vnfs.every((vnf) => vnf.vnf.state === 'INSTANTIATED' && vnf.units.every((unit) => unit.ready && unit.fresh)),
  );
  const seen = fleet.events.map((event) => `${event.type} ${event.facts['operationState'] ?? ''}`.trim());
  assert.deepEqual(seen, [
    'NsIdentifierCreationNotification',
    'NsLcmOperationOccurrenceNotification PROCESSING',
    'NsLcmOperationOccurrenceNotification COMPLETED',
  ]);
  await fleet.stop();
});

test('a second operation on a busy NS is refused, also when both are asked for at once', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const body = { additionalParamsForNs: { hostname: 'h' } };
  const both = await Promise.allSettled([
    fleet.lcm.commands.instantiate(request, nsId, body),
    fleet.lcm.commands.instantiate(request, nsId, body),
  ]);
  const refused = both.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(hasCode('OperationInProgress')(refused[0]!.reason));
  await assert.rejects(fleet.lcm.commands.terminate(request, nsId, {}), hasCode('OperationInProgress'));
  await fleet.stop();
});

test('what does not fit is refused before anything is written', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const { commands } = fleet.lcm;
  await assert.rejects(commands.instantiate(request, nsId, {}), (error: unknown) => {
    assert.ok(isSkerryError(error));
    assert.equal(error.code, 'Unprocessable');
    assert.match(error.message, /parameter hostname is missing/);
    return true;
  });
  await assert.rejects(commands.instantiate(request, nsId, { nsFlavourId: 'x' }), hasCode('Unprocessable'));
  await assert.rejects(
    commands.instantiate(request, nsId, {
      additionalParamsForNs: { hostname: 'h' },
      placement: { '*': { site: 'nowhere' } },
    }),
    (error: unknown) => {
      assert.ok(isSkerryError(error));
      assert.equal(error.code, 'NoPlacement');
      assert.match(String((error.details['explanation'] as string[])[0]), /the request wants site nowhere/);
      return true;
    },
  );
  await assert.rejects(commands.scale(request, nsId, { scaleType: 'SCALE_VNF' }), hasCode('Conflict'));
  assert.equal((await fleet.ns(nsId)).openOperationId, undefined);
  assert.equal((await fleet.lcm.queries.listOperations(undefined)).length, 0);
  await fleet.stop();
});

test('scale a VNF by step, by scale level and to an instantiation level, within its bounds', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const vnf = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const scale = (data: object) =>
    fleet.lcm.commands.scale(request, nsId, {
      scaleType: 'SCALE_VNF',
      scaleVnfData: [{ vnfInstanceId: vnf.vnfInstanceId, ...data } as never],
    });
  const count = async () => (await fleet.ns(nsId)).desired!.vnfs[0]!.vnfcs.length;
  const out = await scale({
    scaleVnfType: 'SCALE_OUT',
    scaleByStepData: { aspectId: 'out-by-name', numberOfSteps: 2 },
  });
  assert.equal(await count(), 3);
  assert.equal(out.targets.length, 1);
  await fleet.answer();
  assert.equal(await fleet.state(out), 'COMPLETED');
  assert.equal((await fleet.reserved('site-a')).vcpus, 6);
  const tooFar = scale({ scaleVnfType: 'SCALE_OUT', scaleByStepData: { aspectId: 'out', numberOfSteps: 2 } });
  await assert.rejects(tooFar, hasCode('Unprocessable'));
  const level = { vnfScaleInfo: [{ aspectId: 'out', scaleLevel: 1 }] };
  await scale({ scaleVnfType: 'SCALE_TO_SCALE_LEVEL(S)', scaleToLevelData: level });
  assert.equal((await fleet.reserved('site-a')).vcpus, 6, 'freed only when reached');
  await fleet.answer();
  assert.equal(await count(), 2);
  assert.equal((await fleet.reserved('site-a')).vcpus, 4);
  const kept = (await fleet.ns(nsId)).desired!.vnfs[0]!.vnfcs.map((vnfc) => vnfc.index);
  assert.deepEqual(kept, [0, 1]);
  await scale({ scaleVnfType: 'SCALE_TO_INSTANTIATION_LEVEL', scaleToLevelData: { vnfInstantiationLevelId: 'three' } });
  await fleet.answer();
  assert.equal(await count(), 3);
  assert.ok(await fleet.ledgerIsSum('site-a'));
  await fleet.stop();
});

test('scale an NS adds and removes VNF instances', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const scale = (scalingDirection: 'SCALE_OUT' | 'SCALE_IN', numberOfSteps: number) =>
    fleet.lcm.commands.scale(request, nsId, {
      scaleType: 'SCALE_NS',
      scaleNsData: { scaleNsByStepsData: { scalingDirection, aspectId: 'more-c', numberOfSteps } },
    });
  await scale('SCALE_OUT', 2);
  await fleet.answer();
  assert.equal((await fleet.lcm.queries.ns(nsId)).vnfs.length, 5);
  const inward = await scale('SCALE_IN', 1);
  assert.equal(inward.removedVnfIds.length, 1);
  await fleet.answer();
  assert.equal((await fleet.lcm.queries.ns(nsId)).vnfs.length, 4);
  await assert.rejects(scale('SCALE_IN', 2), hasCode('Unprocessable'));
  const toLevel = await fleet.lcm.commands.scale(request, nsId, {
    scaleType: 'SCALE_NS',
    scaleNsData: { scaleNsToLevelData: { nsInstantiationLevel: 'single' } },
  });
  await fleet.answer();
  assert.equal(await fleet.state(toLevel), 'COMPLETED');
  assert.equal((await fleet.lcm.queries.ns(nsId)).vnfs.length, 1);
  const vcpus = await Promise.all(['site-a', 'site-b', 'site-c'].map((site) => fleet.reserved(site)));
  assert.equal(
    vcpus.reduce((sum, item) => sum + item.vcpus, 0),
    2,
  );
  await fleet.stop();
});

test('heal names the incarnation, ends with the one-shot results and leaves no trace in the intent', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const vnf = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const before = await fleet.book.scope(vnf.placement.agentId, nsId);
  const operation = await fleet.lcm.commands.heal(request, nsId, {
    healVnfData: [{ vnfInstanceId: vnf.vnfInstanceId, vnfcInstanceId: ['vdu-0'], cause: 'asked' }],
  });
  assert.equal(operation.oneShots.length, 1);
  assert.ok(operation.oneShots[0]!.incarnation);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  const after = await fleet.book.scope(vnf.placement.agentId, nsId);
  assert.deepEqual(after.map((object) => object.key).sort(), before.map((object) => object.key).sort());
  await fleet.stop();
});

test('terminate removes everything and frees the ledger when it is gone; then the NS can be deleted', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  await assert.rejects(fleet.lcm.commands.deleteNs(request, nsId), hasCode('Conflict'));
  const operation = await fleet.lcm.commands.terminate(request, nsId, {});
  for (const agent of fleet.agents.values()) assert.equal((await fleet.book.scope(agent.id, nsId)).length, 0);
  assert.equal((await fleet.reserved('site-b')).vcpus, 2);
  const { tombstones } = await fleet.book.snapshot(fleet.agent('site-b').id);
  assert.ok(tombstones.every((tombstone) => tombstone.opId === operation.id));
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.equal((await fleet.ns(nsId)).state, 'NOT_INSTANTIATED');
  assert.equal((await fleet.reserved('site-b')).vcpus, 0);
  assert.equal((await fleet.lcm.queries.ns(nsId)).vnfs.length, 0);
  await fleet.lcm.commands.deleteNs(request, nsId);
  await assert.rejects(fleet.lcm.queries.ns(nsId), hasCode('NotFound'));
  for (const prefix of ['vnf/', 'allocation/', 'reached/', 'unit-failure/', 'one-shot/'])
    assert.deepEqual(await fleet.store.range({ prefix }), [], prefix);
  const units = (await fleet.store.range({ prefix: 'state/' })).filter((entry) => !entry.key.endsWith('/agent'));
  assert.deepEqual(units, []);
  await fleet.stop();
});
