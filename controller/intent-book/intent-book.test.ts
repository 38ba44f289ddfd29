import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentId, InfraId, ObjectKey } from '#shared/model/ids.ts';
import { id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import { DigestTree } from '#shared/wire/index.ts';
import { keys } from '../keys.ts';
import { createIntentBook, type LinkedIntentBook, type NewIntentObject } from './index.ts';

const agentId = id<AgentId>('agent-1');
const other = id<AgentId>('agent-2');

async function open(store: Store = createMemoryStore()): Promise<{ store: Store; book: LinkedIntentBook }> {
  return {
    store,
    book: await createIntentBook({ store, random: systemRandom, clock: systemClock, log: silentLogger }),
  };
}

function infra(name: string, version = 0): NewIntentObject {
  const key = id<ObjectKey>(`infra/${name}`);
  const body = { type: 'infra' as const, infraId: id<InfraId>(name), name, kind: 'simulated', settings: { version } };
  return { key, scope: '', dependsOn: [], body };
}

const put = (book: LinkedIntentBook, ...objects: NewIntentObject[]) =>
  book.commit({ agents: [{ agentId, upserts: objects, tombstones: [] }], changes: () => [] });
const remove = (book: LinkedIntentBook, name: string, opId?: string) =>
  book.commit({
    agents: [{ agentId, upserts: [], tombstones: [{ key: id<ObjectKey>(`infra/${name}`), scope: '', opId }] }],
    changes: () => [],
  });

test('a commit moves the generation once per agent, with the caller’s changes, in one store commit', async () => {
  const { store, book } = await open();
  const before = await store.revision();
  const generations = await book.commit({
    agents: [
      { agentId, upserts: [infra('a'), infra('b')], tombstones: [] },
      { agentId: other, upserts: [infra('c')], tombstones: [] },
    ],
    changes: (told) => [{ key: 'mine/x', value: { at: told.get(agentId) } }],
  });
  assert.deepEqual([...generations.values()], [1, 1]);
  assert.equal(await store.revision(), before + 1);
  assert.deepEqual((await store.get('mine/x'))?.value, { at: 1 });
  assert.equal((await book.object(agentId, id('infra/a')))?.revision, 1);
});

test('what is equal changes nothing, and wakes nobody', async () => {
  const { book } = await open();
  await put(book, infra('a'));
  const woken: string[] = [];
  book.onChange((agent) => woken.push(agent));
  assert.equal((await put(book, infra('a'))).get(agentId), 1);
  assert.deepEqual(woken, []);
  assert.equal((await put(book, infra('a', 1))).get(agentId), 2);
  assert.deepEqual(woken, [agentId]);
});

test('a failed expectation of the caller leaves everything as it was', async () => {
  const { book } = await open();
  await put(book, infra('a'));
  const commit = book.commit({
    agents: [{ agentId, upserts: [infra('b')], tombstones: [] }],
    changes: () => [],
    expect: [{ key: 'mine/x', revision: 7 }],
  });
  await assert.rejects(commit, (error: { code?: string }) => error.code === 'RevisionConflict');
  assert.equal((await book.head(agentId)).generation, 1);
  assert.equal((await book.snapshot(agentId)).objects.length, 1);
});

test('another controller’s commit is met, not overwritten', async () => {
  const { store, book } = await open();
  await put(book, infra('a'));
  const second = await open(store);
  assert.equal(second.book.lineage(), book.lineage());
  await put(second.book, infra('b'));
  assert.equal((await put(book, infra('c'))).get(agentId), 3);
  assert.deepEqual(
    (await book.snapshot(agentId)).objects.map((object) => object.key),
    ['infra/a', 'infra/b', 'infra/c'],
  );
});

test('a key is never used again after its tombstone; the tombstone outlives the log and becomes a grave', async () => {
  const { store, book } = await open();
  await put(book, infra('a'));
  await remove(book, 'a', 'op-1');
  await assert.rejects(put(book, infra('a')), (error: { code?: string }) => error.code === 'Conflict');
  const tombstone = { key: 'infra/a', revision: 2, scope: '', opId: 'op-1' };
  assert.deepEqual((await book.delta(agentId, 1)).tombstones, [tombstone]);
  await book.bury(agentId, [{ key: id('infra/a'), revision: 1 }]);
  assert.equal(
    (await store.get<{ removedAt?: number }>(keys.tombstone(agentId, 'infra/a')))?.value.removedAt,
    undefined,
  );
  // Two reports that came together tell of it.
  const removal = { key: id<ObjectKey>('infra/a'), revision: 2 };
  await book.bury(agentId, [removal, removal]);
  assert.ok((await store.get<{ removedAt?: number }>(keys.tombstone(agentId, 'infra/a')))?.value.removedAt);
  assert.deepEqual((await book.snapshot(agentId)).tombstones, [tombstone], 'a store that lacks it still hears of it');
});

test('a deletion that is not done yet may be turned into keeping; one that is done may not', async () => {
  const { book } = await open();
  await put(book, infra('a'), infra('b'));
  await remove(book, 'a', 'op-1');
  await remove(book, 'b', 'op-1');
  await book.bury(agentId, [{ key: id('infra/b'), revision: 3 }]);
  assert.deepEqual(await book.openRemovals(agentId, ''), ['infra/a']);
  const keeping = ['a', 'b'].map((name) => ({ key: id<ObjectKey>(`infra/${name}`), scope: '', keep: true as const }));
  const told = await book.commit({ agents: [{ agentId, upserts: [], tombstones: keeping }], changes: () => [] });
  assert.equal(told.get(agentId), 4);
  assert.deepEqual((await book.delta(agentId, 3)).tombstones, [{ key: 'infra/a', revision: 4, scope: '', keep: true }]);
  assert.deepEqual(await book.openRemovals(agentId, ''), []);
});

test('history is kept for a thousand generations and for the acknowledged one', { timeout: 20_000 }, async () => {
  const { book } = await open();
  for (let version = 0; version < 1_010; version++) {
    await put(book, infra('a', version));
    if (version === 2) book.acknowledged(agentId, 3);
  }
  assert.equal(await book.historyAt(agentId, 0), '');
  assert.ok(await book.historyAt(agentId, 3));
  assert.equal(await book.historyAt(agentId, 4), undefined);
  assert.ok(await book.historyAt(agentId, 1_010));
  assert.equal(await book.historyAt(agentId, 1_011), undefined);
});

test('root and cumulative delta fit after any commits and restarts', async () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), what: fc.constantFrom('put', 'remove', 'restart') });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.nat(20), async (steps, base) => {
      let { store, book } = await open();
      const held = new Map<string, { revision: number; digest: string }>();
      let version = 0;
      let from = 0;
      for (const { name, what } of steps) {
        if (what === 'restart') ({ book } = await open(store));
        if (what === 'put') await put(book, infra(name, version++)).catch(() => undefined);
        if (what === 'remove') await remove(book, name);
        const { generation } = await book.head(agentId);
        if (generation > base) continue;
        from = generation;
        held.clear();
        for (const object of (await book.snapshot(agentId)).objects) held.set(object.key, object);
      }
      const delta = await book.delta(agentId, from);
      for (const object of delta.upserts) held.set(object.key, object);
      for (const { key } of delta.tombstones) held.delete(key);
      const tree = new DigestTree();
      for (const [key, { revision, digest }] of held) tree.set(key, revision, digest);
      assert.equal(tree.root(), delta.root);
      assert.equal((await book.head(agentId)).root, delta.root);
    }),
    { numRuns: 60 },
  );
});
