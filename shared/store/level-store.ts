import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedStore } from './embedded-store.ts';
import { Level } from './level.ts';
import { LevelBacking, type LevelDatabase } from './level-backing.ts';
import { storeDamaged } from './level-record.ts';
import type { Store } from './store.ts';
import { readWriteAheadHeads } from './write-ahead-heads.ts';

export interface LevelStoreOptions {
  /** JSON text of the documents that are kept decoded in memory. */
  cacheBytes?: number;
  /** Commits that the feed keeps. */
  feedRetention?: number;
  /** Replaces classic-level, for tests that let writes fail. */
  database?: (folder: string, options: { createIfMissing: boolean }) => LevelDatabase;
}

/**
 * The store in a folder of this machine, for one process. Every commit is fsynced.
 * @throws SkerryError StoreDamaged (with what to do), Conflict when another process has it open, Unavailable
 */
export async function openLevelStore(folder: string, options: LevelStoreOptions = {}): Promise<Store> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const marker = join(folder, 'SKERRY_STORE');
  // Without this LevelDB would take a store that has lost its CURRENT file for a new one and begin with nothing.
  const createIfMissing = !(await exists(marker));
  const makeDatabase = options.database ?? openClassicLevel;
  const backing = new LevelBacking({
    cacheBytes: options.cacheBytes ?? 16 * 1024 * 1024,
    feedRetention: Math.max(1, options.feedRetention ?? 10_000),
    database: () => makeDatabase(folder, { createIfMissing }),
  });
  await refuseKnownDamage(folder);
  const heads = await readWriteAheadHeads(folder);
  const found = await backing.open();
  const lost = [...heads].filter((head) => head > found.revision);
  if (lost.length > 1) {
    await backing.close();
    // Recovery has tidied the traces away; the next start must not take what is left for the whole.
    await writeDurably(join(folder, damageFile), `Commits after revision ${found.revision} were lost.\n`, folder);
    throw storeDamaged(`Answered commits after revision ${found.revision} are gone`);
  }
  if (createIfMissing) await writeDurably(marker, 'A store of Skerry. Do not change or remove single files.\n', folder);
  return new EmbeddedStore(backing, found);
}

const damageFile = 'DAMAGED';

async function refuseKnownDamage(folder: string): Promise<void> {
  if (!(await exists(join(folder, damageFile)))) return;
  const reason = await readFile(join(folder, damageFile), 'utf8');
  throw storeDamaged(`The store was found damaged before (${reason.trim()} See the file ${damageFile} in its folder)`);
}

function openClassicLevel(folder: string, { createIfMissing }: { createIfMissing: boolean }): LevelDatabase {
  return new Level<string, string>(folder, { createIfMissing });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeDurably(path: string, text: string, folder: string): Promise<void> {
  await writeFile(path, text, { flush: true });
  const handle = await open(folder);
  await handle.sync();
  await handle.close();
}
