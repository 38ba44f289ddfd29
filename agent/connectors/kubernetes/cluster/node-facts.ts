import type { ClusterNode, Resources } from '#shared/connector/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isTrueAt, itemsAt, textAt, textsByNameAt, valueAt } from '../objects/read-member.ts';
import { conditionOf } from '../objects/readiness.ts';
import { amountsOf, rounded } from './amounts.ts';
import { pluginsOfAnnotations } from './network-plugins.ts';

/** One node without what its pods hold of it. */
export interface NodeFacts extends Omit<ClusterNode, 'used' | 'measured'> {
  /** Ready, not cordoned and not kept for the control plane: what is placed here can run. */
  takesWork: boolean;
  /** Network plugins that its annotations tell of. */
  plugins: string[];
}

const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
const controlPlaneTaints = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
const mostConditions = 10;

export function nodeFacts(node: KubeObject): NodeFacts {
  const labels = textsByNameAt(node, 'metadata', 'labels');
  const zone = zoneLabels.map((label) => labels[label]).find((value) => value !== undefined && value !== '');
  const isReady = conditionOf(node, 'Ready')?.status === 'True';
  const isSchedulable = !isTrueAt(node, 'spec', 'unschedulable');
  return {
    name: node.metadata.name,
    isReady,
    isSchedulable,
    ...(zone === undefined ? {} : { zone }),
    conditions: troublesOf(node),
    total: rounded(amountsOf(valueAt(node, 'status', 'allocatable'))),
    takesWork: isReady && isSchedulable && !isForControlPlane(node),
    plugins: pluginsOfAnnotations(textsByNameAt(node, 'metadata', 'annotations')),
  };
}

function troublesOf(node: KubeObject): string[] {
  const conditions = itemsAt(node, 'status', 'conditions').filter(
    (condition) => textAt(condition, 'status') === 'True',
  );
  const types = conditions.flatMap((condition) => textAt(condition, 'type') ?? []);
  return types.filter((type) => type !== 'Ready').slice(0, mostConditions);
}

/** Other taints are the operator's own design, and charts that are meant for such nodes tolerate them. */
function isForControlPlane(node: KubeObject): boolean {
  return itemsAt(node, 'spec', 'taints').some(
    (taint) =>
      controlPlaneTaints.includes(textAt(taint, 'key') ?? '') && textAt(taint, 'effect') !== 'PreferNoSchedule',
  );
}

/** NodeMetrics of metrics.k8s.io: what a node's work really uses. Storage is not measured there. */
export function nodeUsage(metrics: KubeObject): { name: string; measured: Resources } {
  return { name: metrics.metadata.name, measured: rounded(amountsOf(valueAt(metrics, 'usage'))) };
}
