import type { NsdInfo, StoredNsModel, StoredVnfModel, VnfPackage } from '#shared/model/catalog.ts';
import type { NsdInfoId, VnfPackageId } from '#shared/model/ids.ts';
import type { RequestContext } from '../context.ts';

/**
 * VNF packages and NSDs: onboarding, content, usage (ETSI GS NFV-SOL 005 clauses 5 and 9).
 * Content is kept unpacked in a folder of the artefact store named by the digest of its bytes.
 */
export interface Catalog {
  createVnfPackage(context: RequestContext, userDefinedData?: Record<string, string>): Promise<VnfPackage>;
  createNsd(context: RequestContext, userDefinedData?: Record<string, string>): Promise<NsdInfo>;
  /**
   * Reads, checks and onboards content that was uploaded to a file. The file is moved away.
   * With errors: the resource keeps what it had, or goes to CREATED with `onboardingFailure`; throws InvalidPackage or
   * InvalidDescriptor with details.complaints.
   */
  onboardVnfPackage(context: RequestContext, id: VnfPackageId, file: UploadedFile): Promise<VnfPackage>;
  /** As above. @throws Conflict when a vnfd-id does not resolve to an onboarded package. */
  onboardNsd(context: RequestContext, id: NsdInfoId, file: UploadedFile): Promise<NsdInfo>;
  modifyVnfPackage(context: RequestContext, id: VnfPackageId, patch: CatalogPatch): Promise<VnfPackage>;
  modifyNsd(context: RequestContext, id: NsdInfoId, patch: CatalogPatch): Promise<NsdInfo>;
  /** Needs DISABLED and NOT_IN_USE. */
  deleteVnfPackage(context: RequestContext, id: VnfPackageId): Promise<void>;
  deleteNsd(context: RequestContext, id: NsdInfoId): Promise<void>;

  vnfPackage(id: VnfPackageId): Promise<VnfPackage & { etag: string }>;
  vnfPackages(): Promise<(VnfPackage & { etag: string })[]>;
  nsd(id: NsdInfoId): Promise<NsdInfo & { etag: string }>;
  nsds(): Promise<(NsdInfo & { etag: string })[]>;
  /** Absolute path of a file of the content; throws NotFound for paths that are not listed. */
  artifact(resource: VnfPackage | NsdInfo, path: string): string;
  /** Absolute path of the package's own bytes. */
  content(resource: VnfPackage | NsdInfo): string;
}

/** What lifecycle management needs of the catalog. */
export interface CatalogModels {
  /** An enabled, onboarded NSD by NsdInfo id or by nsdId (newest). @throws NotFound, Conflict when disabled */
  resolveNsd(nsdId: string): Promise<NsdInfo>;
  nsModel(id: NsdInfoId, revision: number): Promise<StoredNsModel>;
  vnfModel(id: VnfPackageId, revision: number): Promise<StoredVnfModel>;
  /** Enabled, onboarded package for a vnfd-id of this NSD. */
  resolveVnfd(nsd: NsdInfo, vnfdId: string): Promise<VnfPackage>;
}

export interface UploadedFile {
  path: string;
  fileName: string;
  contentType: string;
  bytes: number;
  sha256: string;
}

export interface CatalogPatch {
  operationalState?: 'ENABLED' | 'DISABLED';
  /** Merge patch (RFC 7396): null removes. */
  userDefinedData?: Record<string, string | null>;
}
