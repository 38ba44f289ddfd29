import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { NsInstance, NsLcmOpOcc, OperationTarget } from '#shared/model/ns-lcm.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { asHistory } from './end-operation.ts';
import type { LcmContext } from './lcm-context.ts';
import { operationEvent } from './operation-notification.ts';
import { runTask } from './operation-tasks.ts';

/**
 * Gives up. What was asked of the sites stays asked and what is reserved stays reserved, so that the NS counts as INSTANTIATED
 * and its next operation (a terminate, as a rule) takes over whatever was not reached.
 */
export function fail(context: LcmContext, request: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc> {
  return runTask(context, request, id, 'fail', async ({ operation, ns, state }) => {
    const now = context.clock.now();
    const failed: NsLcmOpOcc = { ...asHistory(operation.value), state, stateEnteredAt: now, isCancelPending: false };
    const { openOperationId: _open, ...free } = ns.value;
    const nextNs: NsInstance = {
      ...free,
      state: 'INSTANTIATED',
      unreached: mergeTargets(ns.value.unreached ?? [], failed.targets),
      modifiedAt: now,
    };
    await context.store.commit(
      [
        { key: ns.key, value: nextNs },
        { key: keys.operation(id), value: failed },
        ...(await context.notifier.stage([operationEvent(nextNs, failed, now)])),
      ],
      { expect: [ns, operation].map(({ key, revision }) => ({ key, revision })) },
    );
    return failed;
  });
}

function mergeTargets(old: readonly OperationTarget[], newer: readonly OperationTarget[]): OperationTarget[] {
  return [...new Map([...old, ...newer].map((target) => [target.agentId, target])).values()];
}
