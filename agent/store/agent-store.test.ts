import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { type AgentStore, agentKeys, memoryMedium, openAgentStore, openAgentStoreOn } from './index.ts';
import { writeSnapshotFile } from './snapshot-file.ts';

const dependencies = { clock: systemClock, random: systemRandom, log: silentLogger };
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

function content(store: AgentStore): Record<string, unknown> {
  return Object.fromEntries(store.range('x/'));
}

test('what was committed is there after a reopen, on level', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-store-'));
  try {
    const first = await openAgentStore(folder, dependencies);
    assert.equal(first.health.opened, 'empty');
    await first.transact((tx) => {
      tx.put('x/b', { n: 2 });
      tx.put('x/a', { n: 1 });
    });
    await first.transact((tx) => tx.delete('x/b'));
    await assert.rejects(openAgentStore(folder, dependencies), hasCode('Conflict'));
    await first.close();
    const second = await openAgentStore(folder, dependencies);
    assert.equal(second.health.opened, 'clean');
    assert.deepEqual(content(second), { 'x/a': { n: 1 } });
    await second.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a level folder full of rubbish is set aside, and a rebirth is due', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-store-'));
  try {
    const first = await openAgentStore(folder, dependencies);
    await first.transact((tx) => tx.put('x/a', 1));
    await first.close();
    const second = await openAgentStore(folder, dependencies);
    await second.close();
    const level = path.join(folder, 'level');
    for (const name of await readdir(level)) await writeFile(path.join(level, name), 'rubbish');
    const third = await openAgentStore(folder, dependencies);
    assert.notEqual(third.health.opened, 'clean');
    assert.ok(third.health.damage.length > 0);
    assert.ok(third.get(agentKeys.rebirthDue));
    await third.close();
    const fourth = await openAgentStore(folder, dependencies);
    assert.equal(fourth.health.opened, 'clean');
    assert.ok(fourth.get(agentKeys.rebirthDue), 'the debt of a rebirth outlives a restart');
    await fourth.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a work sees its neighbours, not itself half done; a work that throws leaves nothing', async () => {
  const store = await openAgentStoreOn(memoryMedium(), dependencies);
  const results = await Promise.allSettled([
    store.transact((tx) => tx.put('x/a', 1)),
    store.transact((tx) => {
      tx.put('x/b', 2);
      throw new Error('no');
    }),
    store.transact((tx) => [...tx.range('x/')]),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual((results[2] as PromiseFulfilledResult<unknown>).value, [['x/a', 1]]);
  assert.deepEqual(content(store), { 'x/a': 1 });
});

test('reads show only what is durable, and cannot be changed by their reader', async () => {
  const medium = memoryMedium();
  const store = await openAgentStoreOn(medium, dependencies);
  let release = () => {};
  medium.beforeWrite = () => new Promise<void>((resolve) => (release = resolve));
  let isDurable = false;
  const done = store.transact((tx) => {
    tx.put('x/a', { n: 1 });
    tx.onDurable(() => {
      isDurable = true;
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(store.get('x/a'), undefined);
  assert.equal(isDurable, false);
  release();
  await done;
  assert.equal(isDurable, true);
  assert.throws(() => {
    store.get<{ n: number }>('x/a')!.n = 2;
  }, TypeError);
  medium.beforeWrite = undefined;
  await store.transact((tx) => {
    const value = tx.get<{ n: number }>('x/a')!;
    value.n = 3;
    tx.put('x/a', value);
  });
  assert.deepEqual(store.get('x/a'), { n: 3 });
});

test('a full disk changes nothing, and the next batch mends what may have landed', async () => {
  const medium = memoryMedium();
  const store = await openAgentStoreOn(medium, dependencies);
  await store.transact((tx) => tx.put('x/a', 1));
  medium.isFull = true;
  await assert.rejects(
    store.transact((tx) => tx.put('x/a', 2)),
    hasCode('DiskFull'),
  );
  assert.equal(store.get('x/a'), 1);
  medium.isFull = false;
  await store.transact((tx) => tx.put('x/b', 1));
  const again = await openAgentStoreOn(medium, dependencies);
  assert.equal(again.health.opened, 'clean');
  assert.deepEqual(content(again), { 'x/a': 1, 'x/b': 1 });
});

test('works that come together share one fsync', async () => {
  const medium = memoryMedium();
  const store = await openAgentStoreOn(medium, dependencies);
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.transact((tx) => tx.put(`x/${n}`, n))));
  assert.equal(medium.writes, 1);
});

test('any flipped, dropped or old record is found, and ends in a rebirth', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.nat(9))), { minLength: 2, maxLength: 12 }),
      fc.constantFrom('flip', 'drop', 'old', 'unreadable'),
      fc.nat(),
      async (writes, fault, pick) => {
        const medium = memoryMedium();
        const store = await openAgentStoreOn(medium, dependencies);
        for (const [key, value] of writes) {
          await store.transact((tx) => (value === null ? tx.delete(`x/${key}`) : tx.put(`x/${key}`, value)));
        }
        const before = medium.image();
        const keys = [...before.entries.keys()];
        const key = keys[pick % keys.length]!;
        if (fault === 'flip') medium.flipByte(key);
        else if (fault === 'drop') medium.dropRecord(key);
        else if (fault === 'unreadable') medium.isUnreadable = true;
        else {
          await store.transact((tx) => tx.put('x/a', 100));
          const now = new Map(medium.image().entries);
          now.set('x/a', before.entries.get('x/a') ?? 'gone');
          medium.restore({ entries: now, snapshots: [] });
        }
        if (fault === 'drop' && keys.length === 1) return; // an empty store is a new one
        const again = await openAgentStoreOn(medium, dependencies);
        assert.notEqual(again.health.opened, 'clean');
        assert.ok(again.get(agentKeys.rebirthDue));
        for (const [name, value] of again.range<number>('x/'))
          assert.ok(value === 100 || writes.some(([k, v]) => `x/${k}` === name && v === value), 'nothing is made up');
      },
    ),
    { numRuns: 150 },
  );
});

test('a repair that is cut short loses nothing: the next start does it again', async () => {
  const medium = memoryMedium();
  const store = await openAgentStoreOn(medium, dependencies);
  for (const key of ['a', 'b', 'c']) await store.transact((tx) => tx.put(`x/${key}`, key));
  await store.transact((tx) => tx.put(agentKeys.reached('ns-1'), { lineage: 'l', generation: 3 }));
  medium.flipByte('x/b');
  medium.beforeWrite = () => {
    throw new Error('power cut');
  };
  await assert.rejects(openAgentStoreOn(medium, dependencies), /power cut/);
  medium.beforeWrite = undefined;
  const again = await openAgentStoreOn(medium, dependencies);
  assert.equal(again.health.opened, 'repaired');
  assert.deepEqual(content(again), { 'x/a': 'a', 'x/c': 'c' });
  assert.ok(again.get(agentKeys.rebirthDue));
  assert.equal(again.get(agentKeys.reached('ns-1')), undefined, 'its report may be lost: it is made again');
});

test('a damaged record alone comes from the snapshot, the rest stays new; a log cut before the snapshot is seen', async () => {
  const medium = memoryMedium();
  const store = await openAgentStoreOn(medium, dependencies);
  await store.transact((tx) => {
    tx.put('x/a', 'old');
    tx.put('x/b', 'old');
  });
  const old = medium.image();
  await medium.writeSnapshot({ batch: 1, records: [...old.entries].filter(([key]) => key.startsWith('x/')) });
  await store.transact((tx) => tx.put('x/a', 'new'));
  medium.flipByte('x/b');
  const repaired = await openAgentStoreOn(medium, dependencies);
  assert.deepEqual(content(repaired), { 'x/a': 'new', 'x/b': 'old' });
  await repaired.transact((tx) => tx.put('x/a', 'newer'));
  medium.restore({ entries: old.entries, snapshots: medium.image().snapshots });
  const cut = await openAgentStoreOn(medium, dependencies);
  assert.equal(cut.health.opened, 'repaired');
  assert.match(cut.health.damage.join(), /cut off/);
});

test('snapshot files alternate, and a torn one is passed over', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'skerry-store-'));
  try {
    const { readNewestSnapshot, newestSnapshotBatch } = await import('./snapshot-file.ts');
    await writeSnapshotFile(folder, { batch: 1, records: [['x/a', 'one']] });
    await writeSnapshotFile(folder, { batch: 2, records: [['x/a', 'two']] });
    await writeSnapshotFile(folder, { batch: 3, records: [['x/a', 'three']] });
    assert.equal(await newestSnapshotBatch(folder), 3);
    assert.deepEqual(await readNewestSnapshot(folder), { batch: 3, records: [['x/a', 'three']] });
    await writeFile(path.join(folder, 'snapshot-a'), 'skerry-agent-snapshot 1 9 1\n["x/a","nine"]\n');
    assert.equal((await readNewestSnapshot(folder))?.batch, 2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
