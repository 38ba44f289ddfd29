import { allowedNsStates, type NewNames, type NsModels } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { id, type NsInstanceId, type NsLcmOpOccId, type ObjectKey, type VnfInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type {
  ChangedVnf,
  NsDesired,
  NsInstance,
  NsLcmOperationType,
  NsLcmOpOcc,
  VnfInstance,
} from '#shared/model/ns-lcm.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import type { OneShot } from './actions.ts';
import { commitIntent } from './commit-intent.ts';
import type { LcmContext } from './lcm-context.ts';
import { deadlineOf } from './operation-deadline.ts';
import { readNs } from './read-ns.ts';

/** What an operation makes of an NS. */
export interface Decision {
  next: NsDesired | undefined;
  models: NsModels;
  newActions?: { action: OneShot; cause: string }[];
  explanation: string[];
  affectedVnfIds: VnfInstanceId[];
  removedVnfIds: VnfInstanceId[];
  warnings: string[];
}

export interface Beginning {
  request: RequestContext;
  nsInstanceId: NsInstanceId;
  type: NsLcmOperationType;
  params: JsonObject;
  /** Reads what it needs and decides; called again when the commit met a conflict. */
  decide: (ns: NsInstance, operationId: NsLcmOpOccId) => Promise<Decision>;
}

/**
 * Refuses or begins: operation, intent, reserved capacity and notification are one commit, so that there is no moment in which
 * a crash could leave an operation without its intent.
 *
 * @throws NotFound, OperationInProgress, Conflict, and what `decide` throws
 */
export async function beginOperation(context: LcmContext, beginning: Beginning): Promise<NsLcmOpOcc> {
  const { request, nsInstanceId, type } = beginning;
  const operation = await context.exclusive(() =>
    retryConflicts(async () => {
      const ns = await readNs(context.store, request, nsInstanceId);
      checkState(ns.value, type);
      const operationId = id<NsLcmOpOccId>(context.random.uuid());
      const decision = await beginning.decide(ns.value, operationId);
      return await commitIntent(context, {
        ns,
        nsChanges: { generation: ns.value.generation + 1 },
        operation: {
          ...newOperation(context, beginning, ns.value, decision),
          id: operationId,
          changedVnfs: await changedVnfs(context, ns.value, decision),
        },
        operationRevision: 0,
        next: decision.next,
        models: decision.models,
        newActions: decision.newActions,
        carried: ns.value.unreached ?? [],
      });
    }),
  );
  context.wake(nsInstanceId);
  return operation;
}

/** @throws OperationInProgress, Conflict */
export function checkState(ns: NsInstance, type: NsLcmOperationType): void {
  if (ns.openOperationId !== undefined)
    throw new SkerryError(
      'OperationInProgress',
      `NS instance ${ns.name} is busy with operation ${ns.openOperationId}`,
      {
        details: { nsLcmOpOccId: ns.openOperationId },
        remedy: 'Wait for it, or cancel it and then roll it back or fail it.',
      },
    );
  if (!allowedNsStates[type].includes(ns.state))
    throw new SkerryError('Conflict', `NS instance ${ns.name} is ${ns.state}: ${type} is not possible`, {
      details: { nsState: ns.state },
      remedy: type === 'INSTANTIATE' ? 'Terminate it first.' : 'Instantiate it first.',
    });
}

function newOperation(
  context: LcmContext,
  beginning: Beginning,
  ns: NsInstance,
  decision: Decision,
): Omit<NsLcmOpOcc, 'id'> {
  const now = context.clock.now();
  return {
    nsInstanceId: ns.id,
    projectId: ns.projectId,
    userId: beginning.request.principal.userId,
    type: beginning.type,
    state: 'PROCESSING',
    stateEnteredAt: now,
    startedAt: now,
    params: beginning.params,
    isAutomatic: false,
    isCancelPending: false,
    before: ns.desired ?? null,
    targets: [],
    deadlineAt: deadlineOf(context, beginning.type, ns.desired, decision.next),
    explanation: decision.explanation,
    affectedVnfIds: decision.affectedVnfIds,
    removedVnfIds: decision.removedVnfIds,
    warnings: decision.warnings,
    oneShots: (decision.newActions ?? []).map((item) => item.action),
  };
}

/** From what is wanted; of those that were left behind by a failed operation only their document knows. */
async function changedVnfs({ store }: LcmContext, ns: NsInstance, decision: Decision): Promise<ChangedVnf[]> {
  const vnfs = [...(ns.desired?.vnfs ?? []), ...(decision.next?.vnfs ?? [])];
  const wanted = new Map(vnfs.map((vnf) => [vnf.vnfInstanceId, vnf]));
  const ids = new Set([...decision.affectedVnfIds, ...decision.removedVnfIds]);
  const changed = await Promise.all(
    [...ids].map(async (vnfInstanceId) => {
      const vnf = wanted.get(vnfInstanceId) ?? (await store.get<VnfInstance>(keys.vnf(vnfInstanceId)))?.value;
      if (vnf === undefined) return [];
      return [{ vnfInstanceId, vnfdId: vnf.vnfdId ?? '', vnfProfileId: vnf.profileId, vnfName: vnf.name }];
    }),
  );
  return changed.flat();
}

/** New identities, from the injected source of chance. */
export function newNames({ random }: LcmContext): NewNames {
  return {
    newKey: (kind) => id<ObjectKey>(`${kind}/${random.uuid()}`),
    newVnfInstanceId: () => id<VnfInstanceId>(random.uuid()),
  };
}

/** Of a NS that has lost its desired state (a failed terminate) only the rest can be removed. */
export function desiredOf(ns: NsInstance): NsDesired {
  if (ns.desired !== undefined) return ns.desired;
  throw new SkerryError('Conflict', `NS instance ${ns.name} is half removed`, { remedy: 'Terminate it.' });
}
