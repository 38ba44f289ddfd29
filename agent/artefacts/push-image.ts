import { createHash } from 'node:crypto';
import { SkerryError } from '#shared/errors/index.ts';
import { type ImageArchive, openImageArchive } from '#shared/package/image-archive.ts';
import { PackageFault } from '#shared/package/package-fault.ts';
import { type ImageBlob, type ImageManifest, imageContent, placeChunks } from './image-content.ts';
import { parseImageReference } from './image-reference.ts';
import { type ImageRegistry, type RegistryAnswer, RegistryClient } from './registry-client.ts';

export interface PushImageOptions {
  /** A tar as `docker save` writes it, or an OCI image layout. */
  archivePath: string;
  /** Name of the image in the archive; its path and tag are those in the registry, whatever host it names. */
  reference: string;
  registry: ImageRegistry;
  signal?: AbortSignal;
}

export interface PushedImage {
  repository: string;
  /** Absent when the name states a digest only. */
  tag?: string;
  /** Of the manifest. */
  digest: string;
  /** Parts that the registry did not have. */
  uploadedBlobs: number;
}

/**
 * Brings an image of an archive into a registry. What is there already is not sent again; an image that is whole there costs one
 * request. Everything is read as a stream, and nothing counts whose digest is not what was said.
 * @throws SkerryError PlatformUnavailable (try again: it goes on with what is missing), PlatformAuth, PlatformRefused
 */
export async function pushImage({ archivePath, reference, registry, signal }: PushImageOptions): Promise<PushedImage> {
  const { repository, tag, digest: wanted } = parseImageReference(reference);
  const archive = await openSound(archivePath);
  const client = new RegistryClient(registry);
  const push = new Push(client, archive, repository, signal);
  try {
    const { blobs, manifests } = await imageContent(archive, reference);
    const last = manifests.at(-1);
    if (last === undefined) throw new SkerryError('PlatformRefused', `${reference} has no manifest`);
    const name = tag ?? wanted ?? last.digest;
    const result = { repository, ...(tag === undefined ? {} : { tag }), digest: last.digest, uploadedBlobs: 0 };
    if (wanted !== undefined && wanted !== last.digest)
      throw new SkerryError('PlatformRefused', `The archive holds ${last.digest}, not ${wanted}`);
    if (await push.hasManifest(name, last.digest)) return result;
    for (const blob of blobs) if (await push.blob(blob)) result.uploadedBlobs += 1;
    for (const manifest of manifests) await push.manifest(manifest, manifest === last ? name : manifest.digest);
    return result;
  } catch (error) {
    throw error instanceof PackageFault ? unsound(error) : error;
  } finally {
    client.close();
    await archive.file.close();
  }
}

class Push {
  readonly #client: RegistryClient;
  readonly #archive: ImageArchive;
  readonly #repository: string;
  readonly #scope: string;
  readonly #signal: AbortSignal | undefined;

  constructor(client: RegistryClient, archive: ImageArchive, repository: string, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#archive = archive;
    this.#repository = repository;
    this.#scope = `repository:${repository}:pull,push`;
    this.#signal = signal;
  }

  async hasManifest(name: string, digest: string): Promise<boolean> {
    const accept = [
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
    ].join(', ');
    const answer = await this.#send('HEAD', `manifests/${name}`, { headers: { accept } });
    if (answer.status === 404) return false;
    expect(answer, [200], 'looking for the image');
    return answer.headers['docker-content-digest'] === digest;
  }

  /** @returns false when the registry has it */
  async blob({ digest, place }: ImageBlob): Promise<boolean> {
    const head = await this.#send('HEAD', `blobs/${digest}`, {});
    if (head.status === 200) return false;
    if (head.status !== 404) expect(head, [200], `looking for ${digest}`);
    const begun = await this.#send('POST', 'blobs/uploads/', {});
    expect(begun, [202], 'beginning an upload');
    const target = this.#client.location(begun);
    target.searchParams.set('digest', digest);
    const chunks = () => verified(placeChunks(this.#archive.file, place), digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const ended = await this.#send('PUT', target, { headers, body: { bytes: place.size, chunks } });
    expect(ended, [201, 204], `uploading ${digest}`);
    return true;
  }

  async manifest({ mediaType, bytes, digest }: ImageManifest, name: string): Promise<void> {
    const body = { bytes: bytes.length, chunks: () => once(bytes) };
    const answer = await this.#send('PUT', `manifests/${name}`, { headers: { 'content-type': mediaType }, body });
    expect(answer, [201], `naming ${digest}`);
    const stored = answer.headers['docker-content-digest'];
    if (stored !== undefined && stored !== digest)
      throw new SkerryError('PlatformRefused', `The registry made ${String(stored)} of ${digest}`);
  }

  #send(
    method: 'HEAD' | 'POST' | 'PUT',
    path: string | URL,
    rest: { headers?: Record<string, string>; body?: { bytes: number; chunks: () => AsyncIterable<Buffer> } },
  ): Promise<RegistryAnswer> {
    const whole = path instanceof URL ? path : `${this.#repository}/${path}`;
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    return this.#client.send({ method, path: whole, ...rest, ...signal }, this.#scope);
  }
}

/** Ends with an error, and so breaks the upload off, when the content is not what its digest says. */
async function* verified(chunks: AsyncIterable<Buffer>, digest: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let before: Buffer | undefined;
  for await (const chunk of chunks) {
    hash.update(chunk);
    // The last chunk is held back until all of it is known to be right.
    if (before !== undefined) yield before;
    before = chunk;
  }
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw new SkerryError('PlatformRefused', `A part of the image archive is not ${digest}`, {
      remedy: 'write the image archive anew and onboard the package again',
    });
  if (before !== undefined) yield before;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function expect({ status, text }: RegistryAnswer, good: number[], what: string): void {
  if (good.includes(status)) return;
  const code = status >= 500 || status === 429 || status === 408 ? 'PlatformUnavailable' : 'PlatformRefused';
  const isAuth = status === 401 || status === 403;
  throw new SkerryError(isAuth ? 'PlatformAuth' : code, `The image registry answered ${status} when ${what}`, {
    details: { answer: text.slice(0, 500) },
  });
}

async function openSound(path: string): Promise<ImageArchive> {
  try {
    return await openImageArchive(path);
  } catch (error) {
    throw error instanceof PackageFault ? unsound(error) : error;
  }
}

function unsound(fault: PackageFault): SkerryError {
  return new SkerryError('PlatformRefused', `The image archive is not sound: ${fault.message}`, {
    remedy: fault.complaint.remedy,
    cause: fault,
  });
}
