import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { id, type ObjectKey } from '#shared/model/ids.ts';
import { type BrakeSituation, judgeBrake } from './brake.ts';

const hour = 3_600_000;
const keysOf = (count: number, prefix = 'vm') =>
  Array.from({ length: count }, (_, index) => id<ObjectKey>(`${prefix}/${index}`));
const given = (change: Partial<BrakeSituation>): BrakeSituation => ({
  nowMs: 100 * hour,
  unitCount: 10,
  pending: [],
  entries: [],
  isHeldByHand: false,
  ...change,
});
const unnamed = (count: number) => keysOf(count).map((key) => ({ key }));
const passed = (count: number, hoursAgo: number, isApproved = false) =>
  keysOf(count, 'old').map((key) => ({ key, at: (100 - hoursAgo) * hour, isApproved }));

test('three pass, four are held as a whole', () => {
  assert.equal(judgeBrake(given({ pending: unnamed(3) })).admitted.length, 3);
  const four = judgeBrake(given({ pending: unnamed(4) }));
  assert.deepEqual([four.admitted.length, four.held.length], [0, 4]);
});

test('ten per cent of a large site pass', () => {
  assert.equal(judgeBrake(given({ unitCount: 90, pending: unnamed(10) })).admitted.length, 10);
  assert.equal(judgeBrake(given({ unitCount: 80, pending: unnamed(10) })).held.length, 10);
});

test('the day slides: what went a while ago counts until it is a day old', () => {
  assert.equal(judgeBrake(given({ pending: unnamed(2), entries: passed(2, 23) })).held.length, 2);
  const later = judgeBrake(given({ pending: unnamed(2), entries: passed(2, 25) }));
  assert.deepEqual([later.admitted.length, later.expired.length], [2, 2]);
});

test('what an operator approved, or an operation names, does not count', () => {
  assert.equal(judgeBrake(given({ pending: unnamed(3), entries: passed(5, 1, true) })).admitted.length, 3);
  const named = unnamed(9).map((tombstone) => ({ ...tombstone, opId: 'op' }));
  assert.deepEqual(judgeBrake(given({ pending: named })).held, []);
});

test('a clock that was set back frees nothing', () => {
  assert.equal(judgeBrake(given({ pending: unnamed(2), entries: passed(2, -500) })).held.length, 2);
});

test('held by hand is all of it', () => {
  const named = [{ key: id<ObjectKey>('vm/x'), opId: 'op' }];
  assert.equal(judgeBrake(given({ pending: [...unnamed(1), ...named], isHeldByHand: true })).held.length, 2);
});

test('however deletions arrive, no more than the limit passes in a day', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 200 }),
      (waves, units) => {
        let entries: BrakeSituation['entries'] = [];
        let count = 0;
        for (const wave of waves) {
          const pending = Array.from({ length: wave }, () => ({ key: id<ObjectKey>(`vm/${count++}`) }));
          const { admitted } = judgeBrake(given({ unitCount: units, pending, entries }));
          entries = [...entries, ...admitted.map((key) => ({ key, at: 100 * hour, isApproved: false }))];
        }
        assert.ok(entries.length <= Math.max(3, (units + entries.length) * 0.1));
      },
    ),
  );
});
