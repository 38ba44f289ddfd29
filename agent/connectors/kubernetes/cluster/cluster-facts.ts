import type { ClusterFacts, ClusterNode, InfraFacts, Resources } from '#shared/connector/index.ts';
import { compareTexts } from '../objects/compare-texts.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { textAt } from '../objects/read-member.ts';
import { rounded, sumOf } from './amounts.ts';
import { pluginsOfCluster, servesKind } from './network-plugins.ts';
import type { NodeFacts } from './node-facts.ts';

/** What a look at a cluster has found; all of it reduced as it came. */
export interface ClusterPicture {
  /** Kubernetes version without `v`. */
  version: string;
  nodes: readonly NodeFacts[];
  /** Sums of what is requested, by node name. */
  requestsByNode: ReadonlyMap<string, Resources>;
  /** By node name; absent: there is no metrics API. */
  measuredByNode?: ReadonlyMap<string, Resources>;
  storageClasses: ClusterFacts['storageClasses'];
  /** NetworkAttachmentDefinitions as `namespace/name`. */
  networks: readonly string[];
  /** What is served, in Helm's form: `apps/v1`, `apps/v1/Deployment`. */
  apiVersions: readonly string[];
  /** DaemonSets of the cluster, whatever their namespace; empty where they may not be read. */
  daemonSetNames: readonly string[];
}

export interface ClusterReport extends Pick<InfraFacts, 'capacity' | 'measured' | 'zones' | 'features'> {
  cluster: Omit<ClusterFacts, 'missing'>;
}

const mostNodes = 500;
const mostNetworks = 200;
const mostStorageClasses = 100;
const nothing: Resources = { vcpus: 0, memoryMib: 0, storageGib: 0 };

/**
 * Sums, features and nodes of a cluster. Capacity counts the nodes that take work, and on those only what is requested, so
 * that a cordoned or lost node lowers what is free and never makes it negative.
 */
export function clusterFacts(picture: ClusterPicture): ClusterReport {
  const working = picture.nodes.filter((node) => node.takesWork);
  const used = working.map((node) => picture.requestsByNode.get(node.name) ?? nothing);
  const zones = picture.nodes.flatMap((node) => node.zone ?? []);
  const report: ClusterReport = {
    capacity: { total: totalOf(working), used: rounded(sumOf(used)) },
    zones: [...new Set(zones)].sort(),
    features: featuresOf(picture),
    cluster: clusterOf(picture),
  };
  const { measuredByNode } = picture;
  if (measuredByNode === undefined) return report;
  const measured = working.map((node) => measuredByNode.get(node.name) ?? nothing);
  return { ...report, measured: rounded(sumOf(measured)) };
}

/** Where no node tells of its ephemeral storage, it is left out: absent means not known, zero would mean none. */
function totalOf(nodes: readonly NodeFacts[]): Resources {
  const { storageGib, ...rest } = rounded(sumOf(nodes.map((node) => node.total)));
  return (storageGib > 0 || nodes.length === 0 ? { ...rest, storageGib } : rest) as Resources;
}

function clusterOf(picture: ClusterPicture): ClusterReport['cluster'] {
  const nodes = [...picture.nodes].sort((left, right) => compareTexts(left.name, right.name));
  const classes = [...picture.storageClasses].sort((left, right) => compareTexts(left.name, right.name));
  return {
    version: picture.version,
    cni: cniOf(picture),
    networks: [...picture.networks].sort().slice(0, mostNetworks),
    storageClasses: classes.slice(0, mostStorageClasses),
    nodes: nodes.slice(0, mostNodes).map((node) => clusterNode(node, picture)),
  };
}

function cniOf({ nodes, apiVersions, daemonSetNames }: ClusterPicture): string[] {
  const plugins = [...pluginsOfCluster(apiVersions, daemonSetNames), ...nodes.flatMap((node) => node.plugins)];
  return [...new Set(plugins)].sort();
}

function clusterNode({ takesWork, plugins, ...node }: NodeFacts, picture: ClusterPicture): ClusterNode {
  const measured = picture.measuredByNode?.get(node.name);
  const used = rounded(picture.requestsByNode.get(node.name) ?? nothing);
  return { ...node, used, ...(measured === undefined ? {} : { measured: rounded(measured) }) };
}

/**
 * Placement reads the names of unit kinds among the features as all that can be made here; the rest is for people and for
 * what a descriptor asks of a cluster.
 */
function featuresOf(picture: ClusterPicture): string[] {
  const { apiVersions } = picture;
  const features = ['helm-release', 'manifests', 'network'];
  const isMonitored =
    servesKind(apiVersions, 'monitoring.coreos.com', 'ServiceMonitor') ||
    servesKind(apiVersions, 'monitoring.coreos.com', 'PodMonitor');
  if (isMonitored) features.push('monitor');
  if (servesKind(apiVersions, 'kubevirt.io', 'VirtualMachine')) features.push('compute', 'kubevirt');
  if (servesKind(apiVersions, 'cdi.kubevirt.io', 'DataVolume')) features.push('cdi');
  if (picture.measuredByNode !== undefined) features.push('metrics');
  return [...features, ...cniOf(picture)];
}

/** One StorageClass. */
export function storageClassFacts(object: KubeObject): ClusterFacts['storageClasses'][number] {
  const marks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
  const isDefault = marks.some((mark) => textAt(object, 'metadata', 'annotations', mark) === 'true');
  return { name: object.metadata.name, provisioner: textAt(object, 'provisioner') ?? '', isDefault };
}
