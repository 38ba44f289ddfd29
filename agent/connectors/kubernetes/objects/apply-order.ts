import type { KubeObject } from './kube-object.ts';

const firstKinds = new Set(['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'RuntimeClass', 'StorageClass']);
const lateKinds = new Set(['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'APIService']);
const groundKinds = new Set([
  ...['ResourceQuota', 'LimitRange', 'NetworkPolicy', 'ServiceAccount', 'Secret', 'ConfigMap', 'PersistentVolume'],
  ...['PersistentVolumeClaim', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'Service'],
  'NetworkAttachmentDefinition',
]);

/** What others need to exist, then what pods mount and refer to, then the rest, then what stands in the way of writes. */
export function applyGroups(objects: readonly KubeObject[]): KubeObject[][] {
  const groups: KubeObject[][] = [[], [], [], []];
  for (const object of objects) groups[groupOf(object.kind)]!.push(object);
  return groups.filter((group) => group.length > 0);
}

/** Objects that make kinds or places: nothing else can be applied before they are ready. */
export function isFoundation(kind: string): boolean {
  return firstKinds.has(kind);
}

function groupOf(kind: string): 0 | 1 | 2 | 3 {
  if (firstKinds.has(kind)) return 0;
  if (groundKinds.has(kind)) return 1;
  return lateKinds.has(kind) ? 3 : 2;
}
