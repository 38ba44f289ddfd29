import { type FileHandle, mkdir, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorldEntry, WorldSnapshot } from './world-entry.ts';

/** Where a simulated world lives: its history is the truth, a snapshot only shortens the reading of it. */
export interface WorldFile {
  /** Newest snapshot, and what came after it. */
  load(): Promise<{ snapshot: WorldSnapshot | undefined; entries: WorldEntry[] }>;
  /** Durable when it resolves. */
  append(entry: WorldEntry): Promise<void>;
  snapshot(world: WorldSnapshot): Promise<void>;
  close(): Promise<void>;
}

/** In memory, for tests and simulation: what a platform would remember outlives the agent that is thrown away. */
export function createMemoryWorldFile(): WorldFile & { readonly entries: WorldEntry[] } {
  const entries: WorldEntry[] = [];
  return {
    entries,
    load: async () => ({ snapshot: undefined, entries: structuredClone(entries) }),
    append: async (entry) => {
      entries.push(structuredClone(entry));
    },
    snapshot: async () => {},
    close: async () => {},
  };
}

/**
 * `<path>` with `.effects.jsonl` in place of `.json`: one line per change of the world, appended and synced, never rewritten,
 * so that effects can be counted exactly after any kill. `<path>` itself: a snapshot, replaced atomically.
 */
export function createDiskWorldFile(worldPath: string): WorldFile {
  const logPath = worldPath.replace(/\.json$/, '.effects.jsonl');
  let handle: FileHandle | undefined;
  let waiting: { line: string; done: () => void; failed: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    // One sync for everybody who came while the last one ran.
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        handle ??= await open(logPath, 'a', 0o600);
        await handle.write(batch.map((item) => item.line).join(''));
        await handle.datasync();
        for (const item of batch) item.done();
      } catch (error) {
        for (const item of batch) item.failed(error);
      }
    }
    writing = undefined;
  }

  return {
    async load() {
      await mkdir(path.dirname(worldPath), { recursive: true, mode: 0o700 });
      const snapshot = parseSnapshot(await readText(worldPath));
      const text = await readText(logPath);
      // A line without its end was being written when the process died: it never happened.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) await truncate(logPath, Buffer.byteLength(whole));
      const entries = whole.split('\n').filter((line) => line !== '');
      return {
        snapshot,
        entries: entries.slice(snapshot?.entryCount ?? 0).map((line) => JSON.parse(line) as WorldEntry),
      };
    },
    append(entry) {
      return new Promise((done, failed) => {
        waiting.push({ line: `${JSON.stringify(entry)}\n`, done, failed });
        writing ??= flush();
      });
    },
    async snapshot(world) {
      await writeFile(`${worldPath}.new`, JSON.stringify(world), { mode: 0o600, flush: true });
      await rename(`${worldPath}.new`, worldPath);
    },
    async close() {
      await writing;
      await handle?.close();
      handle = undefined;
    },
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** A snapshot that cannot be read is left out: the history tells all. */
function parseSnapshot(text: string): WorldSnapshot | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as WorldSnapshot;
  } catch {
    return undefined;
  }
}
