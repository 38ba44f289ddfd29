import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '#controller/cli/index.ts';
import { Rig } from './rig.ts';
import { edgeService, keysOf, onSite, scaleVnf, singleVm, vnfOf } from './service.ts';

/** A refusal that trying again does not mend. */
const refused = {
  effect: 'fail',
  verb: 'ensure',
  kind: 'compute',
  code: 'PlatformRefused',
  message: 'no such flavour',
};
const siteNames = ['retry', 'rollback', 'fail', 'continue', 'cancel', 'transient', 'drift'];

test('platforms in trouble', { concurrency: true }, async (t) => {
  const rig = await Rig.start(t, { sites: siteNames });
  const cases = { retry, rollback, fail, continue: goOn, cancel, transient, drift };
  await Promise.all(siteNames.map((name) => t.test(name, () => cases[name as keyof typeof cases](rig))));
});

async function retry(rig: Rig): Promise<void> {
  const site = rig.site('retry');
  await site.order('fault', refused);
  const id = await rig.createNs('edge_service_ns', 'retry');
  const operationId = await rig.api.instantiateNs(id, onSite('retry'));
  const failed = await rig.reached(operationId, 'FAILED_TEMP');
  assert.match(failed.error?.detail ?? '', /no such flavour/);
  // Everything else of the service came up all the same, and stays while a person decides.
  await site.until('the rest stands', () => (site.effects().keys('compute').length === 2 ? true : undefined));
  await assert.rejects(
    rig.api.terminateNs(id, {}),
    (error) => error instanceof ProblemError && error.problem.status === 409,
    'the NS is busy with the failed operation',
  );
  await rig.api.steerOperation(operationId, 'retry');
  await rig.completed(operationId);
  (await site.standing(edgeService.instantiated)).assertExact();
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
}

async function rollback(rig: Rig): Promise<void> {
  const site = rig.site('rollback');
  const id = await rig.newNs('edge_service_ns', 'rollback', onSite('rollback'));
  const cache = vnfOf(await rig.ns(id), 'cache');
  await site.order('fault', { ...refused, times: 1 });
  const scaling = await rig.api.scaleNs(id, scaleVnf(cache.id, 'content'));
  await rig.reached(scaling, 'FAILED_TEMP');
  await rig.api.steerOperation(scaling, 'rollback');
  await rig.reached(scaling, 'ROLLED_BACK');
  const effects = await site.standing(edgeService.instantiated);
  effects.assertExact();
  const scaleStatus = vnfOf(await rig.ns(id), 'cache').instantiatedVnfInfo?.scaleStatus;
  assert.deepEqual(scaleStatus, [{ aspectId: 'content', scaleLevel: 0 }]);
  await rig.completed(await rig.api.terminateNs(id, {}));

  await site.order('fault', { ...refused, times: 0 });
  const instantiating = await rig.api.instantiateNs(id, onSite('rollback'));
  await rig.reached(instantiating, 'FAILED_TEMP');
  await rig.api.steerOperation(instantiating, 'rollback');
  await rig.reached(instantiating, 'ROLLED_BACK');
  assert.deepEqual(site.effects().kinds(), {});
  assert.equal((await rig.ns(id)).nsState, 'NOT_INSTANTIATED');
  await site.order('release');
  await rig.completed(await rig.api.instantiateNs(id, onSite('rollback')));
  (await site.standing(edgeService.instantiated)).assertExact();
}

async function fail(rig: Rig): Promise<void> {
  const site = rig.site('fail');
  await site.order('fault', { ...refused, times: 0 });
  const id = await rig.createNs('edge_service_ns', 'fail');
  const operationId = await rig.api.instantiateNs(id, onSite('fail'));
  await rig.reached(operationId, 'FAILED_TEMP');
  await rig.api.steerOperation(operationId, 'fail');
  assert.equal((await rig.api.operation(operationId)).operationState, 'FAILED');
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
  site.effects().assertExact();
  await rig.api.deleteNs(id);
}

/** A heal that failed is passed over: the machine that stood stays, or is made again, but the operation ends well. */
async function goOn(rig: Rig): Promise<void> {
  const site = rig.site('continue');
  const id = await rig.newNs('single_vm_ns', 'continue', onSite('continue'));
  await site.order('fault', refused);
  const router = vnfOf(await rig.ns(id), 'router');
  const healing = await rig.api.healNs(id, { healVnfData: [{ vnfInstanceId: router.id }] });
  await rig.reached(healing, 'FAILED_TEMP');
  await rig.api.steerOperation(healing, 'continue');
  await rig.completed(healing);
  const [machine = ''] = keysOf(router);
  (await site.standing(singleVm)).assertExact(new Map([[machine, 1]]));
}

async function cancel(rig: Rig): Promise<void> {
  const site = rig.site('cancel');
  await site.order('fault', { effect: 'hang', verb: 'ensure', kind: 'compute', times: 0 });
  const id = await rig.createNs('single_vm_ns', 'cancel');
  const operationId = await rig.api.instantiateNs(id, onSite('cancel'));
  await site.until('the network stands', () => (site.effects().keys('network').length === 1 ? true : undefined));
  assert.equal((await rig.api.operation(operationId)).operationState, 'PROCESSING');
  await rig.api.cancelOperation(operationId, 'FORCEFUL');
  const cancelled = await rig.reached(operationId, 'FAILED_TEMP');
  assert.equal(cancelled.isCancelPending, false);
  await rig.api.steerOperation(operationId, 'rollback');
  await site.order('release');
  await rig.reached(operationId, 'ROLLED_BACK');
  assert.deepEqual(site.effects().kinds(), {});
  site.effects().assertExact();
}

/** What passes by itself is waited for: no failure, no second machine. */
async function transient(rig: Rig): Promise<void> {
  const site = rig.site('transient');
  await site.order('fault', { effect: 'fail', verb: 'ensure', code: 'PlatformUnavailable', times: 3 });
  await site.order('fault', { effect: 'fail', verb: 'observe', code: 'PlatformUnavailable', times: 1 });
  const id = await rig.newNs('edge_service_ns', 'transient', onSite('transient'));
  (await site.standing(edgeService.instantiated)).assertExact();
  // The answer to a create is lost: the call is in doubt, and what it made is found, not made again.
  const cache = vnfOf(await rig.ns(id), 'cache');
  await site.order('fault', { effect: 'fail', verb: 'ensure', kind: 'compute', code: 'PlatformInDoubt', times: 1 });
  await rig.completed(await rig.api.scaleNs(id, scaleVnf(cache.id, 'content')));
  (await site.standing(edgeService.scaled)).assertExact();
  await site.order('fault', { effect: 'fail', verb: 'remove', code: 'PlatformUnavailable', times: 3 });
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
}

async function drift(rig: Rig): Promise<void> {
  const site = rig.site('drift');
  const id = await rig.newNs('single_vm_ns', 'drift', onSite('drift'));
  const [machine = ''] = keysOf(vnfOf(await rig.ns(id), 'router'));
  await site.order('drift', { key: machine });
  await site.until('the drift is mended', () => {
    const { entries, standing } = site.effects();
    const isSeen = entries.some((entry) => entry.type === 'drifted');
    return isSeen && [...standing.values()].every((unit) => unit.isDrifted !== true) && mended(entries)
      ? true
      : undefined;
  });
  site.effects().assertExact();
  assert.equal(site.effects().count('update'), 1);
  // An alarm of the platform is no reason to touch anything.
  await site.order('alarm', { alarmId: 'fan-1', key: machine, severity: 'MINOR', probableCause: 'a fan is slow' });
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
}

function mended(entries: readonly { type: string }[]): boolean {
  const last = entries.findLastIndex((entry) => entry.type === 'drifted');
  return entries.slice(last).some((entry) => entry.type === 'update');
}
