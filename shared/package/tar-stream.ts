import { PackageFault } from './package-fault.ts';

export interface TarEntry {
  path: string;
  kind: 'file' | 'folder' | 'symlink' | 'hardlink' | 'other';
  size: number;
  linkTarget: string;
  /** Must be read to its end before the next entry is asked for. */
  content: AsyncIterable<Buffer>;
}

const blockBytes = 512;

/** Longer names and pax records than this are no names any more. */
const maxMetaBytes = 64 * 1024;

const kinds: Record<string, TarEntry['kind']> = {
  '0': 'file',
  '\0': 'file',
  '': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'folder',
};

/** Records about the next entry (GNU long names, pax), about all, and GNU's volume label. */
const metaTypes = new Set(['L', 'K', 'x', 'X', 'g', 'V']);

/**
 * Entries of a tar stream (POSIX ustar and pax, GNU long names).
 * @throws PackageFault Truncated, NotAnArchive
 */
export async function* tarEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const input = new ByteInput(chunks);
  let longPath: string | undefined;
  let longLink: string | undefined;
  let pax = new Map<string, string>();
  for (;;) {
    const block = await input.take(blockBytes);
    if (block.length === 0) return;
    if (block.length < blockBytes) throw truncated();
    if (block.every((byte) => byte === 0)) return drain(input);
    checkHeader(block);
    const type = String.fromCharCode(block[156] ?? 0);
    const size = Number(pax.get('size') ?? numberAt(block, 124, 12));
    if (!Number.isSafeInteger(size) || size < 0) throw notTar('a size that is no number');
    if (metaTypes.has(type)) {
      const meta = await readMeta(input, size);
      if (type === 'L') longPath = textOf(meta);
      else if (type === 'K') longLink = textOf(meta);
      else if (type === 'x' || type === 'X') pax = paxRecords(meta);
      continue;
    }
    if (type === 'S' || pax.has('GNU.sparse.map') || pax.has('GNU.sparse.major')) throw sparse(headerPath(block));
    const kind = kinds[type] ?? 'other';
    const path = pax.get('path') ?? longPath ?? headerPath(block);
    const linkTarget = pax.get('linkpath') ?? longLink ?? textOf(block.subarray(157, 257));
    const contentBytes = kind === 'file' || kind === 'other' ? size : 0;
    const body = new EntryBody(input, contentBytes);
    const isOldFolder = kind === 'file' && path.endsWith('/');
    yield { path, kind: isOldFolder ? 'folder' : kind, size: contentBytes, linkTarget, content: body };
    await body.finish();
    longPath = undefined;
    longLink = undefined;
    pax = new Map();
  }
}

class EntryBody implements AsyncIterable<Buffer> {
  readonly #input: ByteInput;
  readonly #padding: number;
  #left: number;

  constructor(input: ByteInput, size: number) {
    this.#input = input;
    this.#left = size;
    this.#padding = (blockBytes - (size % blockBytes)) % blockBytes;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    while (this.#left > 0) {
      const chunk = await this.#input.some(this.#left);
      if (chunk.length === 0) throw truncated();
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  async finish(): Promise<void> {
    for await (const _chunk of this);
    const padding = await this.#input.take(this.#padding);
    if (padding.length < this.#padding) throw truncated();
  }
}

/** Bytes by count over a stream of chunks. */
class ByteInput {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Up to `most` bytes, as many as are at hand; none at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return this.#rest;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `count` bytes, fewer at the end. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let left = count;
    while (left > 0) {
      const part = await this.some(left);
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
  }
}

/** To the very end: a gzip's CRC stands behind tar's own end mark. */
async function drain(input: ByteInput): Promise<void> {
  while ((await input.some(Number.MAX_SAFE_INTEGER)).length > 0);
}

async function readMeta(input: ByteInput, size: number): Promise<Buffer> {
  if (size > maxMetaBytes) throw notTar('a name record that is far too long');
  const padded = Math.ceil(size / blockBytes) * blockBytes;
  const meta = await input.take(padded);
  if (meta.length < padded) throw truncated();
  return meta.subarray(0, size);
}

function checkHeader(block: Buffer): void {
  if (!isTarHeader(block)) throw notTar('a header whose checksum is wrong');
}

/** Also true of archives from before ustar, which have no magic word. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockBytes || block[0] === 0) return false;
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  return sum === numberAt(block, 148, 8);
}

/** Octal text, or base 256 when the first bit is set (GNU). */
function numberAt(block: Buffer, offset: number, length: number): number {
  if (((block[offset] ?? 0) & 0x80) !== 0) {
    let value = (block[offset] ?? 0) & 0x7f;
    for (let at = 1; at < length; at++) value = value * 256 + (block[offset + at] ?? 0);
    return value;
  }
  const text = textOf(block.subarray(offset, offset + length)).trim();
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function headerPath(block: Buffer): string {
  const name = textOf(block.subarray(0, 100));
  const isUstar = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar && block[262] === 0 ? textOf(block.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxRecords(meta: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < meta.length; ) {
    const space = meta.indexOf(0x20, at);
    const length = Number(meta.toString('latin1', at, space));
    if (space === -1 || !Number.isInteger(length) || length <= 0) throw notTar('a pax record that cannot be read');
    const record = meta.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function sparse(path: string): PackageFault {
  return new PackageFault('UnsupportedFormat', path, 'a sparse file', 'build the archive without --sparse (-S)');
}

function truncated(): PackageFault {
  return new PackageFault('Truncated', '', 'the archive ends in the middle', 'transfer or build it again');
}

function notTar(what: string): PackageFault {
  return new PackageFault('NotAnArchive', '', `not a sound tar archive: ${what}`, 'build it with tar');
}
