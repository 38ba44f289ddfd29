import { groupOf, type KubeObject } from './kube-object.ts';
import {
  judgeApiService,
  judgeByConvention,
  judgeCustomResourceDefinition,
  judgeNamespace,
  judgeService,
  judgeVolumeClaim,
} from './other-readiness.ts';
import { judgeJob, judgePod } from './pod-readiness.ts';
import { textAt } from './read-member.ts';
import { pending, type Readiness, type ReadinessRule, ready } from './readiness.ts';
import { judgeDaemonSet, judgeDeployment, judgeReplicas, judgeStatefulSet } from './workload-readiness.ts';

export type { Readiness } from './readiness.ts';

/** By `group/kind`: other groups have kinds of the same name (`serving.knative.dev` has a Service). */
const rules: ReadonlyMap<string, ReadinessRule> = new Map([
  ['apps/Deployment', judgeDeployment],
  ['apps/StatefulSet', judgeStatefulSet],
  ['apps/DaemonSet', judgeDaemonSet],
  ['apps/ReplicaSet', judgeReplicas],
  ['/ReplicationController', judgeReplicas],
  ['/Pod', judgePod],
  ['batch/Job', judgeJob],
  ['batch/CronJob', () => ready],
  ['/Service', judgeService],
  ['/PersistentVolumeClaim', judgeVolumeClaim],
  ['apiextensions.k8s.io/CustomResourceDefinition', judgeCustomResourceDefinition],
  ['apiregistration.k8s.io/APIService', judgeApiService],
  ['/Namespace', judgeNamespace],
]);

/** Whether an object does what it was made for. Total: whatever is missing or odd in it never throws. */
export function judgeReadiness(object: KubeObject): Readiness {
  if (textAt(object, 'metadata', 'deletionTimestamp') !== undefined) return pending('it is being deleted');
  const rule = rules.get(`${groupOf(object.apiVersion)}/${object.kind}`) ?? judgeByConvention;
  return rule(object);
}
