import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { Digest } from '#shared/model/ids.ts';
import { artifactPath, type PackageFile } from '#shared/package/index.ts';
import { digestOf } from '#shared/wire/digest.ts';

/**
 * KDU name → digest of its Helm chart, where the chart is in the package: of the file's bytes; of a folder, the digest of its
 * list of paths (below the folder, sorted) and their SHA-256. Charts of a repository have none.
 */
export function chartDigests(
  model: VnfModel,
  descriptorPath: string,
  files: readonly PackageFile[],
): Record<string, Digest> {
  const paths = files.map((file) => file.path);
  const digests: Record<string, Digest> = {};
  for (const { name, helmChart } of model.kdus) {
    const path = helmChart && artifactPath('helm-chart', helmChart, descriptorPath, paths);
    if (!path) continue;
    const archive = files.find((file) => file.path === path);
    digests[name] = archive === undefined ? folderDigest(path, files) : (`sha256:${archive.sha256}` as Digest);
  }
  return digests;
}

function folderDigest(folder: string, files: readonly PackageFile[]): Digest {
  const prefix = `${folder.replace(/\/$/, '')}/`;
  const own = files.filter((file) => file.path.startsWith(prefix));
  const listed = own.map(({ path, sha256 }): [string, string] => [path.slice(prefix.length), sha256]);
  return digestOf(listed.sort(([left], [right]) => (left < right ? -1 : 1)));
}
