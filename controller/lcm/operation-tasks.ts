import { type NsModels, nextOperationState, type OperationEvent, renewKeys } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOccId, ObjectKey } from '#shared/model/ids.ts';
import type { NsDesired, NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Entry } from '#shared/store/store.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import { newNames } from './begin-operation.ts';
import { presentKeys } from './commit-intent.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModels } from './load-models.ts';
import { deadlineOf } from './operation-deadline.ts';
import { readOperation } from './read-ns.ts';

/** Task resources of an operation occurrence (ETSI GS NFV-SOL 005 clauses 6.4.11 to 6.4.15). */
export type OperationTask = Extract<OperationEvent, 'retry' | 'rollback' | 'continue' | 'fail' | 'cancel'>;

export interface TaskSubject {
  operation: Entry<NsLcmOpOcc>;
  ns: Entry<NsInstance>;
  /** State after the task. */
  state: NsLcmOpOcc['state'];
}

/**
 * Reads the operation, refuses in the wrong state, acts, wakes.
 *
 * @throws NotFound, Conflict
 */
export async function runTask(
  context: LcmContext,
  request: RequestContext,
  id: NsLcmOpOccId,
  task: OperationTask,
  act: (subject: TaskSubject) => Promise<NsLcmOpOcc>,
): Promise<NsLcmOpOcc> {
  const operation = await context.exclusive(() =>
    retryConflicts(async () => {
      const entry = await readOperation(context.store, request, id);
      const state = nextOperationState(entry.value.state, task);
      if (state === undefined)
        throw new SkerryError('Conflict', `Operation ${id} is ${entry.value.state}: ${task} is not possible`, {
          details: { operationState: entry.value.state },
        });
      const ns = await context.store.get<NsInstance>(keys.ns(entry.value.nsInstanceId));
      if (ns === undefined) throw new SkerryError('Conflict', `The NS instance of operation ${id} is gone`);
      return await act({ operation: entry, ns, state });
    }),
  );
  context.wake(operation.nsInstanceId);
  return operation;
}

/** The operation as it runs again: new deadline, no error. */
export function rearmed(context: LcmContext, { operation, ns, state }: TaskSubject): NsLcmOpOcc {
  const { error: _error, cancelMode: _mode, cancelRequestedAt: _at, ...rest } = operation.value;
  return {
    ...rest,
    state,
    stateEnteredAt: context.clock.now(),
    isCancelPending: false,
    deadlineAt: deadlineOf(context, rest.type, rest.before, rest.goal, ns.value.desired),
  };
}

/** A desired state that was left, made possible again: keys that are gone are replaced. */
export async function revived(context: LcmContext, ns: NsInstance, desired: NsDesired): Promise<NsDesired> {
  const present = await presentKeys(context, ns);
  return renewKeys(desired, (key) => present.has(key), newNames(context).newKey);
}

/** Failed objects get another attempt: same spec, new revision. */
export function withAttempts(desired: NsDesired | undefined, failed: readonly ObjectKey[]): NsDesired | undefined {
  if (desired === undefined || failed.length === 0) return desired;
  const attempts = { ...desired.attempts };
  for (const key of failed) attempts[key] = (attempts[key] ?? 0) + 1;
  return { ...desired, attempts };
}

/** Models of everything that either state has. */
export async function modelsFor(
  context: LcmContext,
  ns: NsInstance,
  desired: NsDesired | undefined,
): Promise<NsModels> {
  return await loadModels(context.catalog, { ...ns, desired });
}
