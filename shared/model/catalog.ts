import type { Complaint } from '../descriptor/complaint.ts';
import type { NsModel } from '../descriptor/ns-model.ts';
import type { OnboardingReport } from '../descriptor/parsed-descriptor.ts';
import type { VnfModel } from '../descriptor/vnf-model.ts';
import type { PackageFile } from '../package/package-reader.ts';
import type { CarriedImage, StoredChart } from './charts.ts';
import type { Digest, NsdInfoId, ProjectId, VnfPackageId } from './ids.ts';
import type { JsonObject } from './json.ts';

/** ETSI GS NFV-SOL 005 clauses 9.5.4.3 and 5.5.4.3. */
export type OnboardingState = 'CREATED' | 'UPLOADING' | 'PROCESSING' | 'ONBOARDED' | 'ERROR';

interface PackageCommon {
  projectId: ProjectId;
  onboardingState: OnboardingState;
  operationalState: 'ENABLED' | 'DISABLED';
  /** Derived from usage when read; stored for filters. */
  usageState: 'IN_USE' | 'NOT_IN_USE';
  userDefinedData: Record<string, string>;
  /** Grows with each new content of the same package. */
  revision: number;
  /** Folder of the unpacked content in the artefact store. */
  contentDigest?: Digest;
  /** Content of former revisions that was in use when it was replaced; kept for the instances that run it. */
  formerDigests?: Digest[];
  contentType?: string;
  contentBytes?: number;
  fileName?: string;
  files: PackageFile[];
  descriptorPath?: string;
  manifestPath?: string;
  onboardingFailure?: { status: number; title: string; detail: string; complaints: Complaint[] };
  onboardingReport?: OnboardingReport;
  warnings: Complaint[];
  createdAt: number;
  modifiedAt: number;
}

/** `vnf-package/<id>` */
export interface VnfPackage extends PackageCommon {
  id: VnfPackageId;
  vnfdId?: string;
  provider?: string;
  productName?: string;
  softwareVersion?: string;
  descriptorVersion?: string;
  softwareImages?: SoftwareImageFacts[];
}

/** VnfPackageSoftwareImageInfo without `createdAt` (ETSI GS NFV-SOL 005 clause 9.5.3.2). */
export interface SoftwareImageFacts {
  id: string;
  name: string;
  provider: string;
  version: string;
  checksum: { algorithm: string; hash: string };
  isEncrypted: boolean;
  containerFormat: string;
  diskFormat: string;
  /** GiB. */
  minDisk: number;
  minRam: number;
  /** Bytes. */
  size: number;
  imagePath: string;
}

/** `nsd/<id>` */
export interface NsdInfo extends PackageCommon {
  id: NsdInfoId;
  nsdId?: string;
  name?: string;
  version?: string;
  designer?: string;
  invariantId?: string;
  /** VNF packages that it resolved to when it was onboarded. */
  vnfPackageIds: VnfPackageId[];
}

/** `vnf-model/<packageId>/<revision>` and `ns-model/<nsdInfoId>/<revision>`: immutable, what running instances refer to. */
export interface StoredVnfModel {
  model: VnfModel;
  document: JsonObject;
  /** cloud-init texts and the like, by path; small files only. */
  texts: Record<string, string>;
  /** Former form of `charts`: a digest that no file has. Only in records of before; `charts` is made when they are read. */
  chartDigests?: Record<string, Digest>;
  /** KDU name → its Helm chart or folder of manifests, where the package contains it; agents fetch it by its digest. */
  charts?: Record<string, StoredChart>;
  /** Folder of the unpacked content of this revision in the artefact store. */
  contentDigest?: Digest;
  /** Container images in the package. */
  images?: CarriedImage[];
}
export interface StoredNsModel {
  model: NsModel;
  document: JsonObject;
}
