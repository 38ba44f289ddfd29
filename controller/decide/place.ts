import type { InfraFacts, Resources } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { AgentId, InfraId, SiteId, VnfInstanceId } from '#shared/model/ids.ts';
import type { Placement } from '#shared/model/ns-lcm.ts';
import type { PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import { refusalOf, relativeFree } from './placement-filters.ts';
import { addResources, type VnfNeeds } from './vnf-needs.ts';

/** An infra as placement sees it: plain facts, no ids to look up. */
export interface InfraCandidate {
  infraId: InfraId;
  infraName: string;
  kind: string;
  schedulable: boolean;
  /** The site's labels, overridden by the infra's own. */
  labels: Record<string, string>;
  siteId: SiteId;
  siteName: string;
  agentId: AgentId;
  /** Last known, however old; null: never reported. */
  facts: InfraFacts | null;
  reserved: Resources;
  connected: boolean;
  /** Epoch ms when it was connected or lost. */
  since: number;
  /** Settings of a cluster: net of a VNFD → existing network there; null: the cluster's own network is meant. */
  nets?: Record<string, string | null>;
}

export interface AffinityRule {
  id: string;
  policy: 'affinity' | 'anti-affinity';
  /** `nfvi-pop`: sites; anything finer: infras. */
  scope: string;
}

export interface PlacementAsk {
  vnfInstanceId: VnfInstanceId;
  profileId: string;
  name: string;
  needs: VnfNeeds;
  wish: PlacementWish;
  rules: AffinityRule[];
  /** Another part of the same VNF, asked for by this id: both go to one site. */
  besides?: VnfInstanceId;
}

/** A VNF instance of the same NS that stays where it is. */
export interface PlacedVnf {
  vnfInstanceId: VnfInstanceId;
  name: string;
  infraId: InfraId;
  siteId: SiteId;
  ruleIds: string[];
}

/** Beyond this many tries the search gives up: the answer must come at once, whatever the request. */
const searchLimit = 5_000;
const explainedRefusals = 20;

interface Search {
  candidates: readonly InfraCandidate[];
  placed: PlacedVnf[];
  taken: Map<InfraId, Resources>;
  chosen: Map<VnfInstanceId, Placement>;
  tries: number;
  /** Of the ask that got furthest before nothing fitted. */
  deadEnd: { depth: number; sentences: string[] };
}

/**
 * One infra per VNF instance. Wishes, labels, capability, live capacity less what is promised, and affinity decide which are
 * possible; among those the site with the fewest VNFs of this NS, then the largest free share, then the name. Deterministic.
 *
 * @returns NoPlacement with `details.explanation`, one sentence per infra that was refused.
 */
export function placeVnfs(
  asks: readonly PlacementAsk[],
  candidates: readonly InfraCandidate[],
  placed: readonly PlacedVnf[] = [],
): Result<Map<VnfInstanceId, Placement>> {
  const search: Search = {
    candidates,
    placed: [...placed],
    taken: new Map(),
    chosen: new Map(),
    tries: 0,
    deadEnd: { depth: -1, sentences: ['There is no infra at all: add one with `skerry infra create`.'] },
  };
  const order = [...asks].sort((left, right) => freedom(left) - freedom(right) || compareSize(right, left));
  if (place(search, order, 0)) return ok(search.chosen);
  const explanation = search.deadEnd.sentences;
  return fail(
    new SkerryError('NoPlacement', `No site fits: ${explanation[0]}`, {
      details: { explanation },
      remedy: 'Free capacity, add a site, or ask for another placement.',
    }),
  );
}

/** Asks with a wish come first: they have the least choice. */
function freedom(ask: PlacementAsk): number {
  if (ask.wish.infra !== undefined) return 0;
  if (ask.wish.site !== undefined) return 1;
  return ask.rules.length > 0 || ask.wish.labels !== undefined ? 2 : 3;
}

function compareSize(left: PlacementAsk, right: PlacementAsk): number {
  return (
    left.needs.amount.vcpus - right.needs.amount.vcpus || left.needs.amount.memoryMib - right.needs.amount.memoryMib
  );
}

function place(search: Search, order: readonly PlacementAsk[], depth: number): boolean {
  const ask = order[depth];
  if (ask === undefined) return true;
  const { possible, refusals } = sift(search, ask);
  if (possible.length === 0 && depth > search.deadEnd.depth) {
    const sentences = refusals.length > 0 ? refusals : search.deadEnd.sentences;
    search.deadEnd = { depth, sentences: sentences.map((sentence) => `${ask.name}: ${sentence}`) };
  }
  for (const candidate of possible) {
    if (++search.tries > searchLimit) return false;
    choose(search, ask, candidate, refusals);
    if (place(search, order, depth + 1)) return true;
    undo(search, ask, candidate);
  }
  return false;
}

function sift(search: Search, ask: PlacementAsk): { possible: InfraCandidate[]; refusals: string[] } {
  const possible: InfraCandidate[] = [];
  const refusals: string[] = [];
  for (const candidate of search.candidates) {
    const free = { candidate, taken: search.taken.get(candidate.infraId) };
    const refusal = refusalOf(ask, free, search.placed);
    if (refusal === undefined) possible.push(candidate);
    else refusals.push(`not on ${candidate.infraName} at ${candidate.siteName}: ${refusal}.`);
  }
  possible.sort((left, right) => compareCandidates(search, ask, left, right));
  return { possible, refusals };
}

function compareCandidates(search: Search, ask: PlacementAsk, left: InfraCandidate, right: InfraCandidate): number {
  return (
    Number(knowsImages(right, ask)) - Number(knowsImages(left, ask)) ||
    neighbours(search, left) - neighbours(search, right) ||
    relativeFree(right, search.taken.get(right.infraId)) - relativeFree(left, search.taken.get(left.infraId)) ||
    compareText(left.siteName, right.siteName) ||
    compareText(left.infraName, right.infraName) ||
    compareText(left.infraId, right.infraId)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function neighbours(search: Search, candidate: InfraCandidate): number {
  return search.placed.filter((vnf) => vnf.siteId === candidate.siteId).length;
}

/** An infra that lists no images does not say what it has: it may know them. */
function knowsImages(candidate: InfraCandidate, ask: PlacementAsk): boolean {
  const known = candidate.facts?.images ?? [];
  return known.length === 0 || ask.needs.images.every((names) => names.some((name) => known.includes(name)));
}

function choose(search: Search, ask: PlacementAsk, candidate: InfraCandidate, refusals: string[]): void {
  const { infraId, siteId, agentId } = candidate;
  const explanation = [whyHere(search, ask, candidate), ...refusals.slice(0, explainedRefusals)];
  if (refusals.length > explainedRefusals)
    explanation.push(`and ${refusals.length - explainedRefusals} more infras do not fit.`);
  if (!knowsImages(candidate, ask)) explanation.push(imageWarning(ask, candidate));
  if (!candidate.connected)
    explanation.push(`${candidate.siteName} cannot be reached at present; it was named, so it waits.`);
  search.chosen.set(ask.vnfInstanceId, { siteId, agentId, infraId, amount: ask.needs.amount, explanation });
  const ruleIds = ask.rules.map((rule) => rule.id);
  search.placed.push({ vnfInstanceId: ask.vnfInstanceId, name: ask.name, infraId, siteId, ruleIds });
  const before = search.taken.get(infraId);
  search.taken.set(infraId, before === undefined ? ask.needs.amount : addResources(before, ask.needs.amount));
}

function undo(search: Search, ask: PlacementAsk, candidate: InfraCandidate): void {
  search.chosen.delete(ask.vnfInstanceId);
  search.placed.pop();
  const { vcpus, memoryMib, storageGib } = ask.needs.amount;
  const taken = search.taken.get(candidate.infraId);
  if (taken !== undefined)
    search.taken.set(
      candidate.infraId,
      addResources(taken, { vcpus: -vcpus, memoryMib: -memoryMib, storageGib: -storageGib }),
    );
}

function whyHere(search: Search, ask: PlacementAsk, candidate: InfraCandidate): string {
  const place = `${ask.name} is placed on ${candidate.infraName} at ${candidate.siteName}`;
  if (ask.wish.infra !== undefined) return `${place}: the request names this infra.`;
  if (ask.wish.site !== undefined) return `${place}: the request names this site.`;
  const share = Math.round(relativeFree(candidate, search.taken.get(candidate.infraId)) * 100);
  const others = neighbours(search, candidate);
  const company =
    others === 0 ? 'no other VNF of this service is there' : `${others} of this service are there already`;
  return `${place}: ${company}, ${share} % of its scarcest resource is free.`;
}

function imageWarning(ask: PlacementAsk, candidate: InfraCandidate): string {
  const known = candidate.facts?.images ?? [];
  const missing = ask.needs.images.find((names) => !names.some((name) => known.includes(name))) ?? [];
  return `${candidate.infraName} does not list image ${missing.join(' or ')}: it has to be there before the VNF can start.`;
}
