import type { ClusterFacts, ClusterNode, InfraFacts, Resources } from '#shared/connector/index.ts';
import { clip, isObject, reportLimits } from './report-limits.ts';

/** Facts of an infra as an agent told them → facts that placement can trust in shape, though not in truth. */
export function parseInfraFacts(input: unknown): InfraFacts | null {
  if (typeof input !== 'object' || input === null) return null;
  const facts = input as Partial<InfraFacts>;
  const message = clip(facts.message);
  return {
    kind: clip(facts.kind, reportLimits.nameLength),
    version: clip(facts.version, reportLimits.nameLength),
    features: texts(facts.features),
    zones: texts(facts.zones),
    images: texts(facts.images),
    capacity: { total: resources(facts.capacity?.total), used: resources(facts.capacity?.used) },
    healthy: facts.healthy === true,
    ...(message === '' ? {} : { message }),
    ...(facts.measured === undefined ? {} : { measured: resources(facts.measured) }),
    ...(isObject(facts.cluster) ? { cluster: clusterFacts(facts.cluster) } : {}),
  };
}

const clusterLimits = { networks: 200, nodes: 500, classes: 100, conditions: 20 } as const;

function clusterFacts(facts: Record<string, unknown>): ClusterFacts {
  return {
    version: clip(facts['version'], reportLimits.nameLength),
    cni: texts(facts['cni']),
    networks: texts(facts['networks']).slice(0, clusterLimits.networks),
    storageClasses: objects(facts['storageClasses'], clusterLimits.classes).map((item) => ({
      name: clip(item['name'], reportLimits.nameLength),
      provisioner: clip(item['provisioner'], reportLimits.nameLength),
      isDefault: item['isDefault'] === true,
    })),
    nodes: objects(facts['nodes'], clusterLimits.nodes).map(clusterNode),
    missing: (Array.isArray(facts['missing']) ? facts['missing'].slice(0, reportLimits.listLength) : [])
      .map((sentence) => clip(sentence))
      .filter((sentence) => sentence !== ''),
  };
}

function clusterNode(node: Record<string, unknown>): ClusterNode {
  const zone = clip(node['zone'], reportLimits.nameLength);
  return {
    name: clip(node['name'], reportLimits.nameLength),
    isReady: node['isReady'] === true,
    isSchedulable: node['isSchedulable'] === true,
    ...(zone === '' ? {} : { zone }),
    conditions: texts(node['conditions']).slice(0, clusterLimits.conditions),
    total: resources(node['total'] as Partial<Resources> | undefined),
    used: resources(node['used'] as Partial<Resources> | undefined),
    ...(node['measured'] === undefined ? {} : { measured: resources(node['measured'] as Partial<Resources>) }),
  };
}

function objects(input: unknown, most: number): Record<string, unknown>[] {
  return Array.isArray(input) ? input.slice(0, most).filter(isObject) : [];
}

function texts(input: unknown): string[] {
  if (!Array.isArray(input)) return [];
  const list = input.slice(0, reportLimits.listLength);
  return list.filter((item) => typeof item === 'string').map((item) => clip(item, reportLimits.nameLength));
}

/** What is absent is not limited or not known; what is no number counts as nothing. */
function resources(input: Partial<Resources> | undefined): Resources {
  const parsed: Partial<Resources> = {};
  for (const name of ['vcpus', 'memoryMib', 'storageGib'] as const) {
    const amount: unknown = input?.[name];
    if (amount === undefined || amount === null) continue;
    parsed[name] = typeof amount === 'number' && Number.isFinite(amount) && amount > 0 ? amount : 0;
  }
  return parsed as Resources;
}
