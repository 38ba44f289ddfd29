import { appliedFields } from '../objects/applied-fields.ts';
import { judgeReadiness, type Readiness } from '../objects/judge-readiness.ts';
import { type KubeObject, type ObjectRef, refOf } from '../objects/kube-object.ts';
import { unitLabel } from '../objects/own-labels.ts';
import { packedRecordOf } from './unit-record.ts';

/** What is kept of an object that carries our label. */
export interface Tracked {
  unitName: string;
  ref: ObjectRef;
  uid: string;
  /** Fingerprint of the fields that are ours (`appliedFields`). */
  fields: string;
  readiness: Readiness;
  isDeleting: boolean;
  /** Made by a controller for another object: goes with it. */
  isChild: boolean;
  /** `helm.sh/resource-policy: keep`. */
  isKept: boolean;
  /** A Job or Pod that ran to its end. */
  hasEnded: boolean;
  /** Which release's hook it is. */
  hookOf?: string;
  /** Of a unit's record. */
  packed?: Buffer;
  /** Parts that facts are made of: services, workloads, pods, virtual machines. */
  source?: KubeObject;
}

/** Annotation of a hook's object: `<release number>` that it was made for. */
export const hookAnnotation = 'skerry.io/hook-of-release';

const factKinds = new Set(['Service', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet']);
const machineKinds = new Set(['VirtualMachine', 'VirtualMachineInstance']);

export function track(object: KubeObject): Tracked | undefined {
  const { metadata, kind } = object;
  const unitName = metadata.labels?.[unitLabel];
  if (unitName === undefined) return undefined;
  const annotations = metadata.annotations ?? {};
  const packed = kind === 'Secret' ? packedRecordOf(object) : undefined;
  const source = sourceOf(object);
  return {
    unitName,
    ref: refOf(object),
    uid: metadata.uid ?? '',
    fields: appliedFields(object),
    readiness: judgeReadiness(object),
    isDeleting: metadata.deletionTimestamp !== undefined,
    isChild: (metadata.ownerReferences ?? []).some((owner) => owner.controller === true),
    isKept: annotations['helm.sh/resource-policy'] === 'keep',
    hasEnded: hasEnded(object),
    ...(annotations[hookAnnotation] === undefined ? {} : { hookOf: annotations[hookAnnotation] }),
    ...(packed === undefined ? {} : { packed }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Without what facts do not need: managed fields and templates are most of an object. */
function sourceOf(object: KubeObject): KubeObject | undefined {
  const { apiVersion, kind, metadata, spec, status } = object;
  if (!factKinds.has(kind) && !machineKinds.has(kind)) return undefined;
  const { name, namespace, annotations, ownerReferences, labels } = metadata;
  const slim = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(kind === 'Service' && annotations !== undefined ? { annotations } : {}),
    ...((kind === 'Pod' || machineKinds.has(kind)) && annotations !== undefined ? { annotations } : {}),
    ...(kind === 'Service' && labels !== undefined ? { labels } : {}),
  };
  if (kind === 'Service' || machineKinds.has(kind)) return { apiVersion, kind, metadata: slim, spec, status };
  const images = imagesOf(spec);
  const slimSpec =
    kind === 'Pod'
      ? { nodeName: spec?.['nodeName'], ...images }
      : {
          replicas: spec?.['replicas'],
          completions: spec?.['completions'],
          parallelism: spec?.['parallelism'],
          suspend: spec?.['suspend'],
          template: { spec: imagesOf(templateSpec(spec)) },
        };
  return { apiVersion, kind, metadata: slim, spec: slimSpec, status };
}

function templateSpec(spec: KubeObject['spec']): KubeObject['spec'] {
  const template = spec?.['template'] as { spec?: KubeObject['spec'] } | undefined;
  return template?.spec;
}

function imagesOf(spec: KubeObject['spec']): { containers: { name: string; image: string }[] } {
  const containers = Array.isArray(spec?.['containers']) ? spec['containers'] : [];
  return {
    containers: containers.map((container) => {
      const { name, image } = container as { name?: string; image?: string };
      return { name: name ?? '', image: image ?? '' };
    }),
  };
}

function hasEnded({ kind, status }: KubeObject): boolean {
  if (kind === 'Pod') return status?.['phase'] === 'Succeeded';
  if (kind !== 'Job') return false;
  const conditions = Array.isArray(status?.['conditions']) ? status['conditions'] : [];
  return conditions.some((condition) => {
    const { type, status: value } = condition as { type?: string; status?: string };
    return type === 'Complete' && value === 'True';
  });
}
