import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { RequestContext } from '../context.ts';
import { commitIntent } from './commit-intent.ts';
import type { LcmContext } from './lcm-context.ts';
import { modelsFor, runTask } from './operation-tasks.ts';

/**
 * Makes a cancel pending; the reconciler ends it: FORCEFUL at once; GRACEFUL when the sites that can be reached have had their
 * time. It may lose the race against a good end. One-shots that have not begun are told.
 */
export function cancel(
  context: LcmContext,
  request: RequestContext,
  id: NsLcmOpOccId,
  mode: 'GRACEFUL' | 'FORCEFUL',
): Promise<NsLcmOpOcc> {
  return runTask(context, request, id, 'cancel', async ({ operation, ns }) => {
    const now = context.clock.now();
    const pending: NsLcmOpOcc = { ...operation.value, isCancelPending: true, cancelMode: mode, cancelRequestedAt: now };
    const own = new Set(pending.oneShots.map((action) => action.opId));
    if (own.size > 0)
      return await commitIntent(context, {
        ns,
        operation: pending,
        operationRevision: operation.revision,
        next: ns.value.desired,
        models: await modelsFor(context, ns.value, ns.value.desired),
        isActionCancelled: (opId) => own.has(opId),
        carried: pending.targets,
        isAnnounced: false,
      });
    await context.store.commit([{ key: operation.key, value: pending }], {
      expect: [{ key: operation.key, revision: operation.revision }],
    });
    return pending;
  });
}
