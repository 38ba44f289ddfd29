import { ok, type Result } from '#shared/errors/index.ts';
import type { VnfInstanceId } from '#shared/model/ids.ts';
import type { Placement, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import { profileOf } from './instantiate-ns.ts';
import { type NsModels, storedModelOf } from './models.ts';
import type { UnplacedVnf } from './new-vnf.ts';
import { type AffinityRule, type InfraCandidate, type PlacedVnf, type PlacementAsk, placeVnfs } from './place.ts';
import { capabilityRefusal } from './placement-filters.ts';
import { podConnections } from './pod-networks.ts';
import { type VnfNeeds, vnfNeeds } from './vnf-needs.ts';

export interface PlacingUse {
  flavourId: string;
  models: NsModels;
  candidates: readonly InfraCandidate[];
  wish: (profileId: string) => PlacementWish;
}

/** Gives each new VNF instance its place; those that stay are only company. */
export function placeNs(
  kept: readonly VnfDesired[],
  added: readonly UnplacedVnf[],
  use: PlacingUse,
): Result<VnfDesired[]> {
  const placed = kept.map((vnf): PlacedVnf => {
    const ruleIds = affinityRules(use.models, use.flavourId, vnf.profileId).map((rule) => rule.id);
    const { vnfInstanceId, name, placement } = vnf;
    return { vnfInstanceId, name, infraId: placement.infraId, siteId: placement.siteId, ruleIds };
  });
  const asks = added.flatMap((vnf) => asksOf(vnf, use));
  const placements = placeVnfs(asks, use.candidates, placed);
  if (!placements.ok) return placements;
  return ok(added.map((vnf) => withPlace(vnf, placements.value)));
}

/** Where one infra makes all of a VNF, one is looked for; otherwise its containers go to another infra of the same site. */
function asksOf(vnf: UnplacedVnf, use: PlacingUse): PlacementAsk[] {
  const { vnfInstanceId, profileId, name } = vnf;
  const needs = needsOf(vnf, use);
  const wish = use.wish(profileId);
  const whole = {
    vnfInstanceId,
    profileId,
    name,
    needs,
    wish,
    rules: affinityRules(use.models, use.flavourId, profileId),
  };
  const { unitKinds, cluster, ...machines } = needs;
  const isHybrid = unitKinds.includes('compute') && unitKinds.length > 1;
  if (!isHybrid || use.candidates.some((candidate) => isWithin(wish, candidate) && canAll(unitKinds, candidate)))
    return [whole];
  const kdus: VnfNeeds = { unitKinds: unitKinds.filter((kind) => kind !== 'compute'), amount: noAmount, images: [] };
  if (cluster !== undefined) kdus.cluster = cluster;
  const kduId = kduPartId(vnfInstanceId);
  const of = (part: VnfNeeds) => ({ ...whole, needs: part, wish: wishOfPart(wish, part, use.candidates) });
  return [
    { ...of({ ...machines, unitKinds: ['compute'] }), besides: kduId },
    { ...of(kdus), vnfInstanceId: kduId, name: `${name} (KDUs)`, rules: [], besides: vnfInstanceId },
  ];
}

const noAmount = { vcpus: 0, memoryMib: 0, storageGib: 0 };

function kduPartId(id: VnfInstanceId): VnfInstanceId {
  return `${id}/kdus` as VnfInstanceId;
}

function isWithin(wish: PlacementWish, { siteName, siteId, infraName, infraId }: InfraCandidate): boolean {
  const isSite = wish.site === undefined || wish.site === siteName || wish.site === siteId;
  return isSite && (wish.infra === undefined || wish.infra === infraName || wish.infra === infraId);
}

function canAll(kinds: VnfNeeds['unitKinds'], candidate: InfraCandidate): boolean {
  return candidate.schedulable && capabilityRefusal(kinds, candidate) === undefined;
}

/** A named infra binds the part that it can make, and the other one to its site. */
function wishOfPart(wish: PlacementWish, part: VnfNeeds, candidates: readonly InfraCandidate[]): PlacementWish {
  const named = candidates.find((each) => wish.infra !== undefined && isWithin({ infra: wish.infra }, each));
  if (named === undefined || capabilityRefusal(part.unitKinds, named) === undefined) return wish;
  const { infra: _infra, ...others } = wish;
  return { ...others, site: named.siteId };
}

function needsOf(vnf: UnplacedVnf, use: PlacingUse): VnfNeeds {
  const { model } = storedModelOf(use.models, vnf as VnfDesired);
  const needs = vnfNeeds(vnf, model);
  if (vnf.kdus.length === 0) return needs;
  const connections = podConnections(use.models.ns, profileOf(use.models, use.flavourId, vnf.profileId), model);
  const { versions = [], cni = [] } = model.k8sCluster ?? {};
  const nets = [...new Set(connections.map(({ netId, extCpId }) => netId ?? extCpId))];
  return { ...needs, cluster: { versions, cni, nets } };
}

function withPlace(vnf: UnplacedVnf, placements: ReadonlyMap<VnfInstanceId, Placement>): VnfDesired {
  const placement = placements.get(vnf.vnfInstanceId)!;
  const ofKdus = placements.get(kduPartId(vnf.vnfInstanceId));
  const explanation = [...placement.explanation, ...(ofKdus?.explanation ?? []), ...uncounted(vnf)];
  const kdus = ofKdus === undefined ? vnf.kdus : vnf.kdus.map((kdu) => ({ ...kdu, placement: ofKdus }));
  return { ...vnf, kdus, placement: { ...placement, explanation } };
}

/** Said, not passed over: the ledger does not know what the cluster will need. */
function uncounted({ name, kdus }: UnplacedVnf): string[] {
  if (kdus.length === 0) return [];
  const names = kdus.map((kdu) => kdu.kduName).join(', ');
  return [`${name}: no capacity is set aside for KDU ${names}; the cluster’s own scheduler decides what fits.`];
}

function affinityRules(models: NsModels, flavourId: string, profileId: string): AffinityRule[] {
  const flavour = models.ns.flavours.find((candidate) => candidate.id === flavourId);
  const ids = flavour?.vnfProfiles.find((profile) => profile.id === profileId)?.affinityGroupIds ?? [];
  return (flavour?.affinityGroups ?? []).filter((group) => ids.includes(group.id));
}

/** The VNFs with the amounts that they need at their present size. */
export function withAmounts(vnfs: readonly VnfDesired[], models: NsModels): VnfDesired[] {
  return vnfs.map((vnf) => {
    const { amount } = vnfNeeds(vnf, storedModelOf(models, vnf).model);
    return { ...vnf, placement: { ...vnf.placement, amount } };
  });
}
