import { ok, type Result } from '#shared/errors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import { type NsModels, storedModelOf } from './models.ts';
import type { UnplacedVnf } from './new-vnf.ts';
import { type AffinityRule, type InfraCandidate, type PlacedVnf, type PlacementAsk, placeVnfs } from './place.ts';
import type { NewKey } from './resize-vnf.ts';
import { vnfNeeds } from './vnf-needs.ts';

/** Gives each new VNF instance its place; those that stay are only company. */
export function placeNs(
  kept: readonly VnfDesired[],
  added: readonly UnplacedVnf[],
  use: {
    flavourId: string;
    models: NsModels;
    candidates: readonly InfraCandidate[];
    wish: (profileId: string) => PlacementWish;
  },
): Result<VnfDesired[]> {
  const rulesOf = (profileId: string) => affinityRules(use.models, use.flavourId, profileId);
  const asks = added.map((vnf): PlacementAsk => {
    const { model } = storedModelOf(use.models, vnf as VnfDesired);
    const { vnfInstanceId, profileId, name } = vnf;
    return {
      vnfInstanceId,
      profileId,
      name,
      needs: vnfNeeds(vnf, model),
      wish: use.wish(profileId),
      rules: rulesOf(profileId),
    };
  });
  const placed = kept.map((vnf): PlacedVnf => {
    const ruleIds = rulesOf(vnf.profileId).map((rule) => rule.id);
    const { vnfInstanceId, name, placement } = vnf;
    return { vnfInstanceId, name, infraId: placement.infraId, siteId: placement.siteId, ruleIds };
  });
  const placements = placeVnfs(asks, use.candidates, placed);
  if (!placements.ok) return placements;
  return ok(
    added.map((vnf) => {
      const placement = placements.value.get(vnf.vnfInstanceId)!;
      return { ...vnf, placement: { ...placement, explanation: [...placement.explanation, ...uncounted(vnf)] } };
    }),
  );
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

/** One segment per virtual link and infra that has a member on it; those that are there already keep their keys. */
export function networksOf(
  vnfs: readonly VnfDesired[],
  present: NsDesired['networks'],
  use: { flavourId: string; models: NsModels; newKey: NewKey },
): NsDesired['networks'] {
  const flavour = use.models.ns.flavours.find((candidate) => candidate.id === use.flavourId);
  const networks: NsDesired['networks'] = [];
  for (const link of use.models.ns.virtualLinks) {
    const seen = new Set<InfraId>();
    for (const vnf of vnfs) {
      const { infraId, agentId } = vnf.placement;
      const profile = flavour?.vnfProfiles.find((candidate) => candidate.id === vnf.profileId);
      const isMember = profile?.connections.some((connection) => connection.virtualLinkId === link.id) ?? false;
      if (!isMember || vnf.vnfcs.length === 0 || seen.has(infraId)) continue;
      seen.add(infraId);
      const old = present.find((network) => network.virtualLinkId === link.id && network.infraId === infraId);
      const fresh = { virtualLinkId: link.id, infraId, agentId, key: use.newKey('network') };
      networks.push(
        old ?? { ...fresh, ...(link.vimNetworkName === undefined ? {} : { vimNetworkName: link.vimNetworkName }) },
      );
    }
  }
  return networks;
}

/** The VNFs with the amounts that they need at their present size. */
export function withAmounts(vnfs: readonly VnfDesired[], models: NsModels): VnfDesired[] {
  return vnfs.map((vnf) => {
    const { amount } = vnfNeeds(vnf, storedModelOf(models, vnf).model);
    return { ...vnf, placement: { ...vnf.placement, amount } };
  });
}
