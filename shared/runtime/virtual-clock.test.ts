import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { delay, SeededRandom, VirtualClock } from './index.ts';

test('fires timers by time, then by insertion, and stands at each one’s time', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), async (delays) => {
      const clock = new VirtualClock();
      const fired: [number, number][] = [];
      delays.forEach((delayMs, order) => {
        clock.timer(delayMs, () => {
          assert.equal(clock.mono(), delayMs);
          fired.push([delayMs, order]);
        });
      });
      await clock.advance(50);
      assert.deepEqual(
        fired,
        delays.map((delayMs, order): [number, number] => [delayMs, order]).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
      );
    }),
    { numRuns: 50 },
  ));

test('lets promises set going by one timer come to rest before the next fires', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.timer(1, async () => {
    for (let turn = 0; turn < 20; turn += 1) await undefined;
    seen.push('first is done');
  });
  clock.timer(1, () => seen.push('second'));
  await clock.advance(1);
  assert.deepEqual(seen, ['first is done', 'second']);
});

test('does not fire cancelled timers, nor those beyond the end', async () => {
  const clock = new VirtualClock({ nowMs: 1000 });
  const seen: number[] = [];
  const cancel = clock.timer(1, () => seen.push(1));
  clock.timer(2, () => seen.push(2));
  clock.timer(3, () => seen.push(3));
  cancel();
  cancel();
  await clock.advance(2);
  assert.deepEqual([seen, clock.now(), clock.pendingTimers], [[2], 1002, 1]);
});

test('jumps the wall clock without moving timers', async () => {
  const clock = new VirtualClock({ nowMs: 1000 });
  let isFired = false;
  clock.timer(10, () => {
    isFired = true;
  });
  clock.jumpWall(1_000_000);
  await clock.advance(9);
  assert.deepEqual([isFired, clock.now(), clock.mono()], [false, 1_001_009, 9]);
});

test('runs until idle through timers that set timers, and stops at its limit', async () => {
  const clock = new VirtualClock();
  await Promise.all([delay(clock, 1000).then(() => delay(clock, 500)), clock.runUntilIdle()]);
  assert.equal(clock.mono(), 1500);
  const forever = () => void clock.timer(10, forever);
  forever();
  assert.equal(await clock.runUntilIdle(1000), false);
  assert.equal(clock.mono(), 2500);
  assert.equal(await clock.runNext(), true);
});

test('a delay that rounding made tiny still moves time on', async () => {
  const clock = new VirtualClock();
  await clock.advance(274_269.714032909);
  const before = clock.mono();
  const tiny = 2.9e-11;
  assert.equal(before + tiny, before);
  clock.timer(tiny, () => undefined);
  await clock.runNext();
  assert.ok(clock.mono() > before);
});

test('a seed gives the same numbers, uuids and bytes, another seed others', () => {
  const draw = (seed: number) => {
    const random = new SeededRandom(seed);
    return [random.next(), random.uuid(), random.hex(7), random.fork().next()];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.match(String(draw(7)[1]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(String(draw(7)[2]).length, 14);
});

test('seeded numbers are spread evenly over [0, 1)', () => {
  const random = new SeededRandom(1);
  const buckets = new Array<number>(10).fill(0);
  for (let at = 0; at < 10_000; at += 1) buckets[Math.floor(random.next() * 10)]! += 1;
  for (const count of buckets) assert.ok(count > 900 && count < 1100, `${buckets}`);
});
