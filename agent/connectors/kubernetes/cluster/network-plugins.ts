/** How a plugin is recognised: by API groups that are served, by annotations of nodes, by the name of its DaemonSet. */
interface PluginMarks {
  plugin: string;
  groups?: readonly string[];
  /** Beginnings of annotation names. */
  annotations?: readonly string[];
  daemonSets?: readonly string[];
}

const marks: readonly PluginMarks[] = [
  { plugin: 'antrea', groups: ['crd.antrea.io'], annotations: ['node.antrea.io/'], daemonSets: ['antrea-agent'] },
  { plugin: 'aws-vpc-cni', groups: ['vpcresources.k8s.aws'], daemonSets: ['aws-node'] },
  {
    plugin: 'calico',
    groups: ['crd.projectcalico.org', 'projectcalico.org'],
    annotations: ['projectcalico.org/'],
    daemonSets: ['calico-node', 'canal'],
  },
  {
    plugin: 'cilium',
    groups: ['cilium.io'],
    annotations: ['io.cilium.network', 'network.cilium.io/'],
    daemonSets: ['cilium'],
  },
  { plugin: 'flannel', annotations: ['flannel.alpha.coreos.com/'], daemonSets: ['kube-flannel-ds', 'kube-flannel'] },
  { plugin: 'kindnet', daemonSets: ['kindnet'] },
  { plugin: 'kube-ovn', groups: ['kubeovn.io'], annotations: ['ovn.kubernetes.io/'], daemonSets: ['kube-ovn-cni'] },
  { plugin: 'kube-router', annotations: ['kube-router.io/'], daemonSets: ['kube-router'] },
  {
    plugin: 'ovn-kubernetes',
    groups: ['k8s.ovn.org'],
    annotations: ['k8s.ovn.org/'],
    daemonSets: ['ovnkube-node'],
  },
  { plugin: 'sriov', groups: ['sriovnetwork.openshift.io'], daemonSets: ['kube-sriov-cni-ds', 'sriov-cni'] },
  { plugin: 'weave', daemonSets: ['weave-net'] },
  { plugin: 'whereabouts', groups: ['whereabouts.cni.cncf.io'], daemonSets: ['whereabouts'] },
];

const multusGroup = 'k8s.cni.cncf.io';
const multusKind = 'NetworkAttachmentDefinition';

/** Plugins that a node's annotations tell of, sorted. */
export function pluginsOfAnnotations(annotations: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(annotations);
  const found = marks.filter(({ annotations: prefixes = [] }) =>
    prefixes.some((prefix) => names.some((name) => name.startsWith(prefix))),
  );
  return found.map(({ plugin }) => plugin);
}

/** Plugins that what is served (`group/version[/Kind]`) and what runs on every node tell of, sorted. */
export function pluginsOfCluster(apiVersions: readonly string[], daemonSetNames: readonly string[]): string[] {
  const groups = new Set(apiVersions.map((version) => version.slice(0, Math.max(0, version.indexOf('/')))));
  const found = marks.filter(
    (mark) =>
      mark.groups?.some((group) => groups.has(group)) || mark.daemonSets?.some((name) => daemonSetNames.includes(name)),
  );
  const plugins = found.map(({ plugin }) => plugin);
  if (servesKind(apiVersions, multusGroup, multusKind)) plugins.push('multus');
  return plugins.sort();
}

/** `apiVersions` in Helm's form: `group/version/Kind`. */
export function servesKind(apiVersions: readonly string[], group: string, kind: string): boolean {
  return apiVersions.some((version) => version.startsWith(`${group}/`) && version.endsWith(`/${kind}`));
}
