import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { type FeedBatch, type Store, storeLimits } from '#shared/store/index.ts';

/** One durable place and the stores opened on it, one after the other. */
export interface StorePlace {
  open(): Promise<Store>;
  /** What a killed process leaves: the store is dropped without a close. */
  crash(store: Store): Promise<void>;
  /** Removes the place. */
  discard(): Promise<void>;
}

/** Examines an adapter of the store port. `place` makes a new, empty place that keeps `feedRetention` commits for feeds. */
export function describeStore(name: string, place: (options: { feedRetention: number }) => Promise<StorePlace>): void {
  describe(`store port: ${name}`, () => {
    function examine(title: string, body: (store: Store, here: StorePlace) => Promise<void>): void {
      test(title, async () => {
        const here = await place({ feedRetention: 50 });
        const store = await here.open();
        try {
          await body(store, here);
        } finally {
          await store.close();
          await here.discard();
        }
      });
    }
    examineDocuments(examine);
    examineConditions(examine);
    examineLimits(examine);
    examineFeed(examine);
    examineLeases(examine);
    examineRestarts(examine);
  });
}

type Examine = (title: string, body: (store: Store, here: StorePlace) => Promise<void>) => void;

function examineDocuments(examine: Examine): void {
  examine('gives back what was written, with the revision of the commit', async (store) => {
    const first = await store.commit([
      { key: 'ns/a', value: { name: 'a', text: 'größe 🚢', nothing: undefined } },
      { key: 'ns/b', value: [1, null, true] },
    ]);
    const second = await store.commit([{ key: 'ns/b', value: 'changed' }]);
    assert.ok(second.revision > first.revision);
    assert.deepEqual(await store.get('ns/a'), {
      key: 'ns/a',
      value: { name: 'a', text: 'größe 🚢' },
      revision: first.revision,
    });
    assert.deepEqual(await store.get('ns/b'), { key: 'ns/b', value: 'changed', revision: second.revision });
    assert.equal(await store.get('ns/c'), undefined);
    assert.equal(await store.revision(), second.revision);
  });

  examine('copies a value when commit is called, and gives out frozen ones', async (store) => {
    const value = { replicas: 1, nested: { list: [1] } };
    const committed = store.commit([{ key: 'a', value }]);
    value.replicas = 2;
    await committed;
    const entry = await store.get<typeof value>('a');
    assert.equal(entry?.value.replicas, 1);
    assert.throws(() => {
      entry!.value.nested.list.push(2);
    }, TypeError);
    const [batch] = await take(store, 0, 1);
    assert.deepEqual(batch?.changes, [{ key: 'a', value: { replicas: 1, nested: { list: [1] } } }]);
  });

  examine('keeps null apart from absence', async (store) => {
    await store.commit([{ key: 'null', value: null }]);
    assert.equal((await store.get('null'))?.value, null);
    await store.commit([{ key: 'null', value: undefined }]);
    assert.equal(await store.get('null'), undefined);
    assert.deepEqual(
      (await take(store, 0, 2)).map(({ changes }) => changes[0]?.value),
      [null, undefined],
    );
  });

  examine('ranges in key order, with a marker and a limit, and stays inside the prefix', async (store) => {
    const names = ['a', 'a/', 'a/1', 'a/10', 'a/2', 'a/2/x', 'a/Ä', 'a0', 'b/1'];
    await store.commit(names.toReversed().map((key) => ({ key, value: key })));
    const list = async (query: Parameters<Store['range']>[0]) => (await store.range(query)).map(({ key }) => key);
    assert.deepEqual(await list({ prefix: 'a/' }), ['a/', 'a/1', 'a/10', 'a/2', 'a/2/x', 'a/Ä']);
    assert.deepEqual(await list({ prefix: 'a/', after: 'a/1', limit: 2 }), ['a/10', 'a/2']);
    assert.deepEqual(await list({ prefix: 'a/', after: 'a/15' }), ['a/2', 'a/2/x', 'a/Ä']);
    assert.deepEqual(await list({ prefix: 'a/', after: 'a/Ä' }), []);
    assert.deepEqual(await list({ prefix: 'a/', limit: 0 }), []);
    assert.deepEqual(await list({ prefix: '' }), names);
    assert.deepEqual(await list({ prefix: 'c' }), []);
    await store.commit([{ key: 'a/2', value: undefined }]);
    assert.deepEqual(await list({ prefix: 'a/2' }), ['a/2/x']);
  });

  examine('pages through many keys without missing or doubling one', async (store) => {
    const wanted = Array.from({ length: 2_500 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
    for (let at = 0; at < wanted.length; at += 500)
      await store.commit(wanted.slice(at, at + 500).map((key) => ({ key, value: at })));
    const found: string[] = [];
    for (let after: string | undefined; ; after = found.at(-1)) {
      const page = await store.range({ prefix: 'many/', after, limit: 333 });
      if (page.length === 0) break;
      found.push(...page.map(({ key }) => key));
    }
    assert.deepEqual(found, wanted);
  });
}

function examineConditions(examine: Examine): void {
  examine('applies a conditional commit as a whole or not at all', async (store) => {
    const { revision } = await store.commit([{ key: 'a', value: 1 }]);
    await assert.rejects(
      store.commit(
        [
          { key: 'a', value: 2 },
          { key: 'b', value: 2 },
        ],
        {
          expect: [
            { key: 'a', revision },
            { key: 'c', revision: 99 },
          ],
        },
      ),
      (error) => isSkerryError(error) && error.code === 'RevisionConflict' && error.details['key'] === 'c',
    );
    assert.equal((await store.get('a'))?.value, 1);
    assert.equal(await store.get('b'), undefined);
    assert.equal(await store.revision(), revision);
  });

  examine('expects absence with revision 0, also after a deletion', async (store) => {
    const create = () => store.commit([{ key: 'a', value: 1 }], { expect: [{ key: 'a', revision: 0 }] });
    await create();
    await rejects(create(), 'RevisionConflict');
    await store.commit([{ key: 'a', value: undefined }]);
    await create();
  });

  examine('examines expectations without changes and uses up no revision', async (store) => {
    const { revision } = await store.commit([{ key: 'a', value: 1 }]);
    assert.equal((await store.commit([], { expect: [{ key: 'a', revision }] })).revision, revision);
    await rejects(store.commit([], { expect: [{ key: 'a', revision: 0 }] }), 'RevisionConflict');
  });

  examine('lets exactly one of many concurrent writers win each revision', async (store) => {
    await store.commit([{ key: 'counter', value: 0 }]);
    let conflicts = 0;
    async function increment(): Promise<void> {
      for (;;) {
        const entry = (await store.get<number>('counter'))!;
        try {
          await store.commit([{ key: 'counter', value: entry.value + 1 }], {
            expect: [{ key: 'counter', revision: entry.revision }],
          });
          return;
        } catch (error) {
          if (!isSkerryError(error) || error.code !== 'RevisionConflict') throw error;
          conflicts += 1;
        }
      }
    }
    await Promise.all(Array.from({ length: 20 }, increment));
    assert.equal((await store.get('counter'))?.value, 20);
    assert.ok(conflicts > 0);
  });

  examine('takes concurrent commits in the order of their calls, each failure alone', async (store) => {
    const outcomes = await Promise.allSettled([
      store.commit([{ key: 'a', value: 1 }], { expect: [{ key: 'a', revision: 0 }] }),
      store.commit([{ key: 'a', value: 2 }], { expect: [{ key: 'a', revision: 0 }] }),
      store.commit([{ key: 'b', value: 3 }]),
      store.commit([{ key: 'a', value: undefined }]),
      store.commit([{ key: 'a', value: 4 }], { expect: [{ key: 'a', revision: 0 }] }),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
    const revisions = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.revision] : []));
    assert.deepEqual(revisions, [1, 2, 3, 4]);
    assert.equal((await store.get('a'))?.value, 4);
  });
}

function examineLimits(examine: Examine): void {
  examine('refuses unsound keys and values and changes nothing', async (store) => {
    const refusals: [string, unknown, string][] = [
      ['', 1, 'BadRequest'],
      ['a\u0000b', 1, 'BadRequest'],
      ['a\nb', 1, 'BadRequest'],
      ['\ud800', 1, 'BadRequest'],
      ['k'.repeat(storeLimits.keyBytes + 1), 1, 'TooLarge'],
      ['ä'.repeat(storeLimits.keyBytes / 2 + 1), 1, 'TooLarge'],
      ['big', 'x'.repeat(storeLimits.valueBytes), 'TooLarge'],
      ['big', '€'.repeat(storeLimits.valueBytes / 2), 'TooLarge'],
      ['bigint', { n: 1n }, 'BadRequest'],
      ['function', () => 1, 'BadRequest'],
    ];
    for (const [key, value, code] of refusals)
      await rejects(
        store.commit([
          { key: 'sound', value: 1 },
          { key, value },
        ]),
        code,
      );
    await rejects(
      store.commit([
        { key: 'same', value: 1 },
        { key: 'same', value: 2 },
      ]),
      'BadRequest',
    );
    const tooMany = Array.from({ length: storeLimits.changesPerCommit + 1 }, (_, at) => ({
      key: `n/${at}`,
      value: at,
    }));
    await rejects(store.commit(tooMany), 'TooLarge');
    const tooBig = Array.from({ length: 9 }, (_, at) => ({ key: `n/${at}`, value: 'x'.repeat(4_000_000) }));
    await rejects(store.commit(tooBig), 'TooLarge');
    assert.equal(await store.revision(), 0);
    assert.deepEqual(await store.range({ prefix: '' }), []);
  });

  examine('takes the longest key and a document of one megabyte', async (store) => {
    const key = 'k'.repeat(storeLimits.keyBytes);
    const value = { text: 'x'.repeat(1_000_000) };
    await store.commit([{ key, value }]);
    assert.deepEqual((await store.get(key))?.value, value);
  });
}

function examineFeed(examine: Examine): void {
  examine('feeds old changes, then live ones, one batch a commit', async (store) => {
    await store.commit([{ key: 'a', value: 1 }]);
    await store.commit([
      { key: 'a', value: 2 },
      { key: 'b', value: 2 },
    ]);
    const taking = take(store, 1, 3);
    await store.commit([{ key: 'a', value: undefined }]);
    await Promise.all([store.commit([{ key: 'c', value: 4 }]), store.commit([{ key: 'd', value: 5 }])]);
    assert.deepEqual(await taking, [
      {
        revision: 2,
        changes: [
          { key: 'a', value: 2 },
          { key: 'b', value: 2 },
        ],
      },
      { revision: 3, changes: [{ key: 'a', value: undefined }] },
      { revision: 4, changes: [{ key: 'c', value: 4 }] },
    ]);
  });

  examine('ends a feed when its signal aborts, also one that waits', async (store) => {
    const abort = new AbortController();
    const feed = store.feed(0, abort.signal)[Symbol.asyncIterator]();
    const next = feed.next();
    abort.abort();
    assert.equal((await next).done, true);
    assert.equal((await feed.next()).done, true);
  });

  examine('sends a consumer that is too far behind or ahead to read the state again', async (store) => {
    for (let index = 0; index < 60; index += 1) await store.commit([{ key: 'a', value: index }]);
    await rejects(take(store, 0, 1), 'Conflict');
    await rejects(take(store, 61, 1), 'Conflict');
    const kept = await take(store, 10, 50);
    assert.deepEqual(
      kept.map(({ revision }) => revision),
      Array.from({ length: 50 }, (_, at) => at + 11),
    );
    const slow = store.feed(59, new AbortController().signal)[Symbol.asyncIterator]();
    assert.equal((await slow.next()).value?.revision, 60);
    for (let index = 0; index < 60; index += 1) await store.commit([{ key: 'a', value: index }]);
    await rejects(slow.next(), 'Conflict');
  });

  examine('tells a waiting feed that the store closes', async (store) => {
    const waiting = rejects(take(store, 0, 1), 'StoreClosed');
    await store.close();
    await waiting;
  });
}

function examineLeases(examine: Examine): void {
  examine('gives a lease to one at a time, with a growing term', async (store) => {
    const signal = new AbortController().signal;
    const first = await store.lease('leader', 1000, signal);
    const other = await store.lease('other', 1000, signal);
    assert.deepEqual([first.term, other.term], [1, 1]);
    let isSecondHeld = false;
    const second = store.lease('leader', 1000, signal).then((lease) => {
      isSecondHeld = true;
      return lease;
    });
    await store.commit([{ key: 'a', value: 1 }], { lease: first });
    assert.equal(isSecondHeld, false);
    await first.release();
    assert.equal((await second).term, 2);
    await rejects(store.commit([{ key: 'a', value: 2 }], { lease: first }), 'Conflict');
    await store.commit([{ key: 'a', value: 3 }], { lease: await second });
    assert.equal((await second).lost.aborted, false);
    await store.close();
    assert.equal((await second).lost.aborted, true);
  });

  examine('lets a waiter give up without losing its place to nobody', async (store) => {
    const first = await store.lease('leader', 1000, new AbortController().signal);
    const abort = new AbortController();
    const second = store.lease('leader', 1000, abort.signal);
    const third = store.lease('leader', 1000, new AbortController().signal);
    abort.abort(new Error('gave up'));
    await assert.rejects(second, /gave up/);
    await first.release();
    assert.equal((await third).term, 2);
  });
}

function examineRestarts(examine: Examine): void {
  examine('keeps everything over a close and over a crash', async (store, here) => {
    const lease = await store.lease('leader', 1000, new AbortController().signal);
    await store.commit([{ key: 'a', value: { n: 1 } }]);
    await store.commit([{ key: 'b', value: 2 }]);
    await store.commit([{ key: 'a', value: undefined }]);
    await store.close();
    const second = await here.open();
    assert.equal(await second.revision(), 3);
    assert.deepEqual(await second.range({ prefix: '' }), [{ key: 'b', value: 2, revision: 2 }]);
    assert.deepEqual((await take(second, 0, 3))[0], { revision: 1, changes: [{ key: 'a', value: { n: 1 } }] });
    assert.equal((await second.commit([{ key: 'c', value: 3 }], { expect: [{ key: 'b', revision: 2 }] })).revision, 4);
    await here.crash(second);
    const third = await here.open();
    assert.equal((await third.get('c'))?.value, 3);
    assert.deepEqual((await take(third, 3, 1))[0], { revision: 4, changes: [{ key: 'c', value: 3 }] });
    const again = await third.lease('leader', 1000, new AbortController().signal);
    assert.ok(again.term > lease.term);
    await third.close();
  });

  examine('finds after a crash every commit that was answered, and none of them in part', async (store, here) => {
    const answered: number[] = [];
    const commits = Array.from({ length: 40 }, async (_, at) => {
      await store.commit([
        { key: `left/${at}`, value: at },
        { key: `right/${at}`, value: at },
      ]);
      answered.push(at);
    });
    const settled = Promise.allSettled(commits);
    await Promise.race(commits);
    const answeredBeforeCrash = [...answered];
    await here.crash(store);
    await settled;
    const again = await here.open();
    for (const at of answeredBeforeCrash) assert.equal((await again.get(`left/${at}`))?.value, at);
    const left = (await again.range({ prefix: 'left/' })).map(({ value, revision }) => ({ value, revision }));
    const right = (await again.range({ prefix: 'right/' })).map(({ value, revision }) => ({ value, revision }));
    assert.deepEqual(left, right);
    assert.equal(await again.revision(), left.length);
    await again.close();
  });

  examine('finishes open commits on close and refuses what comes later', async (store, here) => {
    const open = Array.from({ length: 10 }, (_, at) => store.commit([{ key: `k/${at}`, value: at }]));
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    await store.close();
    await Promise.all(open);
    await rejects(store.commit([{ key: 'late', value: 1 }]), 'StoreClosed');
    await rejects(store.get('k/1'), 'StoreClosed');
    await rejects(store.range({ prefix: '' }), 'StoreClosed');
    const again = await here.open();
    assert.equal((await again.range({ prefix: 'k/' })).length, 10);
    await again.close();
  });
}

async function take(store: Store, from: number, count: number): Promise<FeedBatch[]> {
  const batches: FeedBatch[] = [];
  const abort = new AbortController();
  for await (const batch of store.feed(from, abort.signal)) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isSkerryError(error), String(error));
    assert.equal(error.code, code);
    return true;
  });
}
