import { artifactPath } from './artifact-path.ts';

/** A KDU whose chart or folder of manifests lies in the package. */
export interface ChartSourceInPackage {
  kduName: string;
  field: 'helm-chart' | 'manifests';
  /** Of the archive, or of the folder. */
  path: string;
  isArchive: boolean;
}

/** `descriptorPath` and `paths` (files) are those of ReadPackage. KDUs from elsewhere are left out. */
export function chartSources(
  kdus: readonly { name: string; helmChart?: string; manifests?: string }[],
  descriptorPath: string,
  paths: readonly string[],
): ChartSourceInPackage[] {
  const known = new Set(paths);
  return kdus.flatMap(({ name, helmChart, manifests }) => {
    const field = manifests === undefined ? 'helm-chart' : 'manifests';
    const wanted = manifests ?? helmChart;
    const found = wanted === undefined ? undefined : artifactPath(field, wanted, descriptorPath, known);
    if (found === undefined) return [];
    const path = found.replace(/\/$/, '');
    return [{ kduName: name, field, path, isArchive: known.has(path) }];
  });
}

/** Files below a folder, with their paths relative to it, sorted. */
export function filesBelow<T extends { path: string }>(folder: string, files: Iterable<T>): [string, T][] {
  const prefix = `${folder}/`;
  const own: [string, T][] = [];
  for (const file of files) if (file.path.startsWith(prefix)) own.push([file.path.slice(prefix.length), file]);
  return own.sort(([left], [right]) => (left < right ? -1 : 1));
}
