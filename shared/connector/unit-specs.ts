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
  /** Where a container cluster keeps it; absent: the connector's default. */
  namespace?: string;
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

/** Joins every pod of a workload to a network beside the cluster's own (Multus). */
export interface PodNetwork {
  /** Key of the network unit; also listed in the object's dependsOn. */
  networkKey: ObjectKey;
  /** For people: the connection point that asks for it. */
  name: string;
}

/** What units of a container cluster have in common, whatever their objects come from. */
export interface WorkloadSpec {
  name: string;
  namespace: string;
  /** Replicas by workload name, from kdu-resource-profile scaling. */
  replicas: Record<string, number>;
  /** Services whose addresses are wanted, as the descriptor names them. */
  services: { name: string; management: boolean }[];
  networks?: PodNetwork[];
  /** Container images that travel with the package: pushed to the site's registry before the workload is applied. */
  images?: { reference: string; digest: string }[];
  /**
   * Keys of units that have left the intent with their objects kept. The new unit goes on with the one of them that is there, of the
   * same owner, kind, namespace and name: what runs goes on running.
   */
  adopts?: ObjectKey[];
  /** Time to become ready, seconds; what replaced something that worked is rolled back after it. Absent: 300. */
  timeoutS?: number;
}

/** A KDU by Helm (SOL018: an MCIOP). */
export interface HelmReleaseSpec extends WorkloadSpec {
  /** `repo/chart:version`, an URL, an OCI reference, or a path inside the VNF package. */
  chart: string;
  /** Where `chart` is looked for when no digest names it: a Helm repository's URL, or `oci://host/path`. */
  repository?: string;
  /** Version of the chart; absent: the newest. */
  version?: string;
  /** Digest of the chart's archive (.tgz) in the controller's artefact store. */
  chartDigest?: string;
  values: JsonObject;
}

/** Kubernetes objects as they are, or made by Kustomize. */
export interface ManifestsSpec extends WorkloadSpec {
  objects?: JsonObject[];
  /** Digest of an archive (.tgz) of a folder: a `kustomization.yaml` in it is built, otherwise its YAML and JSON files are taken. */
  folderDigest?: string;
}

/** Scraping of a workload's metrics (Prometheus operator: ServiceMonitor, or PodMonitor without a service). */
export interface MonitorSpec {
  name: string;
  namespace: string;
  /** Labels of what is scraped. */
  selector: Record<string, string>;
  target: 'service' | 'pod';
  /** Name of the port. */
  port: string;
  path?: string;
  intervalS?: number;
}

export interface UnitSpecs {
  network: NetworkSpec;
  compute: ComputeSpec;
  volume: VolumeSpec;
  'affinity-group': AffinityGroupSpec;
  'helm-release': HelmReleaseSpec;
  manifests: ManifestsSpec;
  monitor: MonitorSpec;
}
