import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { describeStore } from '#test/conformance/store-suite.ts';
import { Level } from './level.ts';
import type { LevelDatabase } from './level-backing.ts';
import { openLevelStore } from './level-store.ts';

describeStore('level', async ({ feedRetention }) => {
  const base = await mkdtemp(join(tmpdir(), 'skerry-store-'));
  let generation = 0;
  const folder = () => join(base, String(generation));
  return {
    open: () => openLevelStore(folder(), { feedRetention }),
    // A copy of the files at this moment is what a killed process leaves; it also frees the lock.
    crash: async (store) => {
      const before = folder();
      generation += 1;
      await cp(before, folder(), { recursive: true });
      await store.close();
    },
    discard: () => rm(base, { recursive: true }),
  };
});

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-store-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fill(folder: string, count = 20): Promise<void> {
  const store = await openLevelStore(folder);
  for (let at = 0; at < count; at += 1) await store.commit([{ key: `k/${at}`, value: { at, text: 'x'.repeat(200) } }]);
  await store.close();
}

function isDamage(error: unknown): boolean {
  return isSkerryError(error) && error.code === 'StoreDamaged' && error.remedy !== undefined;
}

async function logFile(folder: string): Promise<string> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.log') && (await stat(path)).size > 0) return path;
  }
  throw new Error('no write-ahead file found');
}

test('refuses a second opener and says what to do', () =>
  inFolder(async (folder) => {
    const store = await openLevelStore(folder);
    await assert.rejects(openLevelStore(folder), (error) => isSkerryError(error) && error.code === 'Conflict');
    await store.close();
  }));

test('reports a flipped bit in the middle of what was written', () =>
  inFolder(async (folder) => {
    await fill(folder);
    const path = await logFile(folder);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    await assert.rejects(openLevelStore(folder), isDamage);
    await assert.rejects(openLevelStore(folder), isDamage, 'the next start must refuse too');
  }));

test('drops a torn last batch as a whole', () =>
  inFolder(async (folder) => {
    await fill(folder);
    const path = await logFile(folder);
    await truncate(path, (await stat(path)).size - 10);
    const store = await openLevelStore(folder);
    assert.equal(await store.revision(), 19);
    assert.equal(await store.get('k/19'), undefined);
    assert.equal((await store.range({ prefix: 'k/' })).length, 19);
    await store.close();
  }));

test('does not begin anew where a store has lost its files', () =>
  inFolder(async (folder) => {
    await fill(folder);
    await unlink(join(folder, 'CURRENT'));
    await assert.rejects(openLevelStore(folder), isDamage);
  }));

test('reports a document that fails its checksum when it is read', () =>
  inFolder(async (folder) => {
    await fill(folder);
    const raw = new Level<string, string>(folder);
    await raw.put('d/k/3', `00000000${'1:{}'}`);
    await raw.close();
    const store = await openLevelStore(folder);
    assert.equal((await store.get<{ at: number }>('k/2'))?.value.at, 2);
    await assert.rejects(store.get('k/3'), isDamage);
    await store.close();
  }));

test('refuses the format of a newer version', () =>
  inFolder(async (folder) => {
    await fill(folder, 1);
    const { sealRecord } = await import('./level-record.ts');
    const raw = new Level<string, string>(folder);
    await raw.put('m/format', sealRecord('2'));
    await raw.close();
    await assert.rejects(openLevelStore(folder), /format 2/);
  }));

/** A disk that can be full, before or after the bytes have reached it. */
class FailingDisk {
  fails: 'never' | 'before' | 'after' = 'never';
  opensFail = false;
  syncedBatches = 0;

  open = (folder: string, options: { createIfMissing: boolean }): LevelDatabase => {
    const real = new Level<string, string>(folder, options);
    const full = () =>
      Object.assign(new Error(`IO error: ${folder}/000003.log: No space left on device`), { code: 'LEVEL_IO_ERROR' });
    return {
      getSync: real.getSync.bind(real),
      keys: real.keys.bind(real),
      clear: real.clear.bind(real),
      close: real.close.bind(real),
      open: async () => {
        if (this.opensFail) throw full();
        await real.open();
      },
      batch: async (operations: unknown[], batchOptions: { sync?: boolean }) => {
        if (this.fails === 'before') throw full();
        await real.batch(operations as never, batchOptions);
        if (batchOptions.sync) this.syncedBatches += 1;
        if (this.fails === 'after') throw full();
      },
    } as unknown as LevelDatabase;
  };
}

test('answers DiskFull with nothing changed, and goes on when there is room again', () =>
  inFolder(async (folder) => {
    const disk = new FailingDisk();
    const store = await openLevelStore(folder, { database: disk.open });
    await store.commit([{ key: 'a', value: 1 }]);
    const isFull = (error: unknown) => isSkerryError(error) && error.code === 'DiskFull' && error.retry === 'backoff';
    disk.fails = 'before';
    const refused = [store.commit([{ key: 'a', value: 2 }]), store.commit([{ key: 'b', value: 2 }])];
    for (const outcome of await Promise.allSettled(refused))
      assert.ok(outcome.status === 'rejected' && isFull(outcome.reason));
    assert.equal((await store.get('a'))?.value, 1);
    assert.equal(await store.get('b'), undefined);
    assert.equal(await store.revision(), 1);
    disk.opensFail = true;
    await assert.rejects(store.commit([{ key: 'a', value: 3 }]), isFull);
    await assert.rejects(store.commit([{ key: 'a', value: 3 }]), isFull);
    disk.opensFail = false;
    disk.fails = 'never';
    assert.deepEqual(await store.commit([{ key: 'a', value: 4 }]), { revision: 2 });
    assert.equal((await store.get('a'))?.value, 4);
    await store.close();
  }));

test('answers success when a write that seemed to fail had reached the disk', () =>
  inFolder(async (folder) => {
    const disk = new FailingDisk();
    const store = await openLevelStore(folder, { database: disk.open });
    disk.fails = 'after';
    assert.deepEqual(await store.commit([{ key: 'a', value: 1 }]), { revision: 1 });
    disk.fails = 'never';
    assert.deepEqual(await store.commit([{ key: 'b', value: 1 }]), { revision: 2 });
    assert.deepEqual(
      (await store.range({ prefix: '' })).map(({ key }) => key),
      ['a', 'b'],
    );
    await store.close();
  }));

test('makes concurrent commits durable with few fsyncs', () =>
  inFolder(async (folder) => {
    const disk = new FailingDisk();
    const store = await openLevelStore(folder, { database: disk.open });
    await Promise.all(Array.from({ length: 200 }, (_, at) => store.commit([{ key: `k/${at}`, value: at }])));
    assert.equal(await store.revision(), 200);
    assert.ok(disk.syncedBatches <= 3, `${disk.syncedBatches} synced batches`);
    await store.close();
  }));

test('reads a large range from a small cache and from a large one alike', () =>
  inFolder(async (folder) => {
    const writer = await openLevelStore(folder, { cacheBytes: 0 });
    const documents = Array.from({ length: 300 }, (_, at) => ({
      key: `ns/${at}`,
      value: { at, text: 'y'.repeat(4_000) },
    }));
    await writer.commit(documents);
    assert.equal((await writer.range({ prefix: 'ns/' })).length, 300);
    await writer.close();
    const reader = await openLevelStore(folder);
    const cold = await reader.range({ prefix: 'ns/' });
    const warm = await reader.range({ prefix: 'ns/' });
    assert.deepEqual(cold, warm);
    assert.equal(cold[0]?.value, warm[0]?.value);
    await reader.close();
  }));
