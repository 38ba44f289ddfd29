import type { IpProfile } from './vnf-model.ts';

/** What Skerry acts on of an NSD (SOL006 and OSM's augments), normalised as VnfModel is. */
export interface NsModel {
  nsdId: string;
  invariantId?: string;
  name: string;
  designer: string;
  version: string;
  description: string;
  vnfdIds: string[];
  nestedNsdIds: string[];
  pnfdIds: string[];
  virtualLinks: NsVirtualLink[];
  saps: { id: string; virtualLinkId?: string }[];
  /** df; at least one. */
  flavours: NsFlavour[];
}

export interface NsVirtualLink {
  id: string;
  management: boolean;
  /** Existing network at the VIM. */
  vimNetworkName?: string;
  ipProfile?: IpProfile;
  provider?: { physicalNetwork?: string; segmentationId?: string; networkType?: string };
}

export interface NsFlavour {
  id: string;
  vnfProfiles: VnfProfile[];
  levels: { id: string; description: string; vnfCounts: Record<string, number> }[];
  defaultLevelId?: string;
  scalingAspects: NsScalingAspect[];
  affinityGroups: { id: string; policy: 'affinity' | 'anti-affinity'; scope: string }[];
  /** `after` starts only when `before` is up: ids of profiles. */
  dependencies: { before: string; after: string }[];
}

export interface VnfProfile {
  /** member-vnf-index of OSM. */
  id: string;
  vnfdId: string;
  flavourId?: string;
  instantiationLevelId?: string;
  min: number;
  max: number;
  affinityGroupIds: string[];
  connections: { virtualLinkId: string; cpId: string; ipAddress?: string }[];
}

export interface NsScalingAspect {
  id: string;
  name: string;
  maxLevel: number;
  /** Per level: VNF profile id → number of instances. */
  levels: { vnfCounts: Record<string, number> }[];
}
