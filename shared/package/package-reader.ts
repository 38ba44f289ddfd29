import type { Complaint } from '../descriptor/complaint.ts';
import type { ParsedDescriptor } from '../descriptor/parsed-descriptor.ts';

/** Limits of what a package may hold; all are checked while streaming, before anything is kept. */
export interface PackageLimits {
  /** Compressed bytes. */
  maxPackageBytes: number;
  /** Sum of all files, unpacked. */
  maxUnpackedBytes: number;
  maxFiles: number;
  /** Unpacked : compressed. */
  maxRatio: number;
  maxDescriptorBytes: number;
  maxPathLength: number;
}

export const defaultPackageLimits: PackageLimits = {
  maxPackageBytes: 8 * 2 ** 30,
  maxUnpackedBytes: 16 * 2 ** 30,
  maxFiles: 10_000,
  maxRatio: 200,
  maxDescriptorBytes: 4 * 2 ** 20,
  maxPathLength: 400,
};

export interface PackageFile {
  /** Relative to the package's root folder, `/`-separated. */
  path: string;
  bytes: number;
  sha256: string;
}

/** A package that was read whole: its files lie under `folder`, checksums and digests were compared. */
export interface ReadPackage {
  format: 'osm-targz' | 'sol004-csar' | 'folder' | 'bare';
  files: PackageFile[];
  /** Path of the descriptor among `files`. */
  descriptorPath: string;
  manifestPath?: string;
  /** Everything that was read of the descriptor, with complaints of the package first. */
  descriptor: ParsedDescriptor;
  /** Of package and descriptor together. */
  complaints: Complaint[];
  /** sha256 of the package's bytes ('' for folders). */
  sha256: string;
}

/**
 * Reads a package from a file on disk (archive or bare descriptor) or a folder.
 * Archives are unpacked into `target` (made, must not exist); a folder is read in place.
 * Never follows a link out of the package, never writes through one. Does not throw for bad input: complaints say it.
 * @throws SkerryError DiskFull, Aborted
 */
export type ReadPackageFn = (
  source: string,
  target: string | undefined,
  limits?: PackageLimits,
  signal?: AbortSignal,
) => Promise<ReadPackage>;
