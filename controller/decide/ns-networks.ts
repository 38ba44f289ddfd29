import type { NsVirtualLink } from '#shared/descriptor/ns-model.ts';
import type { AgentId, InfraId } from '#shared/model/ids.ts';
import type { NsNetwork, VnfDesired } from '#shared/model/ns-lcm.ts';
import { profileOf } from './instantiate-ns.ts';
import { kduPlacement } from './kdu-source.ts';
import { type NsModels, storedModelOf } from './models.ts';
import { isPodPoint, type NetMaps, podConnections } from './pod-networks.ts';
import type { NewKey } from './resize-vnf.ts';

export interface NetworkUse {
  flavourId: string;
  models: NsModels;
  newKey: NewKey;
  /** `nets` of infras; absent: none maps any. */
  nets?: NetMaps;
}

interface Membership {
  infraId: InfraId;
  agentId: AgentId;
  /** Network of the infra that stands for the link. */
  existingName?: string;
}

/** One segment per virtual link and infra that has a member on it; those that are there already keep their keys. */
export function networksOf(vnfs: readonly VnfDesired[], present: readonly NsNetwork[], use: NetworkUse): NsNetwork[] {
  const networks: NsNetwork[] = [];
  for (const link of use.models.ns.virtualLinks) {
    const seen = new Set<InfraId>();
    for (const { infraId, agentId, existingName } of vnfs.flatMap((vnf) => memberships(vnf, link, use))) {
      if (seen.has(infraId)) continue;
      seen.add(infraId);
      const old = present.find((network) => network.virtualLinkId === link.id && network.infraId === infraId);
      const vimNetworkName = existingName ?? link.vimNetworkName;
      const fresh = { virtualLinkId: link.id, infraId, agentId, key: use.newKey('network') };
      networks.push(old ?? { ...fresh, ...(vimNetworkName === undefined ? {} : { vimNetworkName }) });
    }
  }
  return networks;
}

function memberships(vnf: VnfDesired, link: NsVirtualLink, use: NetworkUse): Membership[] {
  const profile = profileOf(use.models, use.flavourId, vnf.profileId);
  const { model } = storedModelOf(use.models, vnf);
  const points = (profile?.connections ?? []).filter((connection) => connection.virtualLinkId === link.id);
  const hasPort = vnf.vnfcs.length > 0 && points.some(({ cpId }) => !isPodPoint(model, cpId));
  const members: Membership[] = hasPort ? [vnf.placement] : [];
  for (const connection of podConnections(use.models.ns, profile, model)) {
    if (connection.virtualLinkId !== link.id) continue;
    for (const kdu of vnf.kdus.filter((each) => connection.kduNames.includes(each.kduName))) {
      const { infraId, agentId } = kduPlacement(vnf, kdu);
      const mapped = use.nets?.get(infraId)?.[connection.netId ?? connection.extCpId];
      // The cluster's own network is meant: every pod is on it.
      if (mapped === null) continue;
      members.push({ infraId, agentId, ...(mapped === undefined ? {} : { existingName: mapped }) });
    }
  }
  return members;
}
