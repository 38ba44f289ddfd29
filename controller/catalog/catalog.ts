import type { NsdInfo, StoredNsModel, StoredVnfModel, VnfPackage } from '#shared/model/catalog.ts';
import type { Digest, NsdInfoId, ProjectId, VnfPackageId } from '#shared/model/ids.ts';
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
  onboardVnfPackage(
    context: RequestContext,
    id: VnfPackageId,
    file: UploadedFile,
  ): Promise<VnfPackage & { etag: string }>;
  /** As above. @throws Conflict when a vnfd-id does not resolve to an onboarded package. */
  onboardNsd(context: RequestContext, id: NsdInfoId, file: UploadedFile): Promise<NsdInfo & { etag: string }>;
  /**
   * Marks the resource UPLOADING and names a file to write to; afterwards either onboard that file or discard the upload.
   * @throws Conflict while another upload runs, or when there is content already and `isRevision` is not set; DiskFull
   */
  beginUpload(kind: CatalogKind, id: VnfPackageId | NsdInfoId, options: UploadOptions): Promise<Upload>;
  /**
   * Creates and onboards in one step, VNF package or NSD by what the descriptor is. Identical content that is onboarded
   * already is answered as `unchanged`. @throws Conflict when the descriptor's id is taken by other content, unless
   * `isRevision`: then that resource gets a new revision (`revised`).
   */
  onboard(context: RequestContext, file: UploadedFile, options: { isRevision: boolean }): Promise<OnboardOutcome>;
  /** Where to write an upload for `onboard`. @throws DiskFull */
  beginOnboard(options: { bytes?: number }): Promise<Upload>;

  modifyVnfPackage(
    context: RequestContext,
    id: VnfPackageId,
    patch: CatalogPatch,
  ): Promise<VnfPackage & { etag: string }>;
  modifyNsd(context: RequestContext, id: NsdInfoId, patch: CatalogPatch): Promise<NsdInfo & { etag: string }>;
  /** Needs DISABLED and NOT_IN_USE. */
  deleteVnfPackage(context: RequestContext, id: VnfPackageId): Promise<void>;
  deleteNsd(context: RequestContext, id: NsdInfoId): Promise<void>;

  vnfPackage(id: VnfPackageId): Promise<VnfPackage & { etag: string }>;
  vnfPackages(): Promise<(VnfPackage & { etag: string })[]>;
  nsd(id: NsdInfoId): Promise<NsdInfo & { etag: string }>;
  nsds(): Promise<(NsdInfo & { etag: string })[]>;
  /** Absolute path of a file of the content; throws NotFound for paths that are not listed. */
  artifact(resource: VnfPackage | NsdInfo, path: string): string;
  /** Path of a chart, folder of manifests or container image by its digest: what agents fetch. */
  carriedFile(digest: Digest): Promise<string | undefined>;
  /** Absolute path of the package's own bytes. */
  content(resource: VnfPackage | NsdInfo): string;
}

/** What lifecycle management needs of the catalog. */
export interface CatalogModels {
  /**
   * An enabled, onboarded NSD by NsdInfo id or by nsdId (newest), of one project or of any.
   * @throws NotFound, Conflict when disabled
   */
  resolveNsd(nsdId: string, projectId?: ProjectId): Promise<NsdInfo>;
  nsModel(id: NsdInfoId, revision: number): Promise<StoredNsModel>;
  vnfModel(id: VnfPackageId, revision: number): Promise<StoredVnfModel>;
  /** Enabled, onboarded package for a vnfd-id of this NSD. */
  resolveVnfd(nsd: NsdInfo, vnfdId: string): Promise<VnfPackage>;
}

export type CatalogKind = 'vnf-package' | 'nsd';

export interface UploadOptions {
  /** Stated size, for the free-space check. */
  bytes?: number;
  /** Replaces content that is onboarded: revision + 1. */
  isRevision: boolean;
  ifMatch?: string;
}

export interface Upload {
  /** Absolute path to write to; not more than `maxBytes`. */
  path: string;
  maxBytes: number;
  /** Removes the file and takes the mark off; does nothing after onboarding. */
  discard(): Promise<void>;
  /** Discards, and notes on the resource why there is no content. */
  fail(error: unknown): Promise<void>;
}

export type OnboardOutcome = { outcome: 'created' | 'revised' | 'unchanged' } & (
  | { kind: 'vnf-package'; resource: VnfPackage & { etag: string } }
  | { kind: 'nsd'; resource: NsdInfo & { etag: string } }
);

export interface UploadedFile {
  path: string;
  fileName: string;
  contentType: string;
  bytes: number;
  sha256: string;
}

export interface CatalogPatch {
  operationalState?: 'ENABLED' | 'DISABLED';
  /** ETag that the resource must have. @throws PreconditionFailed */
  ifMatch?: string;
  /** Merge patch (RFC 7396): null removes. */
  userDefinedData?: Record<string, string | null>;
}
