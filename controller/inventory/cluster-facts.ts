import type { ClusterFacts, ClusterNode, Resources } from '#shared/connector/index.ts';
import { clip, isObject, reportLimits } from './report-limits.ts';

/** What the contract allows a cluster to say (`ClusterFacts`); the rest is left out. */
const limits = { cni: 50, networks: 200, storageClasses: 100, nodes: 500, conditions: 20, missing: 50 } as const;

/** A cluster's word on itself as an agent told it → facts with the shape and size that they should have. */
export function parseClusterFacts(input: unknown): ClusterFacts | undefined {
  if (!isObject(input)) return undefined;
  return {
    version: nameOf(input['version']),
    cni: namesOf(input['cni'], limits.cni),
    networks: namesOf(input['networks'], limits.networks),
    storageClasses: objectsOf(input['storageClasses'], limits.storageClasses).map((storageClass) => ({
      name: nameOf(storageClass['name']),
      provisioner: nameOf(storageClass['provisioner']),
      isDefault: storageClass['isDefault'] === true,
    })),
    nodes: objectsOf(input['nodes'], limits.nodes).map(parseNode),
    missing: textsOf(input['missing'], limits.missing)
      .filter((text) => text !== '')
      .map((text) => clip(text)),
  };
}

function parseNode(node: Record<string, unknown>): ClusterNode {
  const zone = nameOf(node['zone']);
  return {
    name: nameOf(node['name']),
    isReady: node['isReady'] === true,
    isSchedulable: node['isSchedulable'] === true,
    ...(zone !== '' && { zone }),
    conditions: namesOf(node['conditions'], limits.conditions),
    total: parseResources(node['total']),
    used: parseResources(node['used']),
    ...(isObject(node['measured']) && { measured: parseResources(node['measured']) }),
  };
}

/** What is absent is not limited or not known; what is no number counts as nothing. */
export function parseResources(input: unknown): Resources {
  const parsed: Partial<Resources> = {};
  for (const name of ['vcpus', 'memoryMib', 'storageGib'] as const) {
    const amount: unknown = isObject(input) ? input[name] : undefined;
    if (amount === undefined || amount === null) continue;
    parsed[name] = typeof amount === 'number' && Number.isFinite(amount) && amount > 0 ? amount : 0;
  }
  return parsed as Resources;
}

export function namesOf(input: unknown, count: number): string[] {
  return textsOf(input, count).map(nameOf);
}

function nameOf(input: unknown): string {
  return clip(input, reportLimits.nameLength);
}

function textsOf(input: unknown, count: number): string[] {
  return Array.isArray(input) ? input.slice(0, count).filter((item) => typeof item === 'string') : [];
}

function objectsOf(input: unknown, count: number): Record<string, unknown>[] {
  return Array.isArray(input) ? input.slice(0, count).filter(isObject) : [];
}
