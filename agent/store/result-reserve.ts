import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';

/** What LevelDB may need to open again and to write thousands of results. */
const reserveBytes = 8 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Room that is kept on the disk for the results of what was accepted: a file that is given up when nothing else is left. While
 * it is missing, nothing new is taken on.
 */
export class ResultReserve {
  readonly #file: string;
  #isThere = false;

  constructor(folder: string) {
    this.#file = path.join(folder, 'result-reserve');
  }

  /** Makes it when it is missing. False: the disk has no room for it. */
  async ensure(): Promise<boolean> {
    if (this.#isThere) return true;
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => 0,
    );
    this.#isThere = size === reserveBytes || (await this.#make());
    return this.#isThere;
  }

  /** False: it had been given up before. */
  async release(): Promise<boolean> {
    if (!this.#isThere) return false;
    this.#isThere = false;
    await rm(this.#file, { force: true });
    return true;
  }

  async #make(): Promise<boolean> {
    const { bavail, bsize } = await statfs(path.dirname(this.#file));
    if (bavail * bsize < 2 * reserveBytes) return false;
    const file = await open(this.#file, 'w', 0o600);
    try {
      // Not zeros: a disk that compresses would keep nothing.
      const chunk = randomFillSync(Buffer.alloc(chunkBytes));
      for (let written = 0; written < reserveBytes; written += chunkBytes) await file.write(chunk);
      await file.sync();
      return true;
    } catch {
      await rm(this.#file, { force: true });
      return false;
    } finally {
      await file.close();
    }
  }
}
