import type { KubeObject } from './kube-object.ts';
import { itemsAt, numberAt, textAt, textsAt } from './read-member.ts';
import {
  conditionOf,
  conditionText,
  failed,
  isConditionTrue,
  isStatusOutdated,
  pending,
  type Readiness,
  ready,
} from './readiness.ts';

export function judgeService(object: KubeObject): Readiness {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return ready;
  if (textsAt(object, 'spec', 'externalIPs').length > 0) return ready;
  if (itemsAt(object, 'status', 'loadBalancer', 'ingress').length > 0) return ready;
  return pending('the load balancer has given no address yet');
}

/** Marks of the volume controller that it has begun to make or bind a volume. */
const provisioningMarks = [
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
];

/**
 * A class may wait for the first pod that mounts the claim (WaitForFirstConsumer), which the claim itself does not tell; a
 * claim that waited for that would never be ready when nothing mounts it. So an unbound claim is pending only once the
 * volume controller has begun with it. Where a pod mounts it, the pod's own state tells the rest.
 */
export function judgeVolumeClaim(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return ready;
  if (phase === 'Lost') return failed('the volume of the claim is gone');
  const isBegun =
    textAt(object, 'spec', 'volumeName') !== undefined ||
    provisioningMarks.some((mark) => textAt(object, 'metadata', 'annotations', mark) !== undefined);
  return isBegun
    ? pending('the volume is being made')
    : { ...ready, message: 'waits for the first pod that mounts it' };
}

export function judgeCustomResourceDefinition(object: KubeObject): Readiness {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(conditionText(names, 'its names are taken'));
  if (isConditionTrue(object, 'Established')) return ready;
  return pending('the kind is not served yet');
}

export function judgeApiService(object: KubeObject): Readiness {
  const available = conditionOf(object, 'Available');
  if (available?.status === 'True') return ready;
  return pending(available === undefined ? 'not looked at yet' : conditionText(available, 'not available'));
}

export function judgeNamespace(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  return phase === undefined || phase === 'Active' ? ready : pending(`the namespace is ${phase.toLowerCase()}`);
}

/** Kinds without a rule of their own: what the conventions of API objects let anybody read, where it is there at all. */
export function judgeByConvention(object: KubeObject): Readiness {
  const isObserving = numberAt(object, 'status', 'observedGeneration') !== undefined;
  if (isObserving && isStatusOutdated(object)) return pending('the newest spec has not been looked at yet');
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return failed(conditionText(stalled, 'stalled'));
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return pending(conditionText(reconciling, 'reconciling'));
  for (const type of ['Ready', 'Available']) {
    const condition = conditionOf(object, type);
    if (condition?.status === 'False') return pending(conditionText(condition, `not ${type.toLowerCase()}`));
  }
  return ready;
}
