import { compareTexts } from './compare-texts.ts';
import { judgeReadiness } from './judge-readiness.ts';
import type { KubeObject } from './kube-object.ts';
import { countAt, isMembers, isTrueAt, itemsAt, textAt, textsAt } from './read-member.ts';

export interface PodFact {
  name: string;
  namespace: string;
  node?: string;
  addresses: string[];
  /** Those beside the cluster's own. */
  networks: PodNetworkFact[];
  isReady: boolean;
  restarts: number;
  /** For people, when the pod is not ready. */
  message?: string;
}

export interface PodNetworkFact {
  /** `namespace/name` of the NetworkAttachmentDefinition. */
  name: string;
  /** Inside the pod: `net1`. */
  interface: string;
  addresses: string[];
}

const mostPods = 50;
const mostNetworks = 20;
const longestStatus = 65_536;

/** At most 50, by namespace and name; where there are more, those that are not ready are kept. */
export function podFacts(pods: readonly KubeObject[]): PodFact[] {
  const facts = pods.map(podFact);
  const kept = [...facts.filter((fact) => !fact.isReady), ...facts.filter((fact) => fact.isReady)].slice(0, mostPods);
  return kept.sort((left, right) => compareTexts(placeOf(left), placeOf(right)));
}

function placeOf({ namespace, name }: PodFact): string {
  return `${namespace}/${name}`;
}

function podFact(pod: KubeObject): PodFact {
  const { name, namespace = '' } = pod.metadata;
  const node = textAt(pod, 'spec', 'nodeName');
  const { state, message } = judgeReadiness(pod);
  const isReady = state === 'ready';
  const addresses = itemsAt(pod, 'status', 'podIPs').flatMap((each) => textAt(each, 'ip') ?? []);
  const single = textAt(pod, 'status', 'podIP');
  const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((list) => itemsAt(pod, 'status', list));
  return {
    name,
    namespace,
    ...(node === undefined ? {} : { node }),
    addresses: addresses.length === 0 && single !== undefined ? [single] : addresses,
    networks: networksOf(pod),
    isReady,
    restarts: statuses.reduce((sum, status) => sum + countAt(status, 'restartCount'), 0),
    ...(isReady || message === undefined ? {} : { message }),
  };
}

/** What Multus writes about a pod's interfaces. Whoever may edit the pod may edit it, so it is read with care. */
function networksOf(pod: KubeObject): PodNetworkFact[] {
  const text = textAt(pod, 'metadata', 'annotations', 'k8s.v1.cni.cncf.io/network-status');
  if (text === undefined || text.length > longestStatus) return [];
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(entries)) return [];
  const others = entries.filter((entry) => isMembers(entry) && !isTrueAt(entry, 'default'));
  return others.slice(0, mostNetworks).map((entry) => ({
    name: textAt(entry, 'name') ?? '',
    interface: textAt(entry, 'interface') ?? '',
    addresses: textsAt(entry, 'ips'),
  }));
}
