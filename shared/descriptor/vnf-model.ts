import type { JsonObject } from '../model/json.ts';

/**
 * What Skerry acts on of a VNFD, normalised from SOL006 2.6.1 to 4.3.1 and OSM's augments: one spelling, one unit
 * (MiB, GiB), lists instead of YANG quirks. The descriptor itself is kept beside it, whole.
 */
export interface VnfModel {
  vnfdId: string;
  provider: string;
  productName: string;
  softwareVersion: string;
  /** Always text: `1.0` stays `1.0`. */
  descriptorVersion: string;
  description: string;
  /** ext-cpd whose address is the VNF's management address. */
  managementCp?: string;
  vdus: VduModel[];
  kdus: KduModel[];
  /** VDUs that are made of containers (SOL006 4.x): their KDU's chart makes them. */
  containers?: ContainerVdu[];
  internalLinks: InternalLink[];
  extCps: ExtCp[];
  /** df; at least one. */
  flavours: VnfFlavour[];
  /** OSM `k8s-cluster`: what a cluster must offer. */
  k8sCluster?: { versions: string[]; cni: string[]; nets: string[] };
  swImages: {
    id: string;
    name: string;
    image?: string;
    version: string;
    checksum?: { algorithm: string; hash: string };
    file?: string;
  }[];
}

export interface ImageRef {
  /** Name to look for at the VIM. */
  name: string;
  vimType?: string;
}

export interface VduModel {
  id: string;
  name: string;
  description: string;
  image?: ImageRef;
  alternativeImages: ImageRef[];
  vcpus: number;
  memoryMib: number;
  /** First virtual-storage-desc (OSM's rule). */
  rootDiskGib: number;
  volumes: { id: string; sizeGib: number; type: string; keep: boolean; multiattach: boolean }[];
  /** Pinning, huge pages, NUMA, quotas, as in the descriptor. */
  extra: JsonObject;
  ports: VduPort[];
  cloudInit?: { file: string } | { text: string };
  configDrive: boolean;
  /** A PDU of this type stands in for a virtual machine. */
  pduType?: string;
}

export interface VduPort {
  /** int-cpd id. */
  id: string;
  /** Name of the interface (virtual-network-interface-requirement). */
  name: string;
  internalLinkId?: string;
  /** ext-cpd that exposes this port. */
  extCpId?: string;
  /** Order among the VDU's interfaces, from 0. */
  position: number;
  vnicType: string;
  ipAddress?: string;
  macAddress?: string;
  portSecurity: boolean;
}

export interface KduModel {
  name: string;
  /** `repo/chart:version`, URL, OCI reference or path in the package. */
  helmChart?: string;
  helmVersion?: string;
  /** Folder in the package with plain manifests, or with a Kustomization. */
  manifests?: string;
  jujuBundle?: string;
  services: { name: string; management: boolean; extCpId?: string }[];
}

/** A VDU that is a workload of a chart (ETSI GS NFV-IFA 011 clause 7.1.6.2: mcioIdentificationData). */
export interface ContainerVdu {
  vduId: string;
  kduName: string;
  /** Name and kind of its workload in the cluster; absent where the descriptor does not say. */
  workload?: { name: string; type: string };
}

export interface InternalLink {
  id: string;
  description: string;
  ipProfile?: IpProfile;
}

export interface IpProfile {
  ipVersion: 'ipv4' | 'ipv6';
  cidr?: string;
  gateway?: string;
  dhcp?: boolean;
  dns?: string[];
}

export interface ExtCp {
  id: string;
  vduId?: string;
  intCpdId?: string;
  internalLinkId?: string;
  k8sClusterNet?: string;
  layerProtocols: string[];
}

export interface VnfFlavour {
  id: string;
  description: string;
  vduProfiles: { vduId: string; min: number; max: number; affinityGroupIds: string[] }[];
  instantiationLevels: VnfInstantiationLevel[];
  defaultLevelId: string;
  scalingAspects: ScalingAspect[];
  affinityGroups: { id: string; policy: 'affinity' | 'anti-affinity'; scope: string }[];
  /** By int-virtual-link-desc id. */
  linkProfiles: Record<string, IpProfile>;
  kduProfiles: { id: string; kduName: string; resourceName: string; min: number; max: number; initial?: number }[];
  /** healing-aspect of OSM. */
  healing: { vduId: string; automatic: boolean; action: string; cooldownMs: number }[];
  supportedOperations: string[];
}

export interface VnfInstantiationLevel {
  id: string;
  /** VDU id → number of instances. */
  vduCounts: Record<string, number>;
  /** Aspect id → level. */
  scaleLevels: Record<string, number>;
}

export interface ScalingAspect {
  id: string;
  name: string;
  maxLevel: number;
  /** Delta of step n (n from 0); the last one repeats. */
  steps: { vduDeltas: Record<string, number>; kduDeltas: Record<string, number> }[];
}
