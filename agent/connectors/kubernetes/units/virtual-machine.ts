import { createHash } from 'node:crypto';
import type { ComputeSpec } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isTrueAt, textAt } from '../objects/read-member.ts';
import { type MachineDisksAsk, machineDisks } from './machine-disks.ts';
import { type Dependencies, machinePorts } from './machine-ports.ts';

/** Port names by interface, as JSON: names of ports may hold what names of interfaces must not. */
export const portsAnnotation = 'skerry.io/ports';
const groupPrefix = 'group.skerry.io/';
const namePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * A VNFC instance as a KubeVirt virtual machine (kubevirt.io/v1), with what must be there before it, in the order of applying.
 * KubeVirt keeps it running; what it was made from is never written to (images are copied or ephemeral).
 */
export function virtualMachine(spec: ComputeSpec, ask: MachineDisksAsk): Result<KubeObject[]> {
  const disks = machineDisks(spec, ask);
  if (!disks.ok) return disks;
  const ports = machinePorts(spec.ports, ask.dependencies);
  if (!ports.ok) return ports;
  const groups = groupsOf(spec, ask.dependencies);
  if (!groups.ok) return groups;
  const { interfaces, networks, portNames } = ports.value;
  const { volumes, dataVolumeTemplates, secrets } = disks.value;
  const machine: KubeObject = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {
      name: ask.name,
      namespace: ask.namespace,
      annotations: { [portsAnnotation]: JSON.stringify(portNames) },
    },
    spec: {
      runStrategy: 'Always',
      ...(dataVolumeTemplates.length === 0 ? {} : { dataVolumeTemplates }),
      template: {
        metadata: { labels: groups.value.labels },
        spec: {
          domain: {
            ...computing(spec),
            devices: {
              disks: disks.value.disks,
              interfaces,
              // Without ports KubeVirt would add one by itself.
              ...(interfaces.length === 0 ? { autoattachPodInterface: false } : {}),
            },
          },
          networks,
          volumes,
          ...(namePattern.test(spec.name) ? { hostname: spec.name } : {}),
          ...(spec.zone === undefined ? {} : { nodeSelector: { 'topology.kubernetes.io/zone': spec.zone } }),
          ...groups.value.affinity,
        },
      },
    },
  };
  return ok([...secrets, machine]);
}

function computing({ vcpus, memoryMib, extra }: ComputeSpec): JsonObject {
  const isPinned = /^(static|dedicated)$/i.test(textAt(extra, 'virtual-cpu', 'pinning', 'policy') ?? '');
  const pageSize = pageSizeOf(textAt(extra, 'virtual-memory', 'mempage-size'));
  // KubeVirt maps NUMA cells through only for machines with CPUs and pages of their own.
  const hasNuma = isPinned && pageSize !== undefined && isTrueAt(extra, 'virtual-memory', 'numa-enabled');
  return {
    cpu: {
      cores: Math.max(1, Math.ceil(vcpus)),
      ...(isPinned ? { dedicatedCpuPlacement: true } : {}),
      ...(hasNuma ? { numa: { guestMappingPassthrough: {} } } : {}),
    },
    memory: {
      guest: `${Math.ceil(memoryMib)}Mi`,
      ...(pageSize === undefined ? {} : { hugepages: { pageSize } }),
    },
  };
}

/** OSM's words. `SMALL` asks for nothing, and a preference cannot be told to KubeVirt. */
function pageSizeOf(word: string | undefined): string | undefined {
  if (word === 'LARGE' || word === 'SIZE_2MB') return '2Mi';
  return word === 'SIZE_1GB' ? '1Gi' : undefined;
}

interface Groups {
  labels: Record<string, string>;
  affinity: JsonObject;
}

/** A group is a label that its members carry, and a rule about the label. */
function groupsOf({ affinityGroupKeys }: ComputeSpec, dependencies: Dependencies): Result<Groups> {
  const labels: Record<string, string> = {};
  const terms: Record<'podAffinity' | 'podAntiAffinity', JsonObject[]> = { podAffinity: [], podAntiAffinity: [] };
  for (const key of affinityGroupKeys) {
    const facts = dependencies[key]?.facts;
    const policy = textAt(facts, 'policy');
    if (policy !== 'affinity' && policy !== 'anti-affinity')
      return fail(
        new SkerryError('PlatformRefused', `The virtual machine cannot be made: nothing is known of its group ${key}`, {
          remedy: 'Make the affinity group first, or leave it out of the descriptor’s profile.',
        }),
      );
    const label = `${groupPrefix}${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
    labels[label] = 'member';
    const isZone = /zone/i.test(textAt(facts, 'scope') ?? '');
    terms[policy === 'affinity' ? 'podAffinity' : 'podAntiAffinity'].push({
      labelSelector: { matchLabels: { [label]: 'member' } },
      topologyKey: isZone ? 'topology.kubernetes.io/zone' : 'kubernetes.io/hostname',
    });
  }
  const rules = Object.entries(terms).filter(([, list]) => list.length > 0);
  if (rules.length === 0) return ok({ labels, affinity: {} });
  const affinity = rules.map(([rule, list]) => [rule, { requiredDuringSchedulingIgnoredDuringExecution: list }]);
  return ok({ labels, affinity: { affinity: Object.fromEntries(affinity) } });
}
