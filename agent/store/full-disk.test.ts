import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { type AgentStore, agentKeys, openAgentStore } from './index.ts';

const dependencies = { clock: systemClock, random: systemRandom, log: silentLogger };
const mib = 1024 * 1024;
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

/** A small disk of its own; undefined where mounting is not permitted. */
async function smallDisk(sizeMib: number): Promise<{ folder: string; remove(): Promise<void> } | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', folder]);
  const isMounted = mounted.status === 0;
  if (!isMounted) await rm(folder, { recursive: true });
  return isMounted
    ? {
        folder,
        async remove() {
          spawnSync('umount', [folder]);
          await rm(folder, { recursive: true });
        },
      }
    : undefined;
}

/** Fills the disk to the last byte. */
async function fill(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const size of [mib, 64 * 1024, 4096]) {
    for (;;) {
      const file = path.join(folder, `filler-${files.length}`);
      files.push(file);
      try {
        await writeFile(file, Buffer.alloc(size, 1));
      } catch {
        break;
      }
    }
  }
  return files;
}

/** Writes until the disk says no; returns how many were written. */
async function writeUntilFull(store: AgentStore): Promise<number> {
  for (let n = 0; ; n++) {
    try {
      await store.transact((tx) => {
        tx.put(`x/${n}`, randomBytes(50_000).toString('hex'));
        tx.put('x/newest', n);
      });
    } catch (error) {
      assert.ok(hasCode('DiskFull')(error), String(error));
      return n;
    }
  }
}

test('a full disk: nothing half applied, results still fit, and with room everything goes on', async (t) => {
  const disk = await smallDisk(48);
  if (disk === undefined) return t.skip('mounting a small disk is not permitted here');
  try {
    const folder = path.join(disk.folder, 'store');
    const store = await openAgentStore(folder, dependencies);
    await store.transact((tx) => tx.put('x/first', 0));
    assert.ok((await readdir(folder)).includes('result-reserve'));
    const fillers = await fill(disk.folder);
    const written = await writeUntilFull(store);
    assert.equal(store.get('x/newest'), written === 0 ? undefined : written - 1);
    assert.equal(store.get(`x/${written}`), undefined);
    for (let n = 1; n <= 20; n++)
      await store.transact((tx) => tx.put(agentKeys.outbox('results', n), { seq: n, filler: 'r'.repeat(500) }));
    assert.ok(!(await readdir(folder)).includes('result-reserve'), 'its room was used');
    await assert.rejects(
      store.transact((tx) => tx.put('x/more', 1)),
      hasCode('DiskFull'),
      'nothing new is taken on',
    );
    for (const file of fillers) await rm(file, { force: true });
    await store.transact((tx) => tx.put('x/more', 2));
    assert.ok((await readdir(folder)).includes('result-reserve'), 'the room is kept again');
    await store.close();
    const again = await openAgentStore(folder, dependencies);
    assert.equal(again.health.opened, 'clean');
    assert.equal(again.get('x/more'), 2);
    assert.equal([...again.range(agentKeys.outboxPrefix('results'))].length, 20);
    assert.equal(again.get(`x/${written}`), undefined);
    await again.close();
  } finally {
    await disk.remove();
  }
});
