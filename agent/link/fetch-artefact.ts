import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { type FetchResponse, SyncServiceClient } from '#proto/gen/skerry/sync/v1/sync.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { type Logger, Turnstile } from '#shared/runtime/index.ts';
import { violation } from '#shared/wire/bounded-json.ts';
import { translate } from './grpc-dial.ts';
import { type ChannelTls, secureChannel } from './secure-channel.ts';

const defaultMaxBytes = 2 * 1024 ** 3;
const parallelFetches = 2;
/** Left free whatever is fetched. */
const reservedBytes = 256 * 2 ** 20;
/** Files of former intents together. */
const maxFormerBytes = 4 * 1024 ** 3;

export interface ArtefactFetcherOptions {
  /** Where verified files lie under their hex digest; made when absent. */
  folder: string;
  /** host:port of the controller's sync listener; read at every fetch, as are the PEM texts. */
  address: () => string;
  tls: () => ChannelTls;
  /** Largest file that is taken, bytes. */
  maxBytes?: number;
  /** Free bytes of the disk; so much is always left for the agent's own store. Absent: taken until the disk is full. */
  freeBytes?: () => number;
  /** Wall clock, epoch ms: what nothing names any more is kept by when that began. Absent: by when it was fetched. */
  now?: () => number;
  log: Logger;
}

/** Files of the controller that this agent's intent names, kept by digest. */
export interface ArtefactFetcher {
  /**
   * Path of the verified file; from the folder when it is there. What came before a cut stays: the next call goes on from it.
   * @throws SkerryError Unavailable (try again), NotFound (not named by the intent, or not stored), TooLarge, DiskFull
   */
  fetch(digest: string, signal?: AbortSignal): Promise<string>;
  /** Is it here, whole? */
  has(digest: string): Promise<boolean>;
  /** Removes files, whole and in part, that no digest in use names; of whole ones the newest `former` stay, within their space. */
  keepOnly(digests: ReadonlySet<string>, former?: number): Promise<void>;
}

export function createArtefactFetcher(options: ArtefactFetcherOptions): ArtefactFetcher {
  const underWay = new Map<string, Promise<string>>();
  let inUse = new Set<string>();
  const turnstile = new Turnstile(parallelFetches);

  return {
    async fetch(digest, signal) {
      const target = path.join(options.folder, hexOf(digest));
      if (await isThere(target)) return target;
      const present = underWay.get(digest);
      if (present !== undefined) return present;
      const fetching = turnstile.run(() => fetchWhole(options, digest, signal)).finally(() => underWay.delete(digest));
      underWay.set(digest, fetching);
      return fetching;
    },
    has: (digest) => isThere(path.join(options.folder, hexOf(digest))),
    async keepOnly(digests, former = 0) {
      const now = new Set([...digests].map(hexOf));
      for (const hex of inUse) if (!now.has(hex)) await leftUse(path.join(options.folder, hex), options.now);
      inUse = now;
      const kept = new Set([...digests, ...underWay.keys()].map(hexOf));
      const others: { file: string; bytes: number; leftAtMs: number }[] = [];
      for (const name of await readdir(options.folder).catch(() => [])) {
        if (kept.has(name.replace(/\.part$/, ''))) continue;
        const file = path.join(options.folder, name);
        const found = await stat(file).catch(() => undefined);
        if (former > 0 && found?.isFile() === true && /^[0-9a-f]{64}$/.test(name))
          others.push({ file, bytes: found.size, leftAtMs: found.mtimeMs });
        else await rm(file, { recursive: true, force: true });
      }
      others.sort((one, two) => two.leftAtMs - one.leftAtMs);
      let bytes = 0;
      for (const [at, other] of others.entries()) {
        bytes += other.bytes;
        if (at >= former || bytes > maxFormerBytes) await rm(other.file, { force: true });
      }
    },
  };
}

/** Its time says since when nothing names it; survives a restart. */
async function leftUse(file: string, now: (() => number) | undefined): Promise<void> {
  const seconds = now === undefined ? undefined : now() / 1000;
  if (seconds !== undefined) await utimes(file, seconds, seconds).catch(() => undefined);
}

async function fetchWhole(
  options: ArtefactFetcherOptions,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hex = hexOf(digest);
  const target = path.join(options.folder, hex);
  const part = `${target}.part`;
  const hash = createHash('sha256');
  const { file, offset } = await openPart(options.folder, part, hash).catch((error: unknown) => {
    throw diskError(error);
  });
  try {
    await receiveInto(file, { options, digest, offset, hash }, signal);
    if (hash.digest('hex') !== hex)
      throw new SkerryError('Conflict', `What came is not ${digest}`, { retry: 'backoff' });
    await file.sync();
  } catch (cause) {
    const error = diskError(cause);
    const isToContinue = isSkerryError(error) && (error.code === 'Unavailable' || error.code === 'DiskFull');
    if (!isToContinue) await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(part, target);
  const folder = await open(options.folder, 'r');
  await folder.sync().finally(() => folder.close());
  options.log.info({ digest, resumedAt: offset }, 'a file of the controller was fetched');
  return target;
}

async function openPart(folder: string, part: string, hash: Hash): Promise<{ file: FileHandle; offset: number }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const offset = await hashPart(part, hash);
  return { file: await open(part, 'a', 0o600), offset };
}

/** Reads what an earlier attempt left; its length is where this one goes on. */
async function hashPart(part: string, hash: Hash): Promise<number> {
  if (!(await isThere(part))) return 0;
  let length = 0;
  for await (const chunk of createReadStream(part)) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return length;
}

async function receiveInto(
  file: FileHandle,
  from: { options: ArtefactFetcherOptions; digest: string; offset: number; hash: Hash },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { options, digest, hash } = from;
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const address = options.address();
  const { security, options: target } = secureChannel(address, options.tls());
  const client = new SyncServiceClient(address, security, {
    ...target,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  const call = client.fetch({ digest, offset: BigInt(from.offset) });
  const abort = () => call.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  let received = from.offset;
  let total: number | undefined;
  try {
    for await (const chunk of call as ClientReadableStream<FetchResponse> & AsyncIterable<FetchResponse>) {
      total = Number(chunk.total);
      if (total > maxBytes)
        throw new SkerryError('TooLarge', `${digest} has ${total} bytes, ${maxBytes} are taken at most`);
      requireRoom(options, total - received);
      if (Number(chunk.offset) !== received || received + chunk.data.length > total)
        throw violation('a chunk of a file does not follow the one before');
      await append(file, chunk.data);
      hash.update(chunk.data);
      received += chunk.data.length;
    }
  } catch (error) {
    throw fetchError(error, digest);
  } finally {
    signal?.removeEventListener('abort', abort);
    call.cancel();
    client.close();
  }
  if (total !== undefined && received < total) throw new SkerryError('Unavailable', `${digest} ended too early`);
}

function requireRoom({ freeBytes }: ArtefactFetcherOptions, missing: number): void {
  if (freeBytes === undefined || freeBytes() - missing >= reservedBytes) return;
  throw new SkerryError('DiskFull', `There is no room for ${missing} more bytes of a file of the controller`, {
    remedy: 'give the agent a larger disk, or leave images out of the package',
  });
}

async function append(file: FileHandle, data: Uint8Array): Promise<void> {
  try {
    await file.appendFile(data);
  } catch (cause) {
    throw diskError(cause);
  }
}

function diskError(cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return cause;
  return new SkerryError('DiskFull', 'There is no room for a file of the controller', { cause });
}

function fetchError(error: unknown, digest: string): unknown {
  if (isSkerryError(error)) return error;
  const { code } = error as { code?: unknown };
  if (code === status.NOT_FOUND)
    return new SkerryError('NotFound', `The controller has no file ${digest} for this agent`, { cause: error });
  // Longer than the file is: it was not the file. The next attempt begins anew.
  if (code === status.OUT_OF_RANGE)
    return new SkerryError('Conflict', `What was kept is not ${digest}`, { cause: error });
  return translate(error);
}

function hexOf(digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (match?.[1] === undefined) throw new SkerryError('BadRequest', `${digest.slice(0, 80)} is no SHA-256 digest`);
  return match[1];
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
