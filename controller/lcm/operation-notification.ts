import type { JsonObject } from '#shared/model/json.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { NsFacts, NsOperationFacts } from '../notify/notification-bodies.ts';
import type { NotificationEvent } from '../notify/notifier.ts';

export function nsIdentifierEvent(kind: 'Creation' | 'Deletion', ns: NsInstance, at: number): NotificationEvent {
  const type = `NsIdentifier${kind}Notification`;
  return { api: 'nslcm', type, at, facts: { ...nsFacts(ns) } };
}

/** START when it begins or goes on, RESULT when it stands still (ETSI GS NFV-SOL 005 clause 6.5.2.5). */
export function operationEvent(ns: NsInstance, operation: NsLcmOpOcc, at: number): NotificationEvent {
  const isRunning = operation.state === 'PROCESSING' || operation.state === 'ROLLING_BACK';
  const facts: NsOperationFacts = {
    ...nsFacts(ns),
    // A service that is being removed is still one of these VNFDs.
    vnfdIds: [...new Set([...vnfdIdsOf(ns), ...(operation.changedVnfs ?? []).map((vnf) => vnf.vnfdId)])],
    nsLcmOpOccId: operation.id,
    operation: operation.type,
    operationState: operation.state,
    notificationStatus: isRunning ? 'START' : 'RESULT',
    isAutomaticInvocation: operation.isAutomatic,
    affectedVnf: isRunning ? undefined : affectedVnfs(operation),
    error: operation.error,
  };
  return { api: 'nslcm', type: 'NsLcmOperationOccurrenceNotification', at, facts: { ...facts } };
}

function nsFacts(ns: NsInstance): NsFacts {
  const { projectId, nsdId } = ns;
  return { projectId, nsInstanceId: ns.id, nsInstanceName: ns.name, nsdId, vnfdIds: vnfdIdsOf(ns) };
}

function vnfdIdsOf(ns: NsInstance): string[] {
  return [...new Set((ns.desired?.vnfs ?? []).flatMap((vnf) => vnf.vnfdId ?? []))];
}

const changeTypes = {
  INSTANTIATE: 'INSTANTIATE',
  SCALE: 'SCALE',
  UPDATE: 'MODIFY_INFORMATION',
  HEAL: 'HEAL',
  TERMINATE: 'TERMINATE',
} as const;

/** AffectedVnf (clause 6.5.3.2). */
export function affectedVnfs(operation: NsLcmOpOcc): JsonObject[] {
  const changeResult =
    operation.state === 'COMPLETED' ? 'COMPLETED' : operation.state === 'ROLLED_BACK' ? 'ROLLED_BACK' : 'FAILED';
  const removed = new Set(operation.removedVnfIds);
  const { type } = operation;
  return (operation.changedVnfs ?? []).map((vnf) => ({
    ...vnf,
    changeType: removed.has(vnf.vnfInstanceId) && type !== 'TERMINATE' ? 'REMOVE' : changeTypes[type],
    changeResult,
  }));
}
