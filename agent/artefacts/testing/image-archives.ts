import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar } from '#shared/package/write-tar.ts';

export const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** As `docker save` wrote it before version 25. */
export function dockerArchive(options: {
  tags: string[];
  layers: Buffer[];
  isCompressed?: boolean;
  wrongDiffId?: boolean;
}) {
  const { tags, layers, isCompressed = false, wrongDiffId = false } = options;
  const diffIds = layers.map((layer) => (wrongDiffId ? sha256('other') : sha256(layer)));
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }),
  );
  const stored = layers.map((layer) => (isCompressed ? gzipSync(layer) : layer));
  const paths = stored.map((_, at) => `layer-${at}/layer.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: tags, Layers: paths }];
  const bytes = writeTar([
    { path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) },
    { path: 'config.json', bytes: config },
    ...stored.map((layer, at) => ({ path: paths[at] ?? '', bytes: layer })),
  ]);
  return { bytes, config, stored };
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
};

/** An OCI layout of one image for several platforms; of those in `missing` only the descriptor is there. */
export function ociLayout(options: { name?: string; platforms: string[]; missing?: string[] }) {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer, isKept = true): Descriptor => {
    if (isKept) blobs.set(sha256(bytes), bytes);
    return { mediaType, digest: sha256(bytes), size: bytes.length };
  };
  const images = options.platforms.map((platform) => {
    const isKept = options.missing?.includes(platform) !== true;
    const config = add(types.config, Buffer.from(JSON.stringify({ platform })), isKept);
    const layers = [add(types.layer, Buffer.from(`layer of ${platform}`), isKept)];
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers };
    return add(types.manifest, Buffer.from(JSON.stringify(manifest)), isKept);
  });
  const [only] = images;
  const index = { schemaVersion: 2, mediaType: types.index, manifests: images };
  const top = images.length === 1 && only !== undefined ? only : add(types.index, Buffer.from(JSON.stringify(index)));
  const annotations = options.name === undefined ? {} : { annotations: { 'io.containerd.image.name': options.name } };
  const bytes = writeTar([
    { path: 'oci-layout', bytes: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    {
      path: 'index.json',
      bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [{ ...top, ...annotations }] })),
    },
    ...[...blobs].map(([digest, content]) => ({ path: `blobs/sha256/${digest.slice(7)}`, bytes: content })),
  ]);
  return { bytes, top, images };
}
