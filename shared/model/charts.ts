import type { Digest } from './ids.ts';

/** What a descriptor or a request names: `repo/chart:version`, `oci://host/path/chart:version`, an URL of a .tgz, or a path in a package. */
export interface ChartRef {
  chart: string;
  /** Helm repository's URL or `oci://…`; a registered repository's name is the first part of `chart`. */
  repository?: string;
  version?: string;
}

/** A file that travels to agents by its digest: a chart as .tgz, or a folder of manifests as .tgz. */
export interface StoredChart {
  digest: Digest;
  kind: 'helm' | 'folder';
  /** From Chart.yaml; of a folder its name. */
  name: string;
  /** '' of a folder. */
  version: string;
  appVersion: string;
}

/** A container image that a VNF package carries as a tar: what `docker save` writes, or an OCI image layout. */
export interface CarriedImage {
  digest: Digest;
  /** Path in the package. */
  file: string;
  format: 'docker-archive' | 'oci-layout';
  /** Names that the archive itself states (RepoTags, index annotations), and the one of its sw-image-desc. */
  references: string[];
}

/** Where the charts of requests come from: the controller's cache, or the registered repository behind it. */
export interface ChartSource {
  /**
   * Resolves a name to a stored file; from the cache when the version is exact and known.
   * @returns undefined when the name belongs to no registered repository and is no URL: an agent may know it
   * @throws SkerryError NotFound (no such chart or version), Unavailable (repository cannot be reached), Unprocessable (no chart, or its provenance is wrong)
   */
  resolve(ref: ChartRef, signal?: AbortSignal): Promise<StoredChart | undefined>;
}

/** `chart-repository/<id>`: where charts are fetched from, for all projects. */
export interface ChartRepository {
  id: string;
  /** First part of `repository/chart`. */
  name: string;
  type: 'helm' | 'oci';
  url: string;
  username?: string;
  /** Sealed by the controller's secret box. */
  sealedPassword?: string;
  caPem?: string;
  /** An OCI registry without TLS. */
  plainHttp: boolean;
  /** Public keys (OpenPGP, binary, base64); present: only charts with a provenance by one of them are taken. */
  keyring?: string;
  description: string;
  createdAt: number;
  modifiedAt: number;
}

/** A repository as it is shown: secrets go in and never come out. */
export type ChartRepositoryView = Omit<ChartRepository, 'sealedPassword' | 'keyring'> & {
  hasPassword: boolean;
  hasKeyring: boolean;
};

/** A chart of a repository, newest version first. */
export interface ListedChart {
  name: string;
  description: string;
  versions: { version: string; appVersion: string }[];
}
