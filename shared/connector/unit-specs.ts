import type { ObjectKey } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';

/** NFV-level kinds of things that a connector can make. A VIM's own detail (ports, groups) is the connector's business. */
export const unitKinds = [
  'image',
  'flavor',
  'network',
  'volume',
  'affinity-group',
  'compute',
  'helm-release',
  'manifests',
  'connectivity',
  'job',
  'monitor',
] as const;
export type UnitKind = (typeof unitKinds)[number];

/** A virtual link's segment on one infra. */
export interface NetworkSpec {
  /** For people. */
  name: string;
  /** Use this existing network instead of making one. */
  existingName?: string;
  management: boolean;
  ipVersion?: 'ipv4' | 'ipv6';
  cidr?: string;
  gateway?: string;
  dhcp?: boolean;
  dns?: string[];
  provider?: { physicalNetwork?: string; segmentationId?: string; networkType?: string };
}

/** One VNFC instance: a virtual machine with its ports. */
export interface ComputeSpec {
  name: string;
  image: { name: string; alternatives: { name: string; vimType: string }[] };
  vcpus: number;
  memoryMib: number;
  rootDiskGib: number;
  /** CPU pinning, huge pages, NUMA as in the descriptor. */
  extra: JsonObject;
  ports: ComputePort[];
  volumes: { name: string; sizeGib: number; volumeKey?: ObjectKey }[];
  /** cloud-init, rendered. */
  userData?: string;
  configDrive: boolean;
  affinityGroupKeys: ObjectKey[];
  zone?: string;
}

export interface ComputePort {
  name: string;
  /** Key of the network unit; also listed in the object's dependsOn. */
  networkKey: ObjectKey;
  management: boolean;
  vnicType: string;
  ipAddress?: string;
  macAddress?: string;
  portSecurity: boolean;
}

export interface VolumeSpec {
  name: string;
  sizeGib: number;
  keep: boolean;
  multiattach: boolean;
}

export interface AffinityGroupSpec {
  name: string;
  policy: 'affinity' | 'anti-affinity';
  scope: string;
}

/** A KDU by Helm (SOL018: an MCIOP). */
export interface HelmReleaseSpec {
  name: string;
  namespace: string;
  /** `repo/chart:version`, an URL, an OCI reference, or a path inside the VNF package. */
  chart: string;
  /** Digest of the chart in the controller's artefact store when it travels with the package. */
  chartDigest?: string;
  values: JsonObject;
  /** Replicas by workload name, from kdu-resource-profile scaling. */
  replicas: Record<string, number>;
  services: { name: string; management: boolean }[];
}

export interface ManifestsSpec {
  name: string;
  namespace: string;
  /** Kubernetes objects. */
  objects: JsonObject[];
}

export interface UnitSpecs {
  network: NetworkSpec;
  compute: ComputeSpec;
  volume: VolumeSpec;
  'affinity-group': AffinityGroupSpec;
  'helm-release': HelmReleaseSpec;
  manifests: ManifestsSpec;
}
