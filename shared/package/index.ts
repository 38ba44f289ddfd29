export { type ArtifactKind, artifactPath } from './check-artifacts.ts';
export {
  defaultPackageLimits,
  type PackageFile,
  type PackageLimits,
  type ReadPackage,
  type ReadPackageFn,
} from './package-reader.ts';
export { readPackage } from './read-package.ts';
