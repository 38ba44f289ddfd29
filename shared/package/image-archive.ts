import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { PackageFault } from './package-fault.ts';
import { indexTar, readPlace, type TarPlace } from './tar-index.ts';

const maxJsonBytes = 4 * 2 ** 20;
const maxReferences = 100;

/** A tar of container images on disk, open for reading. */
export interface ImageArchive {
  format: 'docker-archive' | 'oci-layout';
  /** Names that the archive states: RepoTags of a docker archive, annotations of an OCI layout's index. */
  references: string[];
  places: ReadonlyMap<string, TarPlace>;
  file: FileHandle;
  /** A JSON file of the archive. @throws PackageFault */
  json(path: string): Promise<unknown>;
}

/** What `docker save` lists in manifest.json. */
export interface DockerArchiveEntry {
  Config: string;
  RepoTags?: string[] | null;
  Layers: string[];
}

/** OCI descriptor (image-spec, descriptor.md). */
export interface ImageDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { architecture: string; os: string; variant?: string };
}

const nameAnnotations = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/**
 * Opens a tar that `docker save`, `skopeo` or `buildctl` wrote; the caller closes `file`.
 * @throws PackageFault when it is neither a docker archive nor an OCI layout
 */
export async function openImageArchive(path: string): Promise<ImageArchive> {
  const file = await open(path, 'r');
  try {
    const places = await indexTar(file);
    const json = (name: string) => readJson(file, places, name);
    // What newer versions of docker write is both; its OCI layout carries the layers as they were.
    const format = places.has('oci-layout') && places.has('index.json') ? 'oci-layout' : 'docker-archive';
    if (format === 'docker-archive' && !places.has('manifest.json'))
      throw new PackageFault(
        'BadImage',
        '',
        'neither a docker archive nor an OCI layout',
        'write it with `docker save` or `skopeo copy`',
      );
    const references = format === 'oci-layout' ? await indexReferences(json, places) : await repoTags(json);
    return { format, references, places, file, json };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Images of a docker archive. @throws PackageFault when its manifest.json is none */
export async function dockerEntries(json: ImageArchive['json']): Promise<DockerArchiveEntry[]> {
  const list = await json('manifest.json');
  const isEntry = (each: DockerArchiveEntry) =>
    typeof each?.Config === 'string' &&
    Array.isArray(each.Layers) &&
    each.Layers.every((layer) => typeof layer === 'string');
  if (!Array.isArray(list) || !list.every(isEntry)) throw notSound('manifest.json');
  return list as DockerArchiveEntry[];
}

/** Entries of an OCI layout's index. @throws PackageFault */
export async function indexEntries(json: ImageArchive['json']): Promise<ImageDescriptor[]> {
  const index = (await json('index.json')) as { manifests?: unknown } | null;
  if (!Array.isArray(index?.manifests)) throw notSound('index.json');
  return index.manifests as ImageDescriptor[];
}

async function repoTags(json: ImageArchive['json']): Promise<string[]> {
  return unique((await dockerEntries(json)).flatMap(({ RepoTags }) => RepoTags ?? []));
}

async function indexReferences(json: ImageArchive['json'], places: ReadonlyMap<string, TarPlace>): Promise<string[]> {
  const tags = places.has('manifest.json') ? await repoTags(json) : [];
  const named = (await indexEntries(json)).flatMap(({ annotations }) => {
    const name = nameAnnotations
      .map((key) => annotations?.[key])
      .find((each) => typeof each === 'string' && each !== '');
    // A tag alone names no image.
    return name !== undefined && /[:/]/.test(name) ? [name] : [];
  });
  return unique([...named, ...tags]);
}

async function readJson(file: FileHandle, places: ReadonlyMap<string, TarPlace>, name: string): Promise<unknown> {
  const place = places.get(name);
  if (place === undefined) throw new PackageFault('BadImage', name, 'is not in the archive', 'write the archive anew');
  try {
    return JSON.parse((await readPlace(file, place, maxJsonBytes)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw notSound(name);
    throw error;
  }
}

function unique(names: unknown[]): string[] {
  const texts = names.filter((name): name is string => typeof name === 'string' && name.length <= 512);
  return [...new Set(texts)].slice(0, maxReferences);
}

function notSound(name: string): PackageFault {
  return new PackageFault('BadImage', name, 'is not what an image archive has there', 'write the archive anew');
}
