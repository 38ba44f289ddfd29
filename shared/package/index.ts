export { type ArtifactKind, artifactPath } from './artifact-path.ts';
export { type ChartArchive, readChartArchive } from './chart-archive.ts';
export { chartLimits, readChartFile } from './chart-file.ts';
export { type ChartSourceInPackage, chartSources, filesBelow } from './chart-sources.ts';
export {
  type DockerArchiveEntry,
  dockerEntries,
  type ImageArchive,
  type ImageDescriptor,
  indexEntries,
  openImageArchive,
} from './image-archive.ts';
export { PackageFault, packageComplaint } from './package-fault.ts';
export {
  defaultPackageLimits,
  type PackageFile,
  type PackageLimits,
  type ReadPackage,
  type ReadPackageFn,
} from './package-reader.ts';
export { readPackage } from './read-package.ts';
export { readPlace, type TarPlace } from './tar-index.ts';
export { type TarFile, writeTar } from './write-tar.ts';
