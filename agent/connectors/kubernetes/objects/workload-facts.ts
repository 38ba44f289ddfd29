import { compareTexts } from './compare-texts.ts';
import type { KubeObject } from './kube-object.ts';
import { countAt, isTrueAt, itemsAt, numberAt, textAt } from './read-member.ts';

export { type PodFact, type PodNetworkFact, podFacts } from './pod-facts.ts';
export { type ServiceFact, type ServiceFacts, serviceFacts } from './service-facts.ts';

/** Of one workload; McioInfo of ETSI GS NFV-SOL 003 (clause 5.5.3) has its kind as type and its two counts. */
export interface WorkloadFact {
  kind: string;
  namespace: string;
  name: string;
  desired: number;
  available: number;
  images: string[];
}

const mostWorkloads = 200;

/** Desired and available instances of each kind that counts as a workload. */
const counters: ReadonlyMap<string, (object: KubeObject) => { desired: number; available: number }> = new Map([
  ['Deployment', replicaCounts],
  ['StatefulSet', replicaCounts],
  ['ReplicaSet', replicaCounts],
  ['DaemonSet', daemonCounts],
  ['Job', jobCounts],
]);

/** Workloads that no other object makes (a Deployment's ReplicaSets and a CronJob's Jobs are left out); at most 200, by name. */
export function workloadFacts(objects: readonly KubeObject[]): WorkloadFact[] {
  const facts = objects.flatMap((object) => {
    const count = counters.get(object.kind);
    if (count === undefined || !/^(apps|batch)\//.test(object.apiVersion) || isControlled(object)) return [];
    const { namespace = '', name } = object.metadata;
    const containers = itemsAt(object, 'spec', 'template', 'spec', 'containers');
    const images = [...new Set(containers.flatMap((container) => textAt(container, 'image') ?? []))];
    return [{ kind: object.kind, namespace, name, ...count(object), images }];
  });
  return facts.sort((left, right) => compareTexts(placeOf(left), placeOf(right))).slice(0, mostWorkloads);
}

function placeOf({ kind, namespace, name }: WorkloadFact): string {
  return `${namespace}/${kind}/${name}`;
}

function isControlled(object: KubeObject): boolean {
  return itemsAt(object, 'metadata', 'ownerReferences').some((owner) => isTrueAt(owner, 'controller'));
}

function replicaCounts(object: KubeObject): { desired: number; available: number } {
  const available = numberAt(object, 'status', 'availableReplicas') ?? countAt(object, 'status', 'readyReplicas');
  return { desired: numberAt(object, 'spec', 'replicas') ?? 1, available };
}

function daemonCounts(object: KubeObject): { desired: number; available: number } {
  return {
    desired: countAt(object, 'status', 'desiredNumberScheduled'),
    available: countAt(object, 'status', 'numberAvailable'),
  };
}

/** What has ended well counts like what runs. */
function jobCounts(object: KubeObject): { desired: number; available: number } {
  const desired = numberAt(object, 'spec', 'completions') ?? numberAt(object, 'spec', 'parallelism') ?? 1;
  const done = countAt(object, 'status', 'succeeded') + countAt(object, 'status', 'ready');
  return { desired, available: Math.min(desired, done) };
}
