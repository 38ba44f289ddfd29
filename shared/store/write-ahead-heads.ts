import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * Newest revisions that LevelDB's write-ahead files name, read before LevelDB recovers them.
 *
 * Recovery drops everything behind a damaged record of a block without a word. One batch is under way at a time, so a power
 * cut can tear the last one only: if two batches or more are named here and gone after recovery, answered commits were lost.
 */
export async function readWriteAheadHeads(folder: string): Promise<Set<number>> {
  const heads = new Set<number>();
  for (const name of await readdir(folder)) {
    if (!/^\d+\.log$/.test(name)) continue;
    const text = await readFile(join(folder, name), 'latin1');
    for (const [, checksum, digits] of text.matchAll(/m\/head[^0-9a-f]([0-9a-f]{8})(\d{1,16})/g)) {
      for (let length = digits!.length; length > 0; length -= 1) {
        const head = digits!.slice(0, length);
        if (crc32(head) !== Number.parseInt(checksum!, 16)) continue;
        heads.add(Number(head));
        break;
      }
    }
  }
  return heads;
}
