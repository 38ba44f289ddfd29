import { noResources, type Resources, type UnitKind, unitKinds } from '#shared/connector/index.ts';
import { clusterRefusal } from './cluster-requirements.ts';
import type { InfraCandidate, PlacedVnf, PlacementAsk } from './place.ts';

export interface CandidateLoad {
  candidate: InfraCandidate;
  /** Promised in this very decision, on top of what is reserved. */
  taken: Resources | undefined;
}

/** What platforms make when their facts do not say so. */
const offersByKind: Record<string, readonly UnitKind[]> = {
  simulated: unitKinds,
  openstack: ['network', 'volume', 'affinity-group', 'compute'],
  libvirt: ['network', 'volume', 'compute'],
  kubernetes: ['network', 'helm-release', 'manifests', 'monitor'],
};
/** Features that agents name otherwise than the unit that they stand for. */
const featureUnits: Record<string, UnitKind> = { helm: 'helm-release' };
const resourceNames = { vcpus: 'vCPUs', memoryMib: 'MiB of memory', storageGib: 'GiB of storage' } as const;

/** Why this VNF cannot go to this infra, in words that complete "not on X: …"; undefined when it can. */
export function refusalOf(ask: PlacementAsk, load: CandidateLoad, placed: readonly PlacedVnf[]): string | undefined {
  return (
    wishRefusal(ask, load.candidate) ??
    stateRefusal(ask, load.candidate) ??
    capabilityRefusal(ask.needs.unitKinds, load.candidate) ??
    requirementRefusal(ask, load.candidate) ??
    partRefusal(ask, load.candidate, placed) ??
    affinityRefusal(ask, load.candidate, placed) ??
    capacityRefusal(ask, load)
  );
}

function wishRefusal(ask: PlacementAsk, candidate: InfraCandidate): string | undefined {
  const { site, infra, labels = {} } = ask.wish;
  if (site !== undefined && site !== candidate.siteName && site !== candidate.siteId)
    return `the request wants site ${site}`;
  if (infra !== undefined && infra !== candidate.infraName && infra !== candidate.infraId)
    return `the request wants infra ${infra}`;
  for (const [name, value] of Object.entries(labels)) {
    const found = candidate.labels[name];
    if (found !== value) return `the request wants label ${name}=${value}, it has ${found ?? 'none'}`;
  }
  return undefined;
}

function stateRefusal(ask: PlacementAsk, candidate: InfraCandidate): string | undefined {
  if (!candidate.schedulable) return 'it is closed for new placements';
  if (candidate.facts === null) return 'it has not reported its capacity yet';
  const isNamed = ask.wish.site !== undefined || ask.wish.infra !== undefined;
  if (!candidate.connected && !isNamed)
    return `${candidate.siteName} unreachable since ${new Date(candidate.since).toISOString()}, and it is not named in the request`;
  return undefined;
}

/** Why an infra cannot make units of these kinds. */
export function capabilityRefusal(kinds: readonly UnitKind[], candidate: InfraCandidate): string | undefined {
  const features = (candidate.facts?.features ?? []).map((feature) => featureUnits[feature] ?? feature);
  const named = unitKinds.filter((kind) => features.includes(kind));
  const offered: readonly UnitKind[] = named.length > 0 ? named : (offersByKind[candidate.kind] ?? []);
  const missing = kinds.find((kind) => !offered.includes(kind));
  return missing === undefined ? undefined : `it offers no ${missing}`;
}

function requirementRefusal({ needs }: PlacementAsk, { facts, nets = {} }: InfraCandidate): string | undefined {
  if (needs.cluster === undefined || facts?.cluster === undefined) return undefined;
  return clusterRefusal(needs.cluster, facts.cluster, nets);
}

/** Machines and containers of one VNF stay together as far as they can: at one site. */
function partRefusal(ask: PlacementAsk, candidate: InfraCandidate, placed: readonly PlacedVnf[]): string | undefined {
  const other = placed.find((vnf) => vnf.vnfInstanceId === ask.besides);
  if (other === undefined || other.siteId === candidate.siteId) return undefined;
  return `${other.name} is at another site, and a VNF is not spread over sites`;
}

function affinityRefusal(
  ask: PlacementAsk,
  candidate: InfraCandidate,
  placed: readonly PlacedVnf[],
): string | undefined {
  for (const rule of ask.rules) {
    for (const other of placed) {
      if (other.vnfInstanceId === ask.vnfInstanceId || !other.ruleIds.includes(rule.id)) continue;
      const isTogether =
        rule.scope === 'nfvi-pop' ? other.siteId === candidate.siteId : other.infraId === candidate.infraId;
      if (rule.policy === 'affinity' && !isTogether) return `group ${rule.id} keeps it together with ${other.name}`;
      if (rule.policy === 'anti-affinity' && isTogether) return `group ${rule.id} keeps it apart from ${other.name}`;
    }
  }
  return undefined;
}

function capacityRefusal(ask: PlacementAsk, load: CandidateLoad): string | undefined {
  for (const name of Object.keys(resourceNames) as (keyof Resources)[]) {
    const needed = ask.needs.amount[name];
    const free = freeOf(load.candidate, load.taken, name);
    if (needed > 0 && needed > free) {
      const total = load.candidate.facts?.capacity.total[name] ?? 0;
      return `${needed} ${resourceNames[name]} needed, ${Math.max(0, free)} of ${total} free`;
    }
  }
  return undefined;
}

/** Infinity where the infra does not limit a resource or does not say. */
function freeOf(candidate: InfraCandidate, taken: Resources = noResources, name: keyof Resources): number {
  const total: number | undefined = candidate.facts?.capacity.total[name];
  return total === undefined ? Number.POSITIVE_INFINITY : total - candidate.reserved[name] - taken[name];
}

/** Free share of the scarcest resource, 0 … 1. */
export function relativeFree(candidate: InfraCandidate, taken: Resources | undefined): number {
  let share = 1;
  for (const name of Object.keys(resourceNames) as (keyof Resources)[]) {
    const total: number | undefined = candidate.facts?.capacity.total[name];
    if (total !== undefined && total > 0) share = Math.min(share, Math.max(0, freeOf(candidate, taken, name) / total));
  }
  return share;
}
