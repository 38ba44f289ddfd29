import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsInstanceId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { IntentObject, UnitObject } from '#shared/wire/frames.ts';
import { Fleet, request } from './fleet.ts';

const hasCode = (code: string) => (error: unknown) => isSkerryError(error) && error.code === code;
const isCompute = (object: IntentObject) => (object.body as UnitObject).kind === 'compute';

/** An instantiate whose VM at site-b fails for good. */
async function failedInstantiate(): Promise<{ fleet: Fleet; nsId: NsInstanceId; operation: NsLcmOpOcc }> {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } });
  fleet.agent('site-b').failing = isCompute;
  await fleet.answer();
  return { fleet, nsId, operation };
}

function scaleOut(fleet: Fleet, nsId: NsInstanceId, vnfInstanceId: string, direction = 'SCALE_OUT') {
  const data = { vnfInstanceId, scaleVnfType: direction, scaleByStepData: { aspectId: 'out', numberOfSteps: 1 } };
  return fleet.lcm.commands.scale(request, nsId, { scaleType: 'SCALE_VNF', scaleVnfData: [data as never] });
}

async function keysOf(fleet: Fleet, nsId: NsInstanceId): Promise<string[]> {
  const lists = await Promise.all([...fleet.agents.values()].map((agent) => fleet.book.scope(agent.id, nsId)));
  return lists
    .flat()
    .map((object) => object.key)
    .sort();
}

async function reservedEverywhere(fleet: Fleet): Promise<number> {
  const sites = await Promise.all([...fleet.agents.keys()].map((site) => fleet.reserved(site)));
  return sites.reduce((sum, { vcpus }) => sum + vcpus, 0);
}

test('a terminal failure: FAILED_TEMP, named by site and reason, told to subscribers; the NS stays busy', async () => {
  const { fleet, nsId, operation } = await failedInstantiate();
  const failed = await fleet.operation(operation.id);
  assert.equal(failed.state, 'FAILED_TEMP');
  assert.match(failed.error!.detail, /^site-b: compute\/.* failed: ordered to fail/);
  const last = fleet.events.at(-1)!;
  assert.equal(last.facts['operationState'], 'FAILED_TEMP');
  assert.equal(last.facts['notificationStatus'], 'RESULT');
  await assert.rejects(fleet.lcm.commands.terminate(request, nsId, {}), hasCode('OperationInProgress'));
  await assert.rejects(fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL'), hasCode('Conflict'));
  assert.equal(await reservedEverywhere(fleet), 6);
  await fleet.stop();
});

test('retry gives the failed object a new revision and nothing else; the agents try again', async () => {
  const { fleet, nsId, operation } = await failedInstantiate();
  const { id: agentId } = fleet.agent('site-b');
  const before = await fleet.book.scope(agentId, nsId);
  const others = await fleet.book.head(fleet.agent('site-a').id);
  const retried = await fleet.lcm.commands.retry(request, operation.id);
  assert.equal(retried.state, 'PROCESSING');
  assert.equal(retried.error, undefined);
  const after = await fleet.book.scope(agentId, nsId);
  const changed = after.filter((object) => before.find((old) => old.key === object.key)?.revision !== object.revision);
  assert.deepEqual(changed.map(isCompute), [true]);
  assert.deepEqual(await fleet.book.head(fleet.agent('site-a').id), others);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP', 'it fails again at its new revision');
  await fleet.lcm.commands.retry(request, operation.id);
  fleet.agent('site-b').failing = () => false;
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.equal((await fleet.ns(nsId)).state, 'INSTANTIATED');
  assert.deepEqual(await fleet.store.range({ prefix: 'unit-failure/' }), []);
  await fleet.stop();
});

test('continue goes on, and ends well where the site has got over it meanwhile', async () => {
  const { fleet, operation } = await failedInstantiate();
  fleet.agent('site-b').failing = () => false;
  await fleet.answer('site-b');
  assert.equal(await fleet.state(operation), 'FAILED_TEMP', 'nobody asked it to go on');
  await fleet.lcm.commands.continue(request, operation.id);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  await fleet.stop();
});

test('rollback of an instantiate: NOT_INSTANTIATED, nothing left, ledger freed only when all is gone', async () => {
  const { fleet, nsId, operation } = await failedInstantiate();
  const back = await fleet.lcm.commands.rollback(request, operation.id);
  assert.equal(back.state, 'ROLLING_BACK');
  assert.deepEqual(await keysOf(fleet, nsId), []);
  assert.equal(await reservedEverywhere(fleet), 6);
  await fleet.answer('site-a', 'site-b');
  assert.equal(await fleet.state(operation), 'ROLLING_BACK');
  await fleet.answer('site-c');
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  const ns = await fleet.ns(nsId);
  assert.equal(ns.state, 'NOT_INSTANTIATED');
  assert.equal(ns.openOperationId, undefined);
  assert.equal(await reservedEverywhere(fleet), 0);
  assert.deepEqual((await fleet.lcm.queries.ns(nsId)).vnfs, []);
  for (const task of ['retry', 'rollback', 'continue', 'fail'] as const)
    await assert.rejects(fleet.lcm.commands[task](request, operation.id), hasCode('Conflict'));
  fleet.agent('site-b').failing = () => false;
  await fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } });
  await fleet.answer();
  assert.equal((await fleet.ns(nsId)).state, 'INSTANTIATED');
  await fleet.stop();
});

test('rollback of a scale out removes what was added', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const before = await keysOf(fleet, nsId);
  const vnf = (await fleet.ns(nsId)).desired!.vnfs.find((candidate) => candidate.profileId === 'b')!;
  const site = [...fleet.agents.values()].find((agent) => agent.id === vnf.placement.agentId)!;
  site.failing = (object) => isCompute(object) && !before.includes(object.key);
  const operation = await scaleOut(fleet, nsId, vnf.vnfInstanceId);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  assert.equal(await reservedEverywhere(fleet), 8);
  await fleet.lcm.commands.rollback(request, operation.id);
  assert.deepEqual(await keysOf(fleet, nsId), before);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.equal((await fleet.ns(nsId)).state, 'INSTANTIATED');
  assert.equal(await reservedEverywhere(fleet), 6);
  await fleet.stop();
});

test('rollback of a scale in brings the counts back under new keys, and the capacity was never given away', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const vnf = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  await scaleOut(fleet, nsId, vnf.vnfInstanceId);
  await fleet.answer();
  const before = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const operation = await scaleOut(fleet, nsId, vnf.vnfInstanceId, 'SCALE_IN');
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.lcm.commands.rollback(request, operation.id);
  const after = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  assert.deepEqual(
    after.vnfcs.map(({ vduId, index }) => ({ vduId, index })),
    before.vnfcs.map(({ vduId, index }) => ({ vduId, index })),
  );
  assert.equal(after.vnfcs[0]!.key, before.vnfcs[0]!.key);
  assert.notEqual(after.vnfcs[1]!.key, before.vnfcs[1]!.key, 'a key is never used again after its tombstone');
  assert.deepEqual(after.scaleLevels, before.scaleLevels);
  assert.equal(await reservedEverywhere(fleet), 8);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.equal(await reservedEverywhere(fleet), 8);
  assert.ok(await fleet.ledgerIsSum('site-a'));
  await fleet.stop();
});

test('a rollback that fails can be retried (forward again) or rolled back again', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const vnf = (await fleet.ns(nsId)).desired!.vnfs[0]!;
  const operation = await scaleOut(fleet, nsId, vnf.vnfInstanceId);
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  await fleet.lcm.commands.rollback(request, operation.id);
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.lcm.commands.retry(request, operation.id);
  assert.equal((await fleet.ns(nsId)).desired!.vnfs[0]!.vnfcs.length, 2);
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  await fleet.lcm.commands.rollback(request, operation.id);
  assert.equal((await fleet.ns(nsId)).desired!.vnfs[0]!.vnfcs.length, 1);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.equal(await reservedEverywhere(fleet), 6);
  await fleet.stop();
});

test('fail gives up and leaves what there is; terminate takes it over and removes all of it', async () => {
  const { fleet, nsId, operation } = await failedInstantiate();
  const failed = await fleet.lcm.commands.fail(request, operation.id);
  assert.equal(failed.state, 'FAILED');
  assert.ok(failed.error);
  const ns = await fleet.ns(nsId);
  assert.equal(ns.openOperationId, undefined);
  assert.equal(await reservedEverywhere(fleet), 6);
  await assert.rejects(fleet.lcm.commands.deleteNs(request, nsId), hasCode('Conflict'));
  const terminate = await fleet.lcm.commands.terminate(request, nsId, {});
  await fleet.answer();
  assert.equal(await fleet.state(terminate), 'COMPLETED');
  assert.equal((await fleet.ns(nsId)).state, 'NOT_INSTANTIATED');
  assert.equal(await reservedEverywhere(fleet), 0);
  await fleet.lcm.commands.deleteNs(request, nsId);
  await fleet.stop();
});

test('a terminate cannot be rolled back; failed, the rest is removed by the next one', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const operation = await fleet.lcm.commands.terminate(request, nsId, {});
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await assert.rejects(fleet.lcm.commands.rollback(request, operation.id), hasCode('Conflict'));
  await fleet.lcm.commands.fail(request, operation.id);
  await assert.rejects(
    fleet.lcm.commands.heal(request, nsId, { healNsData: { degreeHealing: 'x' } }),
    hasCode('Conflict'),
  );
  const again = await fleet.lcm.commands.terminate(request, nsId, {});
  assert.equal(again.targets.length, 3, 'what was not reached is still waited for');
  assert.equal(await fleet.state(again), 'PROCESSING');
  await fleet.answer();
  assert.equal(await fleet.state(again), 'COMPLETED');
  assert.equal(await reservedEverywhere(fleet), 0);
  await fleet.stop();
});

test('heal: a failed action is repeated by retry, passed over by continue; what went well is not done twice', async () => {
  for (const task of ['retry', 'continue'] as const) {
    const fleet = await Fleet.open();
    const nsId = await fleet.instantiated();
    const { vnfs } = (await fleet.ns(nsId)).desired!;
    const agentOf = (index: number) =>
      [...fleet.agents.values()].find((agent) => agent.id === vnfs[index]!.placement.agentId)!;
    agentOf(1).actionResult = 'failed';
    const operation = await fleet.lcm.commands.heal(request, nsId, {
      healVnfData: [0, 1].map((index) => ({ vnfInstanceId: vnfs[index]!.vnfInstanceId })),
    });
    await fleet.answer();
    const failed = await fleet.operation(operation.id);
    assert.equal(failed.state, 'FAILED_TEMP');
    assert.match(failed.error!.detail, /the action ended as failed/);
    agentOf(1).actionResult = 'done';
    const again = await fleet.lcm.commands[task](request, operation.id);
    assert.equal(again.oneShots.length, task === 'retry' ? 2 : 1);
    assert.equal(again.oneShots[0]!.opId, operation.oneShots[0]!.opId);
    await fleet.answer();
    const ended = await fleet.operation(operation.id);
    assert.equal(ended.state, 'COMPLETED');
    assert.equal(ended.warnings.length, task === 'retry' ? 0 : 1);
    assert.ok((await keysOf(fleet, nsId)).every((key) => !key.startsWith('operation/')));
    assert.deepEqual(await fleet.store.range({ prefix: 'one-shot/' }), []);
    await fleet.stop();
  }
});

test('rollback of a heal waits for the actions to end, however, and leaves no trace', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const { vnfs } = (await fleet.ns(nsId)).desired!;
  const operation = await fleet.lcm.commands.heal(request, nsId, {
    healVnfData: vnfs.map(({ vnfInstanceId }) => ({ vnfInstanceId })),
  });
  await fleet.answer('site-a');
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.lcm.commands.rollback(request, operation.id);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'ROLLING_BACK');
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.ok((await keysOf(fleet, nsId)).every((key) => !key.startsWith('operation/')));
  assert.deepEqual(await fleet.store.range({ prefix: 'one-shot/' }), []);
  await fleet.stop();
});
