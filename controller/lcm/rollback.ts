import { SkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { RequestContext } from '../context.ts';
import { commitIntent } from './commit-intent.ts';
import { failuresOf, forget } from './failures.ts';
import type { LcmContext } from './lcm-context.ts';
import { modelsFor, rearmed, revived, runTask, type TaskSubject, withAttempts } from './operation-tasks.ts';

/**
 * Back to what was wanted before; objects that were removed meanwhile come back under new keys. A heal has nothing to restore:
 * what has not begun is cancelled.
 *
 * @throws Conflict for a terminate: what is ordered to go may be gone already (docs/sync-protocol.md)
 */
export function rollback(context: LcmContext, request: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc> {
  return runTask(context, request, id, 'rollback', async (subject) => {
    const { type } = subject.operation.value;
    if (type === 'TERMINATE')
      throw new SkerryError('Conflict', 'A terminate cannot be rolled back once removals are ordered', {
        remedy: 'Retry it, or fail it.',
      });
    return await goBack(context, subject);
  });
}

async function goBack(context: LcmContext, subject: TaskSubject): Promise<NsLcmOpOcc> {
  const ns = subject.ns.value;
  const operation = rearmed(context, subject);
  const before = operation.type === 'HEAL' ? (ns.desired ?? null) : operation.before;
  const failures = await failuresOf(context, ns);
  const current = failures.filter((failure) => failure.isCurrent).map((failure) => failure.key);
  const restored =
    before === null ? undefined : await revived(context, ns, { ...before, attempts: ns.desired?.attempts });
  const next = withAttempts(restored, current);
  return await commitIntent(context, {
    ns: subject.ns,
    operation: { ...operation, goal: operation.goal === undefined ? (ns.desired ?? null) : operation.goal },
    operationRevision: subject.operation.revision,
    next,
    models: await modelsFor(context, ns, next),
    isActionCancelled: () => true,
    carried: operation.targets,
    extraChanges: forget(failures),
  });
}
