import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkerryError } from '../errors/index.ts';
import { SeededRandom, silentLogger, VirtualClock } from '../runtime/index.ts';
import { type Reconcile, ReconcileRunner, type ReconcileRunnerOptions } from './index.ts';

const settled = { kind: 'settled' } as const;

async function runner(
  reconcile: Reconcile,
  options: Partial<ReconcileRunnerOptions> = {},
): Promise<{ clock: VirtualClock; runner: ReconcileRunner }> {
  const clock = new VirtualClock();
  const made = new ReconcileRunner({
    name: 'test',
    reconcile,
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    concurrency: 2,
    deadlineMs: 1000,
    ...options,
  });
  await made.start();
  return { clock, runner: made };
}

/** A reconciler whose runs end when the test says so. */
function gated() {
  const started: string[] = [];
  const gates: (() => void)[] = [];
  const reconcile: Reconcile = async (key) => {
    started.push(key);
    await new Promise<void>((resolve) => gates.push(resolve));
    return settled;
  };
  return { started, reconcile, release: () => gates.shift()?.() };
}

test('starts a run in a microtask after the wake', async () => {
  const started: string[] = [];
  const { runner: it } = await runner(async (key) => {
    started.push(key);
    return settled;
  });
  it.wake('a');
  assert.deepEqual(started, []);
  await undefined;
  assert.deepEqual(started, ['a']);
  await it.idle();
});

test('runs one at a time per key: wakes during a run give one more run', async () => {
  const { started, reconcile, release } = gated();
  const { runner: it, clock } = await runner(reconcile);
  it.wake('a');
  it.wake('a');
  await clock.settle();
  for (let wakes = 0; wakes < 5; wakes += 1) it.wake('a');
  await clock.settle();
  assert.deepEqual(started, ['a']);
  release();
  await clock.settle();
  assert.deepEqual(started, ['a', 'a']);
  release();
  await it.idle();
  assert.equal(it.counts.settled, 2);
});

test('runs keys in parallel up to the concurrency, first woken first', async () => {
  const { started, reconcile, release } = gated();
  const { runner: it, clock } = await runner(reconcile);
  for (const key of ['a', 'b', 'c', 'd']) it.wake(key);
  await clock.settle();
  assert.deepEqual(started, ['a', 'b']);
  release();
  await clock.settle();
  assert.deepEqual(started, ['a', 'b', 'c']);
  for (let left = 3; left > 0; left -= 1) {
    release();
    await clock.settle();
  }
  await it.idle();
});

test('comes again after the time that the run asked for', async () => {
  const at: number[] = [];
  const { runner: it, clock } = await runner(async () => {
    at.push(clock.mono());
    return at.length < 3 ? { kind: 'again', afterMs: 500 } : settled;
  });
  it.wake('a');
  await clock.runUntilIdle();
  assert.deepEqual(at, [0, 500, 1000]);
  assert.deepEqual({ ...it.counts }, { settled: 1, again: 2, failed: 0, refused: 0, timedOut: 0 });
});

test('the earliest of several wakeAfter wins, and a wake replaces them', async () => {
  const at: number[] = [];
  const { runner: it, clock } = await runner(async () => {
    at.push(clock.mono());
    return settled;
  });
  it.wakeAfter('a', 300);
  it.wakeAfter('a', 100);
  it.wakeAfter('a', 200);
  await clock.advance(1000);
  assert.deepEqual(at, [100]);
  it.wakeAfter('a', 300);
  it.wake('a');
  await clock.advance(1000);
  assert.deepEqual(at, [100, 1000]);
});

test('backs off with full jitter under a growing bound, and a success resets it', async () => {
  const at: number[] = [];
  let fails = true;
  const { runner: it, clock } = await runner(
    async () => {
      at.push(clock.mono());
      if (fails) throw new Error('broken');
      return settled;
    },
    {
      backoff: { minMs: 100, maxMs: 800 },
      random: { ...new SeededRandom(1), next: () => 0.999, uuid: String, hex: String },
    },
  );
  it.wake('a');
  await clock.advance(4000);
  assert.deepEqual(at.slice(0, 6), [0, 99, 298, 697, 1496, 2295]);
  fails = false;
  it.wake('a');
  await clock.settle();
  fails = true;
  at.length = 0;
  it.wake('a');
  const startedAt = clock.mono();
  await clock.advance(99);
  assert.deepEqual(at, [startedAt, startedAt + 99]);
});

test('a wake during a back-off runs at once', async () => {
  let runs = 0;
  const { runner: it, clock } = await runner(async () => {
    runs += 1;
    if (runs === 1) throw new SkerryError('TooManyRequests', 'later', { retry: { afterMs: 60_000 } });
    return settled;
  });
  it.wake('a');
  await clock.settle();
  it.wake('a');
  await it.idle();
  assert.equal(runs, 2);
  assert.equal(clock.pendingTimers, 0);
});

test('respects retry: never waits for the next wake, afterMs waits exactly', async () => {
  const at: number[] = [];
  const errors = [
    new SkerryError('NotFound', 'gone'),
    new SkerryError('TooManyRequests', 'later', { retry: { afterMs: 1234 } }),
  ];
  const { runner: it, clock } = await runner(async () => {
    at.push(clock.mono());
    const error = errors.shift();
    if (error) throw error;
    return settled;
  });
  it.wake('a');
  await clock.advance(100_000);
  assert.deepEqual([at, it.counts.refused], [[0], 1]);
  it.wake('a');
  await clock.advance(10_000);
  assert.deepEqual(at, [0, 100_000, 101_234]);
});

test('a first conflict is tried again at once', async () => {
  let runs = 0;
  const { runner: it, clock } = await runner(async () => {
    runs += 1;
    if (runs === 1) throw new SkerryError('RevisionConflict', 'changed');
    return settled;
  });
  it.wake('a');
  await clock.advance(0);
  assert.equal(runs, 2);
});

test('aborts a run at its deadline and never starts a second one beside it', async () => {
  let running = 0;
  let most = 0;
  const reasons: unknown[] = [];
  const { runner: it, clock } = await runner(async (_key, signal) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => clock.timer(5000, resolve));
    });
    running -= 1;
    reasons.push(signal.reason);
    throw signal.reason;
  });
  it.wake('a');
  await clock.advance(2000);
  it.wake('a');
  await clock.advance(1000);
  assert.equal(most, 1);
  await clock.advance(3000);
  assert.equal((reasons[0] as SkerryError).code, 'Timeout');
  assert.equal(it.counts.timedOut, 1);
  assert.equal(most, 1);
  const stopping = it.stop();
  await clock.runUntilIdle();
  await stopping;
});

test('forgets a key: queue, timer and what a run under way returns', async () => {
  const { started, reconcile, release } = gated();
  const { runner: it, clock } = await runner(async (key, signal) => {
    await reconcile(key, signal);
    return { kind: 'again', afterMs: 10 };
  });
  for (const key of ['a', 'b', 'c']) it.wake(key);
  it.wakeAfter('d', 10);
  await clock.settle();
  for (const key of ['a', 'b', 'c', 'd']) it.forget(key);
  release();
  release();
  await clock.advance(1000);
  assert.deepEqual(started, ['a', 'b']);
  await it.idle();
});

test('stop aborts what runs, waits for it and starts nothing more', async () => {
  const started: string[] = [];
  const { runner: it, clock } = await runner(async (key, signal) => {
    started.push(key);
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return settled;
  });
  for (const key of ['a', 'b', 'c']) it.wake(key);
  it.wakeAfter('d', 10);
  await clock.settle();
  await it.stop();
  await it.stop();
  it.wake('e');
  await clock.advance(100_000);
  assert.deepEqual([started, clock.pendingTimers], [['a', 'b'], 0]);
});

test('keys woken before the start run at the start', async () => {
  const started: string[] = [];
  const clock = new VirtualClock();
  const it = new ReconcileRunner({
    name: 'test',
    reconcile: async (key) => {
      started.push(key);
      return settled;
    },
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    concurrency: 1,
    deadlineMs: 1000,
  });
  it.wake('a');
  await clock.settle();
  assert.deepEqual(started, []);
  await it.start();
  await it.idle();
  assert.deepEqual(started, ['a']);
});
