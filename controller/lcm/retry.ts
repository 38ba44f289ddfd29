import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { NsDesired, NsLcmOpOcc, OneShotRecord } from '#shared/model/ns-lcm.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { type OneShot, planActions } from './actions.ts';
import { commitIntent } from './commit-intent.ts';
import { failuresOf, forget } from './failures.ts';
import { withLateCharts } from './kdu-charts.ts';
import type { LcmContext } from './lcm-context.ts';
import { modelsFor, rearmed, revived, runTask, type TaskSubject, withAttempts } from './operation-tasks.ts';

/** Tries again what failed: objects get a new revision, one-shots that did not end well are issued anew. */
export function retry(context: LcmContext, request: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc> {
  return runTask(context, request, id, 'retry', (subject) => goOn(context, subject, 'repeat'));
}

/** Goes on where it is: what failed for good is tried once more, but one-shots that failed are passed over. */
export function continueOperation(context: LcmContext, request: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc> {
  return runTask(context, request, id, 'continue', (subject) => goOn(context, subject, 'pass over'));
}

async function goOn(
  context: LcmContext,
  subject: TaskSubject,
  failedActions: 'repeat' | 'pass over',
): Promise<NsLcmOpOcc> {
  const ns = subject.ns.value;
  const { goal, ...operation } = rearmed(context, subject);
  const forward = await forwardGoal(context, subject);
  const wanted = forward && (await withLateCharts(context, forward));
  const failures = await failuresOf(context, ns);
  const current = failures.filter((failure) => failure.isCurrent).map((failure) => failure.key);
  const next = withAttempts(wanted, current);
  const { good, bad } = await sortActions(context, operation.oneShots);
  const heals = bad.map((action) => ({ agentId: action.agentId, key: action.target, cause: '' }));
  const actions = failedActions === 'repeat' ? await planActions(context, ns.id, heals) : [];
  const skipped = failedActions === 'repeat' ? [] : bad.map((action) => `Passed over on request: ${action.target}.`);
  return await commitIntent(context, {
    ns: subject.ns,
    operation: { ...operation, oneShots: [...good, ...actions], warnings: [...operation.warnings, ...skipped] },
    operationRevision: subject.operation.revision,
    next,
    models: await modelsFor(context, ns, next),
    newActions: actions.map((action) => ({ action, cause: '' })),
    isActionCancelled: (opId) => bad.some((action) => action.opId === opId),
    carried: operation.targets,
    extraChanges: forget(failures),
  });
}

/** After a rollback that failed, forward means the state that the operation had worked towards. */
async function forwardGoal(context: LcmContext, { operation, ns }: TaskSubject): Promise<NsDesired | undefined> {
  const { goal } = operation.value;
  if (goal === undefined) return ns.value.desired;
  return goal === null ? undefined : await revived(context, ns.value, goal);
}

async function sortActions(
  { store }: LcmContext,
  actions: readonly OneShot[],
): Promise<{ good: OneShot[]; bad: OneShot[] }> {
  const good: OneShot[] = [];
  const bad: OneShot[] = [];
  for (const action of actions) {
    const record = await store.get<OneShotRecord>(keys.oneShot(action.opId));
    const isGood = record?.value.result === 'done' || record?.value.result === 'stale';
    (isGood ? good : bad).push(action);
  }
  return { good, bad };
}
