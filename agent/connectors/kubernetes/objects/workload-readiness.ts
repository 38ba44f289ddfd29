import type { KubeObject } from './kube-object.ts';
import { countAt, isTrueAt, numberAt, textAt } from './read-member.ts';
import { conditionOf, conditionText, isStatusOutdated, pending, type Readiness, ready } from './readiness.ts';

/**
 * A rollout is over when every replica is of the newest template and available, and none of an older one is left. That its
 * own progress deadline has passed makes it no failure: an image that comes late still gets it there.
 */
export function judgeDeployment(object: KubeObject): Readiness {
  if (isTrueAt(object, 'spec', 'paused')) return { ...ready, message: 'paused' };
  if (isStatusOutdated(object)) return pending('the newest spec has not been looked at yet');
  const desired = numberAt(object, 'spec', 'replicas') ?? 1;
  const updated = countAt(object, 'status', 'updatedReplicas');
  const existing = countAt(object, 'status', 'replicas');
  const available = countAt(object, 'status', 'availableReplicas');
  const counts = countsComplaint([
    [updated < desired, `${updated} of ${desired} replicas updated`],
    [existing > updated, `${existing - updated} old replicas still there`],
    [available < desired, `${available} of ${desired} replicas available`],
  ]);
  return counts === undefined ? ready : pending(`${counts}${troubleOf(object)}`);
}

export function judgeStatefulSet(object: KubeObject): Readiness {
  if (isStatusOutdated(object)) return pending('the newest spec has not been looked at yet');
  const desired = numberAt(object, 'spec', 'replicas') ?? 1;
  const existing = countAt(object, 'status', 'replicas');
  const available = numberAt(object, 'status', 'availableReplicas') ?? countAt(object, 'status', 'readyReplicas');
  const counts = countsComplaint([
    [existing < desired, `${existing} of ${desired} replicas made`],
    [available < desired, `${available} of ${desired} replicas available`],
    [existing > desired, `${existing - desired} replicas too many`],
  ]);
  if (counts !== undefined) return pending(`${counts}${troubleOf(object)}`);
  return judgeStatefulRevision(object, desired);
}

/** OnDelete: somebody else decides when pods change. A partition: only ordinals from it on change. */
function judgeStatefulRevision(object: KubeObject, desired: number): Readiness {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return ready;
  const partition = countAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const current = textAt(object, 'status', 'currentRevision');
  const update = textAt(object, 'status', 'updateRevision');
  if (update === undefined || current === update) return ready;
  const wanted = Math.max(0, desired - partition);
  const updated = countAt(object, 'status', 'updatedReplicas');
  if (updated < wanted) return pending(`${updated} of ${wanted} replicas updated`);
  return partition > 0 ? ready : pending('the newest revision is not the current one yet');
}

export function judgeDaemonSet(object: KubeObject): Readiness {
  if (isStatusOutdated(object)) return pending('the newest spec has not been looked at yet');
  const desired = numberAt(object, 'status', 'desiredNumberScheduled');
  if (desired === undefined) return pending('no node has been chosen yet');
  const isOnDelete = textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  const made = countAt(object, 'status', 'currentNumberScheduled');
  const updated = countAt(object, 'status', 'updatedNumberScheduled');
  const available = numberAt(object, 'status', 'numberAvailable') ?? 0;
  const counts = countsComplaint([
    [made < desired, `pods on ${made} of ${desired} nodes`],
    [!isOnDelete && updated < desired, `pods updated on ${updated} of ${desired} nodes`],
    [available < desired, `pods available on ${available} of ${desired} nodes`],
  ]);
  return counts === undefined ? ready : pending(counts);
}

/** ReplicaSet and ReplicationController. */
export function judgeReplicas(object: KubeObject): Readiness {
  if (isStatusOutdated(object)) return pending('the newest spec has not been looked at yet');
  const desired = numberAt(object, 'spec', 'replicas') ?? 1;
  const existing = countAt(object, 'status', 'replicas');
  const available = countAt(object, 'status', 'availableReplicas');
  const counts = countsComplaint([
    [existing < desired, `${existing} of ${desired} replicas made`],
    [available < desired, `${available} of ${desired} replicas available`],
    [existing > desired, `${existing - desired} replicas too many`],
  ]);
  return counts === undefined ? ready : pending(`${counts}${troubleOf(object)}`);
}

function countsComplaint(checks: [isWrong: boolean, text: string][]): string | undefined {
  return checks.find(([isWrong]) => isWrong)?.[1];
}

/** Why it does not go on, where the controller says so: a quota, an admission webhook, its own progress deadline. */
function troubleOf(object: KubeObject): string {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return `; ${conditionText(failure, 'ReplicaFailure')}`;
  const progress = conditionOf(object, 'Progressing');
  return progress?.status === 'False' ? `; ${conditionText(progress, 'does not progress')}` : '';
}
