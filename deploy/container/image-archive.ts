import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Layer } from './layer.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-blocks.ts';

/** What a runtime is told about an image (OCI image specification, image configuration). */
export interface ImageConfig {
  architecture: string;
  os: 'linux';
  config: {
    User: string;
    Env: string[];
    Entrypoint: string[];
    WorkingDir: string;
    Labels: Record<string, string>;
  };
}

interface ArchivedFile {
  path: string;
  content: Buffer | Layer;
}

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/**
 * Writes an image as one file that is both an OCI image layout and what `docker save` writes: `docker load`, `podman load`,
 * `ctr images import` and `skopeo` take it, from either side.
 * @param reference with a tag: `registry/name:tag`
 * @returns the digest of the image's manifest
 */
export async function writeImage(
  file: string,
  reference: string,
  image: ImageConfig,
  layers: readonly Layer[],
): Promise<string> {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const history = layers.map(() => ({ created_by: 'skerry' }));
  const config = blob({ created: '1970-01-01T00:00:00Z', ...image, rootfs, history });
  const manifest = blob({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, digest: config.digest, size: config.content.length },
    layers: layers.map(({ digest, sizeBytes }) => ({ mediaType: types.layer, digest, size: sizeBytes })),
  });
  const platform = { architecture: image.architecture, os: image.os };
  const tag = reference.slice(reference.lastIndexOf(':') + 1);
  const annotations = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': tag };
  const { digest } = manifest;
  const entry = { mediaType: types.manifest, digest, size: manifest.content.length, platform, annotations };
  const index = json({ schemaVersion: 2, mediaType: types.index, manifests: [entry] });
  const docker = json([
    { Config: config.path, RepoTags: [reference], Layers: layers.map((layer) => blobPath(layer.digest)) },
  ]);
  const files: ArchivedFile[] = [
    ...layers.map((layer) => ({ path: blobPath(layer.digest), content: layer })),
    config,
    manifest,
    { path: 'index.json', content: index },
    { path: 'manifest.json', content: docker },
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
  ];
  files.sort((left, right) => (left.path < right.path ? -1 : 1));
  await pipeline(archiveOf(files), createWriteStream(file));
  return digest;
}

async function* archiveOf(files: readonly ArchivedFile[]): AsyncGenerator<Buffer> {
  for (const path of ['blobs', 'blobs/sha256']) yield tarHeader({ path, mode: 0o755, kind: 'folder' });
  for (const { path, content } of files) {
    const sizeBytes = Buffer.isBuffer(content) ? content.length : content.sizeBytes;
    yield tarHeader({ path, mode: 0o644, kind: 'file', sizeBytes });
    if (Buffer.isBuffer(content)) yield content;
    else yield* createReadStream(content.file, { highWaterMark: 1 << 20 });
    yield tarPadding(sizeBytes);
  }
  yield tarEnd;
}

function blob(value: object): { path: string; content: Buffer; digest: string } {
  const content = json(value);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { path: blobPath(digest), content, digest };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
