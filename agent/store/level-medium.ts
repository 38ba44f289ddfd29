import { cp, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import { Level } from '#shared/store/level.ts';
import { agentKeys } from './agent-store.ts';
import type { RawChange, RawStore, StoreMedium } from './raw-store.ts';
import { ResultReserve } from './result-reserve.ts';
import { newestSnapshotBatch, readNewestSnapshot, writeSnapshotFile } from './snapshot-file.ts';

const resultPrefix = agentKeys.outboxPrefix('results');

/** A folder with LevelDB in `level/` and the snapshots `snapshot-a` and `snapshot-b` beside it. */
export function folderMedium(folder: string): StoreMedium {
  const location = path.join(folder, 'level');
  return {
    async open() {
      await mkdir(location, { recursive: true, mode: 0o700 });
      return new LevelRawStore(location, await openLevel(location), new ResultReserve(folder));
    },
    salvage: () => salvage(folder, location),
    async setAside() {
      const aside = path.join(folder, 'level.damaged');
      await rm(aside, { recursive: true, force: true });
      await rename(location, aside);
    },
    newestSnapshot: () => newestSnapshotBatch(folder),
    readSnapshot: () => readNewestSnapshot(folder),
    writeSnapshot: (content) => writeSnapshotFile(folder, content),
  };
}

class LevelRawStore implements RawStore {
  readonly #location: string;
  readonly #reserve: ResultReserve;
  #level: Level;
  /** After a failed write LevelDB's log may end in a torn record: nothing may be appended before it is opened anew. */
  #mustReopen = false;

  constructor(location: string, level: Level, reserve: ResultReserve) {
    this.#location = location;
    this.#reserve = reserve;
    this.#level = level;
  }

  entries(): Promise<[string, string][]> {
    return readAll(this.#level);
  }

  /** Results may use the room that is kept for them; whatever else needs room waits until that is there again. */
  async write(changes: readonly RawChange[]): Promise<void> {
    const isResult = changes.some(({ key }) => key.startsWith(resultPrefix));
    if (!isResult && !(await this.#reserve.ensure()))
      throw new SkerryError('DiskFull', 'The disk of the agent store has no room beyond what results may need', {
        remedy: 'free space on the disk that holds the agent state folder',
      });
    try {
      await this.#writeOnce(changes);
    } catch (error) {
      const isRoomMade = isResult && isDiskFull(error) && (await this.#reserve.release());
      if (!isRoomMade) throw error;
      await this.#writeOnce(changes);
    }
  }

  async #writeOnce(changes: readonly RawChange[]): Promise<void> {
    try {
      if (this.#mustReopen) {
        await this.#level.close();
        this.#level = await openLevel(this.#location);
        this.#mustReopen = false;
      }
      const operations = changes.map(({ key, value }) =>
        value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
      );
      await this.#level.batch(operations, { sync: true });
    } catch (error) {
      this.#mustReopen = true;
      throw translate(error);
    }
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}

async function openLevel(location: string): Promise<Level> {
  const level: Level = new Level(location, {
    keyEncoding: 'utf8',
    valueEncoding: 'utf8',
    cacheSize: 1 << 20,
    writeBufferSize: 2 << 20,
  });
  try {
    await level.open();
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code;
    if (code === 'LEVEL_LOCKED')
      throw new SkerryError('Conflict', 'Another process has the agent store open', {
        remedy: 'stop the other agent, or give this one a state folder of its own',
        cause: error,
      });
    throw error;
  }
  return level;
}

async function readAll(level: Level): Promise<[string, string][]> {
  const all: [string, string][] = [];
  const iterator = level.iterator({ fillCache: false });
  try {
    for (;;) {
      const some = await iterator.nextv(1000);
      if (some.length === 0) return all;
      all.push(...some);
    }
  } finally {
    await iterator.close();
  }
}

/** `repair` drops what it cannot read without a word, so it works on a copy, and every record is verified afterwards. */
async function salvage(folder: string, location: string): Promise<[string, string][]> {
  const copy = path.join(folder, 'level.salvage');
  try {
    await rm(copy, { recursive: true, force: true });
    await cp(location, copy, { recursive: true });
    await Level.repair(copy);
    const level = await openLevel(copy);
    const all = await readAll(level);
    await level.close();
    return all;
  } catch {
    return [];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof SkerryError && error.code === 'DiskFull';
}

function translate(error: unknown): SkerryError {
  const text = `${error instanceof Error ? error.message : error} ${(error as { cause?: Error }).cause?.message ?? ''}`;
  if (/no space left|ENOSPC|EDQUOT|quota exceeded/i.test(text))
    return new SkerryError('DiskFull', 'The agent store has no room left on its disk', {
      remedy: 'free space on the disk that holds the agent state folder',
      cause: error,
    });
  return new SkerryError('StoreDamaged', 'The agent store cannot be written', {
    retry: 'backoff',
    remedy: 'look at the disk (dmesg, smartctl); the store repairs itself at the next start',
    cause: error,
  });
}
