import type { FileHandle } from 'node:fs/promises';
import { SkerryError } from '../errors/index.ts';
import { PackageFault } from './package-fault.ts';
import { tarEntries } from './tar-stream.ts';

/** Where the content of a file lies in a tar. */
export interface TarPlace {
  offset: number;
  size: number;
}

const blockBytes = 512;
const maxEntries = 10_000;
/** More headers than this belong to no single entry (long names, pax). */
const maxHeaderBytes = 160 * 1024;

/**
 * Finds the files of a tar on disk without reading their content; hard and symbolic links to files of the archive count as the file.
 * @throws PackageFault Truncated, NotAnArchive, TooLarge
 */
export async function indexTar(file: FileHandle): Promise<Map<string, TarPlace>> {
  const { size: total } = await file.stat();
  const places = new Map<string, TarPlace>();
  const links = new Map<string, string>();
  for (let at = 0; at + blockBytes <= total; ) {
    const head = new HeaderReader(file, at, total);
    // One entry is parsed; its content is never asked for.
    const { value: entry, done } = await tarEntries(head).next();
    if (done === true || entry === undefined) break;
    if (places.size + links.size >= maxEntries)
      throw new PackageFault('TooLarge', '', `more than ${maxEntries} entries`, 'this is no container image');
    const path = plain(entry.path);
    const offset = head.at;
    if (offset + entry.size > total)
      throw new PackageFault('Truncated', path, 'the archive ends in the middle', 'transfer it again');
    if (entry.kind === 'file') places.set(path, { offset, size: entry.size });
    else if (entry.kind === 'hardlink') links.set(path, plain(entry.linkTarget));
    else if (entry.kind === 'symlink') links.set(path, resolved(path, entry.linkTarget));
    at = offset + Math.ceil(entry.size / blockBytes) * blockBytes;
  }
  for (const [path, target] of links) {
    const place = places.get(target);
    if (place !== undefined) places.set(path, place);
  }
  return places;
}

/** A file of the archive, whole. @throws PackageFault when it is missing or larger than `maxBytes` */
export async function readPlace(file: FileHandle, place: TarPlace, maxBytes: number): Promise<Buffer> {
  if (place.size > maxBytes)
    throw new PackageFault('TooLarge', '', `a file of ${place.size} bytes`, 'this is no container image');
  const bytes = Buffer.alloc(place.size);
  for (let at = 0; at < place.size; ) {
    const { bytesRead } = await file.read(bytes, at, place.size - at, place.offset + at);
    if (bytesRead === 0) throw new SkerryError('Unavailable', 'A file became shorter while it was read');
    at += bytesRead;
  }
  return bytes;
}

/** Gives a tar parser one block at a time, so that it stands behind the last header when the entry is known. */
class HeaderReader implements AsyncIterable<Buffer> {
  at: number;
  readonly #file: FileHandle;
  readonly #begin: number;
  readonly #total: number;

  constructor(file: FileHandle, at: number, total: number) {
    this.#file = file;
    this.#begin = at;
    this.at = at;
    this.#total = total;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    while (this.at + blockBytes <= this.#total && this.at - this.#begin < maxHeaderBytes) {
      const block = Buffer.alloc(blockBytes);
      await this.#file.read(block, 0, blockBytes, this.at);
      this.at += blockBytes;
      yield block;
    }
  }
}

function plain(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '');
}

function resolved(path: string, target: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
