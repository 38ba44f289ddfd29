import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { SkerryError } from '#shared/errors/index.ts';
import {
  type DockerArchiveEntry,
  dockerEntries,
  type ImageArchive,
  type ImageDescriptor,
  indexEntries,
} from '#shared/package/image-archive.ts';
import { readPlace, type TarPlace } from '#shared/package/tar-index.ts';

export const maxManifestBytes = 4 * 2 ** 20;
const maxLayers = 500;
const maxDepth = 3;

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar';
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** A part of an image where it lies in the archive. */
export interface ImageBlob {
  digest: string;
  place: TarPlace;
}

export interface ImageManifest {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** One image as a registry takes it: blobs, then the manifests that name them, the last one by the image's own name. */
export interface ImageContent {
  blobs: ImageBlob[];
  manifests: ImageManifest[];
}

/**
 * Finds an image in an archive by its name; an archive with one image needs no name.
 * @throws SkerryError PlatformRefused when it is not there, PackageFault when the archive is not sound
 */
export async function imageContent(archive: ImageArchive, reference: string): Promise<ImageContent> {
  return archive.format === 'oci-layout' ? ociContent(archive, reference) : dockerContent(archive, reference);
}

async function dockerContent(archive: ImageArchive, reference: string): Promise<ImageContent> {
  const entries = await dockerEntries(archive.json);
  const named = entries.find(({ RepoTags }) => RepoTags?.some((tag) => isSameName(tag, reference)));
  const entry = named ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry === undefined) throw notInside(reference, archive.references);
  if (entry.Layers.length > maxLayers) throw refuse(`an image of ${entry.Layers.length} layers`);
  const configPlace = placeOf(archive, entry.Config);
  const configBytes = await readPlace(archive.file, configPlace, maxManifestBytes);
  const config = { mediaType: configType, digest: digestOf(configBytes), size: configBytes.length };
  const layers = await dockerLayers(archive, entry, configBytes);
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    blobs: [{ digest: config.digest, place: configPlace }, ...layers.map(({ blob }) => blob)],
    manifests: [{ mediaType: manifestType, digest: digestOf(bytes), bytes }],
  };
}

/** The config states the digests of layers that are plain tars; what is compressed is read once to know its own. */
async function dockerLayers(archive: ImageArchive, entry: DockerArchiveEntry, configBytes: Buffer) {
  const { rootfs } = JSON.parse(configBytes.toString('utf8')) as { rootfs?: { diff_ids?: unknown[] } };
  const layers: { blob: ImageBlob; descriptor: ImageDescriptor }[] = [];
  for (const [at, path] of entry.Layers.entries()) {
    const place = placeOf(archive, path);
    const isGzip = await hasGzipMagic(archive.file, place);
    const stated = rootfs?.diff_ids?.[at];
    const digest = !isGzip && isDigest(stated) ? stated : await hashPlace(archive.file, place);
    const mediaType = isGzip ? `${layerType}+gzip` : layerType;
    layers.push({ blob: { digest, place }, descriptor: { mediaType, digest, size: place.size } });
  }
  return layers;
}

async function ociContent(archive: ImageArchive, reference: string): Promise<ImageContent> {
  const entries = await indexEntries(archive.json);
  const names = ({ annotations }: ImageDescriptor) => Object.values(annotations ?? {});
  const named = entries.find((entry) => names(entry).some((name) => isSameName(name, reference)));
  const entry = named ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry === undefined) throw notInside(reference, archive.references);
  const content: ImageContent = { blobs: [], manifests: [] };
  await addManifest(archive, entry, content, 0);
  return content;
}

interface OciManifest {
  manifests?: ImageDescriptor[];
  config?: ImageDescriptor;
  layers?: ImageDescriptor[];
}

async function addManifest(
  archive: ImageArchive,
  { digest, mediaType }: ImageDescriptor,
  content: ImageContent,
  depth: number,
): Promise<void> {
  if (depth > maxDepth) throw refuse('an index inside an index inside an index');
  const bytes = await readPlace(archive.file, blobPlace(archive, digest), maxManifestBytes);
  if (digestOf(bytes) !== digest) throw refuse(`content that is not ${digest}`);
  const manifest = JSON.parse(bytes.toString('utf8')) as OciManifest;
  if (!indexTypes.includes(mediaType) && manifest.manifests === undefined) {
    addBlobs(archive, manifest, content);
    content.manifests.push({ mediaType, digest, bytes });
    return;
  }
  const children = manifest.manifests ?? [];
  // What was saved for one platform still names the others.
  const present = children.filter((child) => isWhole(archive, child));
  for (const child of present) await addManifest(archive, child, content, depth + 1);
  if (present.length === children.length) content.manifests.push({ mediaType, digest, bytes });
  else if (present.length === 0) throw refuse('an image of which no platform is in the archive');
  else if (present.length > 1) {
    const rest = Buffer.from(JSON.stringify({ ...manifest, manifests: present }));
    content.manifests.push({ mediaType, digest: digestOf(rest), bytes: rest });
  }
}

function addBlobs(archive: ImageArchive, { config, layers = [] }: OciManifest, content: ImageContent): void {
  const parts = [...(config === undefined ? [] : [config]), ...layers];
  if (parts.length > maxLayers) throw refuse(`an image of ${parts.length} layers`);
  const known = new Set(content.blobs.map(({ digest }) => digest));
  for (const { digest } of parts) {
    if (known.has(digest)) continue;
    known.add(digest);
    content.blobs.push({ digest, place: blobPlace(archive, digest) });
  }
}

function isWhole({ places }: ImageArchive, { digest }: ImageDescriptor): boolean {
  return isDigest(digest) && places.has(blobPath(digest));
}

function blobPlace(archive: ImageArchive, digest: unknown): TarPlace {
  if (!isDigest(digest)) throw refuse('a part without a SHA-256 digest');
  return placeOf(archive, blobPath(digest));
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice(7)}`;
}

function placeOf({ places }: ImageArchive, path: string): TarPlace {
  const place = places.get(path.replace(/^\.?\//, ''));
  if (place === undefined) throw refuse(`an image whose part ${path.slice(0, 100)} is missing`);
  return place;
}

/** `nginx:1` is what docker calls `docker.io/library/nginx:1`. */
function isSameName(one: string, two: string): boolean {
  const plain = (name: string) => name.replace(/^docker\.io\/(?:library\/)?/, '');
  return plain(one) === plain(two);
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function hasGzipMagic(file: FileHandle, { offset, size }: TarPlace): Promise<boolean> {
  if (size < 2) return false;
  const magic = Buffer.alloc(2);
  await file.read(magic, 0, 2, offset);
  return magic[0] === 0x1f && magic[1] === 0x8b;
}

async function hashPlace(file: FileHandle, place: TarPlace): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of placeChunks(file, place)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

const chunkBytes = 256 * 1024;

/** Content of a file of the archive, as a stream that leaves the archive open. */
export async function* placeChunks(file: FileHandle, { offset, size }: TarPlace): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, size - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + at);
    if (bytesRead === 0) throw refuse('an archive that became shorter');
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

function notInside(reference: string, references: string[]): SkerryError {
  const names = references.slice(0, 10).join(', ') || 'no names';
  return refuse(`no image ${reference} (it has ${names})`);
}

function refuse(what: string): SkerryError {
  return new SkerryError('PlatformRefused', `The archive holds ${what}`, {
    remedy: 'write the image archive anew, with `docker save` or `skopeo copy`, and onboard the package again',
  });
}
