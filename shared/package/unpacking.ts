import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Complaint } from '../descriptor/complaint.ts';
import { entryParts } from './entry-path.ts';
import { LinkMap } from './link-map.ts';
import { PackageFault } from './package-fault.ts';
import type { PackageFile, PackageLimits } from './package-reader.ts';

/** Texts are held in memory for the checks that follow; so much of them at most. */
const maxHeldBytes = 32 * 2 ** 20;

/** Small packages may compress as well as they like. */
const freeBytes = 16 * 2 ** 20;

/** Files up to this size are written while the next ones are read; so much of them waits at most. */
const maxWholeBytes = 256 * 1024;
const maxWaitingBytes = 4 * 2 ** 20;
const maxWrites = 64;

const writeNew = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

const heldNames = /(?:\.(?:ya?ml|json|xml|mf|meta)|(?:^|\/)checksums\.txt)$/i;

/** Held too where nothing is written to disk: they are looked into. */
const chartNames = /\.(?:tgz|tar\.gz)$/i;

export interface UnpackedFile extends PackageFile {
  digests: Record<string, string>;
}

/** Takes the entries of one package: limits and paths are checked before a byte is kept. */
export class Unpacking {
  readonly files = new Map<string, UnpackedFile>();
  readonly links = new LinkMap();
  /** Contents of files that may be a descriptor, manifest or checksum list. */
  readonly texts = new Map<string, Buffer>();
  readonly complaints: Complaint[] = [];
  /** Compressed bytes read so far; the archive readers keep it. */
  packedBytes = 0;
  readonly #limits: PackageLimits;
  readonly #target: string | undefined;
  readonly #algorithms: string[];
  readonly #folders = new Set<string>();
  #unpackedBytes = 0;
  #heldBytes = 0;
  #entries = 0;
  readonly #writes: Promise<void>[] = [];
  #waitingBytes = 0;

  constructor(limits: PackageLimits, target: string | undefined, algorithms: string[]) {
    this.#limits = limits;
    this.#target = target;
    this.#algorithms = algorithms;
  }

  /** @throws PackageFault when the name is unsafe or the entry is one too many */
  parts(path: string): string[] {
    return entryParts(path, this.#limits.maxPathLength);
  }

  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxFiles) {
      const message = `more than ${this.#limits.maxFiles} entries`;
      throw new PackageFault('TooLarge', '', message, 'split the package');
    }
  }

  async *counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.countUnpacked(chunk.length);
      yield chunk;
    }
  }

  countPacked(bytes: number): void {
    this.packedBytes += bytes;
    if (this.packedBytes > this.#limits.maxPackageBytes) {
      const message = `the package is larger than ${this.#limits.maxPackageBytes} bytes`;
      throw new PackageFault('TooLarge', '', message, 'move images out of the package');
    }
  }

  /** @throws PackageFault TooLarge */
  countUnpacked(bytes: number): void {
    this.#unpackedBytes += bytes;
    if (this.#unpackedBytes > this.#limits.maxUnpackedBytes) {
      const message = `more than ${this.#limits.maxUnpackedBytes} bytes unpacked`;
      throw new PackageFault('TooLarge', '', message, 'move images out of the package');
    }
    const isBomb = this.#unpackedBytes > freeBytes && this.#unpackedBytes > this.packedBytes * this.#limits.maxRatio;
    if (!isBomb) return;
    const message = `unpacks to more than ${this.#limits.maxRatio} times its size`;
    throw new PackageFault('TooLarge', '', message, 'this looks like a decompression bomb; check where it comes from');
  }

  async folder(parts: string[]): Promise<void> {
    if (parts.length === 0) return;
    const path = parts.join('/');
    this.#refuseLinkAbove(parts);
    if (this.files.has(path) || this.links.has(path)) throw duplicate(path);
    await this.#makeFolder(path);
  }

  /** The chunks must have been counted; `isText`: hold it whatever its name. @throws PackageFault, or what the chunks throw */
  async file(parts: string[], chunks: AsyncIterable<Buffer>, isText = false): Promise<UnpackedFile> {
    const path = parts.join('/');
    this.#refuseLinkAbove(parts);
    if (this.files.has(path) || this.links.has(path) || this.#folders.has(path)) throw duplicate(path);
    if (parts.length > 1) await this.#makeFolder(parts.slice(0, -1).join('/'));
    const maxHeld =
      isText || heldNames.test(path) || (this.#target === undefined && chartNames.test(path))
        ? this.#limits.maxDescriptorBytes
        : 0;
    const target = this.#target === undefined ? undefined : join(this.#target, path);
    const sink = new FileSink(this.#algorithms, maxHeld, target);
    try {
      for await (const chunk of chunks) await sink.write(chunk);
      await this.#writeWhole(sink);
    } finally {
      await sink.handle?.close();
    }
    const file = { path, bytes: sink.bytes, sha256: '', digests: sink.digests() };
    file.sha256 = file.digests['sha256'] ?? '';
    this.files.set(path, file);
    const held = sink.held();
    this.#heldBytes += held?.length ?? 0;
    if (held !== undefined && this.#heldBytes <= maxHeldBytes) this.texts.set(path, held);
    return file;
  }

  /** Resolves when nothing is being written any more. @throws what a write threw */
  async written(): Promise<void> {
    const waiting = this.#writes.splice(0);
    this.#waitingBytes = 0;
    const results = await Promise.allSettled(waiting);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Recorded only; links are made when all files are written, so that nothing is ever written through one. */
  link(parts: string[], target: string): void {
    const path = parts.join('/');
    this.#refuseLinkAbove(parts);
    if (this.files.has(path) || this.links.has(path) || this.#folders.has(path)) throw duplicate(path);
    if (target === '' || target.length > this.#limits.maxPathLength || target.includes('\0'))
      throw leaves(path, target);
    this.links.add(path, target);
  }

  /** @throws PackageFault UnsafeLink when one leaves the package */
  async finish(): Promise<void> {
    for (const [path, target] of this.links.entries) {
      if (target.startsWith('/') || this.links.resolve(path) === undefined) throw leaves(path, target);
    }
    if (this.#target === undefined || this.links.entries.size === 0) return;
    await this.written();
    for (const [path, target] of this.links.entries) {
      await this.#makeFolder(dirname(path));
      await symlink(target, join(this.#target, path));
    }
  }

  async #writeWhole({ target, handle, whole }: FileSink): Promise<void> {
    if (target === undefined || handle !== undefined) return;
    const bytes = Buffer.concat(whole);
    const write = writeFile(target, bytes, { flag: writeNew as never, mode: 0o644 });
    // Whoever waits for it learns of the error; until then nobody listens.
    write.catch(() => undefined);
    this.#writes.push(write);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes || this.#writes.length >= maxWrites) await this.written();
  }

  #refuseLinkAbove(parts: string[]): void {
    const link = this.links.linkAbove(parts);
    if (link === undefined) return;
    const message = `an entry below the link '${link}'`;
    throw new PackageFault('UnsafeLink', parts.join('/'), message, 'put the file where it belongs');
  }

  async #makeFolder(path: string): Promise<void> {
    if (path === '' || path === '.' || this.#folders.has(path)) return;
    let prefix = '';
    for (const part of path.split('/')) {
      prefix = prefix === '' ? part : `${prefix}/${part}`;
      if (this.files.has(prefix) || this.links.has(prefix)) throw duplicate(prefix);
      this.#folders.add(prefix);
    }
    if (this.#target !== undefined) await mkdir(join(this.#target, path), { recursive: true });
  }
}

class FileSink {
  /** Opened for a file that is too large to be written at once. */
  handle: FileHandle | undefined;
  readonly target: string | undefined;
  /** Its content so far, without a handle. */
  whole: Buffer[] = [];
  bytes = 0;
  readonly #hashes: [string, Hash][];
  readonly #maxHeld: number;
  #held: Buffer[] = [];

  constructor(algorithms: string[], maxHeld: number, target: string | undefined) {
    this.target = target;
    this.#hashes = algorithms.map((name) => [name, createHash(name)]);
    this.#maxHeld = maxHeld;
  }

  async write(chunk: Buffer): Promise<void> {
    this.bytes += chunk.length;
    for (const [, hash] of this.#hashes) hash.update(chunk);
    if (this.bytes <= this.#maxHeld) this.#held.push(Buffer.from(chunk));
    else this.#held = [];
    if (this.target !== undefined) await this.#keep(this.target, chunk);
  }

  async #keep(target: string, chunk: Buffer): Promise<void> {
    if (this.handle === undefined && this.bytes <= maxWholeBytes) {
      this.whole.push(Buffer.from(chunk));
      return;
    }
    this.handle ??= await open(target, writeNew, 0o644);
    for (const part of [...this.whole.splice(0), chunk]) {
      for (let at = 0; at < part.length; ) at += (await this.handle.write(part, at)).bytesWritten;
    }
  }

  digests(): Record<string, string> {
    return Object.fromEntries(this.#hashes.map(([name, hash]) => [name, hash.digest('hex')]));
  }

  held(): Buffer | undefined {
    return this.#maxHeld > 0 && this.bytes <= this.#maxHeld ? Buffer.concat(this.#held) : undefined;
  }
}

function duplicate(path: string): PackageFault {
  return new PackageFault('DuplicateEntry', path, 'stands twice in the archive', 'build the archive anew');
}

function leaves(path: string, target: string): PackageFault {
  const message = `the link to '${target.slice(0, 100)}' leaves the package or never ends`;
  return new PackageFault('UnsafeLink', path, message, 'link only inside the package');
}
