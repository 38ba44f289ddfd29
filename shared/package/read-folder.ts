import { createReadStream } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isLitter } from './entry-path.ts';
import { PackageFault } from './package-fault.ts';
import type { Unpacking } from './unpacking.ts';

const maxDepth = 32;

/**
 * Takes a folder as a package, in place; hidden files are left out (as OSM does), links are not followed.
 * @throws PackageFault
 */
export async function readFolder(folder: string, unpacking: Unpacking, signal?: AbortSignal): Promise<void> {
  await readInto(folder, [], unpacking, signal);
}

async function readInto(folder: string, above: string[], unpacking: Unpacking, signal?: AbortSignal): Promise<void> {
  if (above.length > maxDepth) {
    throw new PackageFault('TooDeep', above.join('/'), `folders deeper than ${maxDepth}`, 'flatten the package');
  }
  const items = await readdir(folder, { withFileTypes: true });
  for (const item of items.sort((one, two) => (one.name < two.name ? -1 : 1))) {
    signal?.throwIfAborted();
    const parts = [...above, item.name];
    if (item.name.startsWith('.') || isLitter(parts)) continue;
    unpacking.countEntry();
    const path = join(folder, item.name);
    if (item.isSymbolicLink()) unpacking.link(parts, await readlink(path));
    else if (item.isDirectory()) {
      await unpacking.folder(parts);
      await readInto(path, parts, unpacking, signal);
    } else if (item.isFile()) {
      const stream = createReadStream(path) as AsyncIterable<Buffer>;
      await unpacking.file(unpacking.parts(parts.join('/')), packedAndUnpacked(stream, unpacking));
    } else {
      throw new PackageFault('UnsafeEntry', parts.join('/'), 'a device, pipe or other special file', 'leave it out');
    }
  }
}

async function* packedAndUnpacked(chunks: AsyncIterable<Buffer>, unpacking: Unpacking): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    unpacking.countPacked(chunk.length);
    unpacking.countUnpacked(chunk.length);
    yield chunk;
  }
}
