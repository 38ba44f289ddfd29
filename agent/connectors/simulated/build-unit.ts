import {
  type ComputeSpec,
  type DesiredUnit,
  type HelmReleaseSpec,
  type NetworkSpec,
  noResources,
  type Resources,
  type UnitFacts,
  type VolumeSpec,
} from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Incarnation } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { allocateAddress } from './address-pool.ts';
import type { SimulatedSettings } from './simulated-settings.ts';
import type { World } from './world.ts';
import type { WorldUnit } from './world-entry.ts';

type Taken = WorldUnit['taken'];
interface Parts {
  resources: Resources;
  facts: UnitFacts;
  taken: Taken;
  attached: Incarnation[];
}

/**
 * What a unit becomes on the simulated platform: resources, addresses, attachments. `former`: the same incarnation before an
 * update; it keeps its addresses.
 * @throws SkerryError PlatformRefused, PlatformCapacity
 */
export function buildUnit(
  world: World,
  settings: SimulatedSettings,
  unit: DesiredUnit,
  former: WorldUnit | undefined,
): Omit<WorldUnit, 'readyAt'> {
  const parts = buildParts(world, settings, unit, former);
  refuseOverCapacity(world, settings, parts.resources, former?.resources ?? noResources);
  const { key, kind, owner, incarnation, name, spec, specDigest } = unit;
  return { key, kind, owner, incarnation, name, platformId: `sim-${name}`, spec, specDigest, ...parts };
}

/** Sum of what stands on the platform. */
export function usedResources(world: World): Resources {
  let used = noResources;
  for (const unit of world.units.values()) used = add(used, unit.resources);
  return used;
}

function buildParts(world: World, settings: SimulatedSettings, unit: DesiredUnit, former?: WorldUnit): Parts {
  const none: Parts = { resources: noResources, facts: {}, taken: [], attached: [] };
  switch (unit.kind) {
    case 'network':
      return { ...none, facts: networkFacts(world, unit) };
    case 'volume': {
      const sizeGib = (unit.spec as unknown as VolumeSpec).sizeGib;
      return { ...none, resources: { ...noResources, storageGib: sizeGib }, facts: { sizeGib } };
    }
    case 'compute':
      return buildCompute(world, settings, unit, former);
    case 'helm-release':
    case 'manifests':
      return buildRelease(world, settings, unit, former);
    default:
      return none;
  }
}

function networkFacts(world: World, unit: DesiredUnit): UnitFacts {
  const spec = unit.spec as unknown as NetworkSpec;
  if (spec.management) return { pool: 'management', cidr: spec.cidr ?? '10.250.0.0/16' };
  if (spec.existingName !== undefined)
    return { pool: `existing:${spec.existingName}`, cidr: spec.cidr ?? '10.249.0.0/16' };
  const pool = `${unit.key}#${unit.incarnation}`;
  const taken = new Set([...world.units.values()].map((other) => other.facts['cidr']));
  for (let index = 0; spec.cidr === undefined && index < 65_536; index += 1) {
    const cidr = `${spec.ipVersion === 'ipv6' ? `fd00:${index.toString(16)}::/64` : `10.${16 + (index >> 8)}.${index & 255}.0/24`}`;
    if (!taken.has(cidr)) return { pool, cidr };
  }
  return { pool, cidr: spec.cidr };
}

function buildCompute(world: World, settings: SimulatedSettings, unit: DesiredUnit, former?: WorldUnit): Parts {
  const spec = unit.spec as unknown as ComputeSpec;
  if (settings.images !== undefined && !settings.images.includes(spec.image.name))
    throw new SkerryError('PlatformRefused', `There is no image ${spec.image.name} on this infra`, {
      details: { image: spec.image.name },
      remedy: `Upload the image, or name one of ${settings.images.slice(0, 5).join(', ')}.`,
    });
  const taken: Taken = [];
  const attached: Incarnation[] = [];
  const addresses: Record<string, string[]> = {};
  for (const port of spec.ports ?? []) {
    const network = findDependency(world, unit, port.networkKey);
    attached.push(network.incarnation);
    const pool = String(network.facts['pool']);
    const had = former?.facts.addresses?.[port.name]?.[0];
    const mine = former?.taken.some((entry) => entry.pool === pool && entry.address === had);
    const address = mine === true && had !== undefined ? had : takeAddress(world, network, port.ipAddress, taken);
    taken.push({ pool, address });
    addresses[port.name] = [address];
  }
  for (const volume of spec.volumes ?? [])
    if (volume.volumeKey !== undefined) findDependency(world, unit, volume.volumeKey);
  for (const key of spec.affinityGroupKeys ?? []) findDependency(world, unit, key);
  const ownVolumesGib = (spec.volumes ?? []).reduce(
    (sum, volume) => sum + (volume.volumeKey === undefined ? (volume.sizeGib ?? 0) : 0),
    0,
  );
  const resources = {
    vcpus: spec.vcpus,
    memoryMib: spec.memoryMib,
    storageGib: spec.rootDiskGib + ownVolumesGib,
  };
  return { resources, facts: { addresses, zone: spec.zone ?? settings.zones[0] }, taken, attached };
}

function buildRelease(world: World, settings: SimulatedSettings, unit: DesiredUnit, former?: WorldUnit): Parts {
  const spec = unit.spec as unknown as HelmReleaseSpec;
  const taken: Taken = [];
  const addresses: Record<string, string[]> = {};
  const pool = 'services';
  for (const service of spec.services ?? []) {
    const had = former?.facts.addresses?.[service.name]?.[0];
    const inUse = new Set([...world.taken(pool), ...taken.map((entry) => entry.address)]);
    const address = had ?? allocateAddress('10.248.0.0/16', inUse);
    taken.push({ pool, address });
    addresses[service.name] = [address];
  }
  const replicas = Object.fromEntries(
    Object.entries(spec.replicas ?? {}).map(([name, count]) => [name, Number(count)]),
  );
  const pods = Object.values(replicas).reduce((sum, count) => sum + count, 0) || 1;
  const resources = {
    vcpus: settings.pod.vcpus * pods,
    memoryMib: settings.pod.memoryMib * pods,
    storageGib: settings.pod.storageGib * pods,
  };
  return {
    resources,
    facts: {
      addresses,
      replicas,
      namespace: spec.namespace,
      ...(unit.kind === 'helm-release' ? { chart: spec.chart, release: releaseFacts(spec, former) } : {}),
      workloads: workloads(spec, replicas),
      services: Object.entries(addresses).map(([name, clusterIps]) => ({
        name,
        namespace: spec.namespace,
        type: 'ClusterIP',
        clusterIps,
        externalAddresses: [],
        ports: [],
      })),
    },
    taken,
    attached: [],
  };
}

/** Each change is a revision of the release, as Helm counts them. */
function releaseFacts(spec: HelmReleaseSpec, former: WorldUnit | undefined): JsonObject {
  const before = former?.facts['release'] as { revision?: number } | undefined;
  const { name, chart, version = '' } = spec;
  return { name, revision: (before?.revision ?? 0) + 1, status: 'deployed', chart, version, appVersion: '' };
}

/** One Deployment per scaled workload; one of the unit's own name where none is. */
function workloads({ name, namespace }: HelmReleaseSpec, replicas: Record<string, number>): JsonObject[] {
  const counts = Object.keys(replicas).length > 0 ? replicas : { [name]: 1 };
  return Object.entries(counts).map(([workload, count]) => {
    return { kind: 'Deployment', namespace, name: workload, desired: count, available: count };
  });
}

function takeAddress(world: World, network: WorldUnit, wanted: string | undefined, own: Taken): string {
  const pool = String(network.facts['pool']);
  const taken = new Set([...world.taken(pool), ...own.filter((t) => t.pool === pool).map((t) => t.address)]);
  if (wanted === undefined) return allocateAddress(String(network.facts['cidr']), taken);
  if (!taken.has(wanted)) return wanted;
  throw new SkerryError('PlatformRefused', `Address ${wanted} is taken`, {
    retry: 'backoff',
    remedy: 'Choose another address or leave it out.',
  });
}

/** The newest incarnation of something that must be there first. */
function findDependency(world: World, unit: DesiredUnit, key: string): WorldUnit {
  const expected = unit.dependencies[key as keyof typeof unit.dependencies]?.incarnation;
  const there = world.incarnationsOf(key);
  const found = there.find((other) => other.incarnation === expected) ?? there.at(-1);
  if (found !== undefined) return found;
  // It may be on its way: trying again can help.
  throw new SkerryError('PlatformRefused', `${unit.key} needs ${key}, which does not exist here`, {
    retry: 'backoff',
    details: { dependency: key },
    remedy: `Make ${key} first.`,
  });
}

function refuseOverCapacity(world: World, settings: SimulatedSettings, wanted: Resources, former: Resources): void {
  const used = usedResources(world);
  for (const resource of ['vcpus', 'memoryMib', 'storageGib'] as const) {
    const free = settings.capacity[resource] - used[resource] + former[resource];
    if (wanted[resource] > 0 && wanted[resource] > free)
      throw new SkerryError('PlatformCapacity', `Not enough ${resource}: ${wanted[resource]} wanted, ${free} free`, {
        details: { resource, wanted: wanted[resource], free },
        remedy: 'Remove something from this infra or place the unit elsewhere.',
      });
  }
}

function add(a: Resources, b: Resources): Resources {
  return {
    vcpus: a.vcpus + b.vcpus,
    memoryMib: a.memoryMib + b.memoryMib,
    storageGib: a.storageGib + b.storageGib,
  };
}
