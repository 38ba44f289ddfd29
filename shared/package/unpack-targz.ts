import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isLitter } from './entry-path.ts';
import { PackageFault, packageComplaint } from './package-fault.ts';
import { type TarEntry, tarEntries } from './tar-stream.ts';
import type { Unpacking } from './unpacking.ts';

/**
 * OSM's native layout: one folder, everything inside; paths are kept relative to it.
 * @throws PackageFault
 */
export async function unpackTar(
  raw: Readable,
  unpacking: Unpacking,
  options: { isGzip: boolean; target: string | undefined; onChunk: (chunk: Buffer) => void; signal?: AbortSignal },
): Promise<void> {
  const seen = withEach(raw, (chunk) => {
    options.signal?.throwIfAborted();
    unpacking.countPacked(chunk.length);
    options.onChunk(chunk);
  });
  // Errors of any stage surface in the iteration over the last one.
  const stream = options.isGzip ? pipeline(seen, createGunzip({ chunkSize: 128 * 1024 }), () => undefined) : seen;
  const layout = new OneFolder(unpacking);
  try {
    for await (const entry of tarEntries(unpacking.counted(stream as AsyncIterable<Buffer>))) {
      unpacking.countEntry();
      const parts = layout.inside(entry);
      if (parts !== undefined) await take(entry, parts, unpacking, { layout, target: options.target });
    }
  } catch (error) {
    throw translate(error);
  } finally {
    raw.destroy();
  }
}

async function* withEach(chunks: AsyncIterable<unknown>, act: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    act(chunk as Buffer);
    yield chunk as Buffer;
  }
}

async function take(
  entry: TarEntry,
  parts: string[],
  unpacking: Unpacking,
  context: { layout: OneFolder; target: string | undefined },
): Promise<void> {
  const path = parts.join('/');
  if (entry.kind === 'folder') return unpacking.folder(parts);
  if (entry.kind === 'symlink') return unpacking.link(parts, entry.linkTarget);
  if (entry.kind === 'file') {
    await unpacking.file(parts, entry.content);
    return;
  }
  if (entry.kind === 'other') {
    throw new PackageFault('UnsafeEntry', path, 'a device, pipe or other special file', 'leave it out');
  }
  const original = context.layout.strip(unpacking.parts(entry.linkTarget)).join('/');
  const known = unpacking.files.get(original);
  if (known === undefined) {
    const message = `a hard link to '${original.slice(0, 100)}', which is not a file before it in the archive`;
    throw new PackageFault('UnsafeLink', path, message, 'store the file itself');
  }
  unpacking.countUnpacked(known.bytes);
  await unpacking.file(parts, nothing());
  unpacking.files.set(path, { ...known, path });
  const text = unpacking.texts.get(original);
  if (text !== undefined) unpacking.texts.set(path, text);
  if (context.target === undefined) return;
  await unpacking.written();
  await copyFile(join(context.target, original), join(context.target, path));
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** Every entry lies in one and the same top folder, which is left away. */
class OneFolder {
  readonly #unpacking: Unpacking;
  #name: string | undefined;
  #isReported = false;

  constructor(unpacking: Unpacking) {
    this.#unpacking = unpacking;
  }

  inside(entry: TarEntry): string[] | undefined {
    const parts = this.#unpacking.parts(entry.path);
    const [top] = parts;
    if (top === undefined || isLitter(parts)) return undefined;
    const isLoose = parts.length === 1 && entry.kind !== 'folder';
    if ((isLoose || (this.#name !== undefined && top !== this.#name)) && !this.#isReported) {
      this.#isReported = true;
      const message = isLoose ? `the file '${top}' lies beside the package's folder` : `a second folder '${top}'`;
      const remedy = 'put everything into one folder and archive that';
      this.#unpacking.complaints.push(
        packageComplaint('error', 'BadLayout', entry.path.slice(0, 200), message, remedy),
      );
    }
    if (isLoose) return parts;
    this.#name ??= top;
    return this.strip(parts);
  }

  strip(parts: string[]): string[] {
    return parts[0] === this.#name ? parts.slice(1) : parts;
  }
}

function translate(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'Z_BUF_ERROR') {
    return new PackageFault('Truncated', '', 'the compressed data ends in the middle', 'transfer it again');
  }
  if (code.startsWith('Z_')) {
    return new PackageFault('DamagedArchive', '', 'the compressed data is damaged (gzip)', 'transfer it again');
  }
  return error;
}
