import type { ComputeSpec, DesiredUnit, MonitorSpec, NetworkSpec } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { ApiResources } from '../api/api-resources.ts';
import type { KubernetesSettings } from '../kubernetes-settings.ts';
import { monitoringGroup, monitorKind, monitorObject } from './monitor-objects.ts';
import { existingNetwork, networkAttachment } from './network-attachment.ts';
import type { RenderedParts, UnitRendererOptions } from './render-unit.ts';
import { virtualMachine } from './virtual-machine.ts';

interface Surroundings {
  resources: ApiResources;
  settings: KubernetesSettings;
}

const attachmentGroup = 'k8s.cni.cncf.io';

/** Kinds of units beside charts and manifests: each makes objects of its spec. */
export function otherKinds(around: Surroundings): UnitRendererOptions['others'] {
  return {
    network: (unit, signal) => renderNetwork(around, unit, signal),
    monitor: (unit, signal) => renderMonitor(around, unit, signal),
    compute: (unit, signal) => renderMachine(around, unit, signal),
  };
}

/** A management network is the cluster's own; another one that exists is only named. */
async function renderNetwork(
  { resources, settings }: Surroundings,
  unit: DesiredUnit,
  signal: AbortSignal,
): Promise<RenderedParts> {
  const spec = unit.spec as unknown as NetworkSpec;
  const namespace = spec.namespace ?? settings.defaultNamespace;
  if (spec.management) return { namespace, objects: [], facts: { pool: 'cluster' } };
  await demandKind(resources, { group: attachmentGroup, kind: 'NetworkAttachmentDefinition', what: 'Multus', signal });
  if (spec.existingName !== undefined && spec.existingName !== '') {
    const existing = existingNetwork(spec.existingName, namespace);
    return { namespace, objects: [], facts: { attachment: `${existing.namespace}/${existing.name}` } };
  }
  const name = ownName(spec.name, unit.name);
  const made = networkAttachment(spec, { name, namespace });
  if (!made.ok) throw made.error;
  const objects = made.value === undefined ? [] : [made.value];
  return { namespace, objects, facts: { attachment: `${namespace}/${name}`, ...(spec.cidr && { cidr: spec.cidr }) } };
}

async function renderMonitor(
  { resources }: Surroundings,
  unit: DesiredUnit,
  signal: AbortSignal,
): Promise<RenderedParts> {
  const spec = unit.spec as unknown as MonitorSpec;
  const kind = monitorKind(spec);
  await demandKind(resources, { group: monitoringGroup, kind, what: 'The Prometheus operator', signal });
  return { namespace: spec.namespace, objects: [monitorObject(spec)] };
}

async function renderMachine(
  { resources, settings }: Surroundings,
  unit: DesiredUnit,
  signal: AbortSignal,
): Promise<RenderedParts> {
  await demandKind(resources, { group: 'kubevirt.io', kind: 'VirtualMachine', what: 'KubeVirt', signal });
  const spec = unit.spec as unknown as ComputeSpec;
  const namespace = typeof unit.spec['namespace'] === 'string' ? unit.spec['namespace'] : settings.defaultNamespace;
  const name = ownName(spec.name, unit.name);
  const { dependencies } = unit;
  const made = virtualMachine(spec, { name, namespace, images: settings.machineImages, dependencies });
  if (!made.ok) throw made.error;
  return { namespace, objects: made.value };
}

async function demandKind(
  resources: ApiResources,
  { group, kind, what, signal }: { group: string; kind: string; what: string; signal: AbortSignal },
): Promise<void> {
  if ((await resources.findByGroup(group, kind, signal)) !== undefined) return;
  throw new SkerryError('PlatformRefused', `${what} is not installed in this cluster: it serves no ${kind}`, {
    remedy: `Install ${what.replace('The', 'the')}, or place the unit elsewhere.`,
  });
}

/** Of one incarnation, so that a new one can be made beside the old; readable for people. */
function ownName(name: string, unitName: string): string {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return `${readable || 'net'}-${unitName.slice(0, 8)}`;
}
