import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar-blocks.ts';

/** What stands at one path of an image. */
export type LayerItem = Omit<TarEntry, 'path' | 'sizeBytes' | 'kind' | 'mode'> & { mode?: number } & (
    | { kind: 'file'; from: string }
    | { kind: 'file'; content: string }
    | { kind: 'folder' }
    | { kind: 'link'; target: string }
  );

/** By path, without a leading slash. */
export type LayerItems = Map<string, LayerItem>;

/** One layer as it lies in an image (OCI image specification, `application/vnd.oci.image.layer.v1.tar+gzip`). */
export interface Layer {
  file: string;
  sizeBytes: number;
  /** Of the compressed file. */
  digest: string;
  /** Of the archive in it. */
  diffId: string;
}

const ordinaryModes = { file: 0o644, folder: 0o755, link: 0o777 };

/** Writes the items as a layer, in the order of their names, with the folders above them. */
export async function writeLayer(items: LayerItems, file: string): Promise<Layer> {
  const inner = createHash('sha256');
  const outer = createHash('sha256');
  const all = withFolders(items);
  await pipeline(
    archiveOf(all),
    (chunks) => hashed(chunks, inner),
    // The header that zlib writes holds no time and no name.
    createGzip({ level: 6 }),
    (chunks) => hashed(chunks, outer),
    createWriteStream(file),
  );
  return { file, sizeBytes: statSync(file).size, digest: digestOf(outer), diffId: digestOf(inner) };
}

function digestOf(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

async function* archiveOf(items: LayerItems): AsyncGenerator<Buffer> {
  for (const path of [...items.keys()].sort()) {
    const item = items.get(path)!;
    const { kind, mode = ordinaryModes[kind], ownerId = 0 } = item;
    const content = 'content' in item ? Buffer.from(item.content) : Buffer.alloc(0);
    const sizeBytes = 'from' in item ? statSync(item.from).size : content.length;
    const target = 'target' in item ? item.target : undefined;
    yield tarHeader({ path, kind, mode, ownerId, sizeBytes, ...(target === undefined ? {} : { target }) });
    if ('from' in item) yield* createReadStream(item.from, { highWaterMark: 1 << 20 });
    else yield content;
    yield tarPadding(sizeBytes);
  }
  yield tarEnd;
}

function withFolders(items: LayerItems): LayerItems {
  const all: LayerItems = new Map(items);
  for (const path of items.keys()) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      if (!all.has(folder)) all.set(folder, { kind: 'folder' });
    }
  }
  return all;
}
