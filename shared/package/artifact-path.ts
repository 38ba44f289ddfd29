import { posix } from 'node:path';

export const artifactFolders = {
  'cloud-init': ['cloud_init', 'Scripts/cloud_init', ''],
  charm: ['charms', 'Scripts/charms'],
  // OSM's LCM looks for charts of Helm v3 in the second.
  'helm-chart': ['helm-charts', 'helm-chart-v3s', 'Scripts/helm-charts', ''],
  'juju-bundle': ['juju-bundles', 'Scripts/juju-bundles'],
  manifests: ['', 'manifests', 'Scripts/manifests'],
} as const;

export type ArtifactKind = keyof typeof artifactFolders;

/**
 * Where a file or folder that a descriptor names lies in its package (OSM's and SOL004's folders), relative to the package's root;
 * undefined when it is not there. `descriptorPath` and `paths` are those of ReadPackage.
 */
export function artifactPath(
  kind: ArtifactKind,
  name: string,
  descriptorPath: string,
  paths: Iterable<string>,
): string | undefined {
  if (name.split('/').includes('..')) return undefined;
  const base = posix.dirname(descriptorPath);
  const near = base.split('/').includes('Definitions') ? ['.', base] : [base, '.'];
  const roots = [...near, 'Files', 'Artifacts', 'Files/Scripts'];
  const endings =
    kind === 'helm-chart' || kind === 'manifests' ? ['', '.tgz', '.tar.gz'] : kind === 'charm' ? ['', '.charm'] : [''];
  const known = new Set(paths);
  for (const root of new Set(roots)) {
    for (const folder of artifactFolders[kind]) {
      for (const ending of endings) {
        const path = posix.join(root, folder, name + ending);
        if (known.has(path)) return path;
        for (const each of known) if (each.startsWith(`${path.replace(/\/$/, '')}/`)) return path;
      }
    }
  }
  return undefined;
}
