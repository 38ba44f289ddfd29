import type { Clock } from './clock.ts';

interface Timer {
  dueMs: number;
  order: number;
  fire: () => void;
  cancelled: boolean;
}

/** Shortest delay that is not none. */
const resolutionMs = 0.001;

/**
 * A clock that moves only when told to: timers fire ordered by (time, insertion), and everything that a timer sets going in
 * promises has run before the next one fires. Deterministic as long as the code under it does no real I/O.
 */
export class VirtualClock implements Clock {
  #monoMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  #heap: Timer[] = [];
  #live = 0;

  constructor(options: { nowMs?: number } = {}) {
    this.#wallOffsetMs = options.nowMs ?? Date.UTC(2026, 0, 1);
  }

  now(): number {
    return this.#wallOffsetMs + this.#monoMs;
  }

  mono(): number {
    return this.#monoMs;
  }

  timer(delayMs: number, fire: () => void): () => void {
    // A rest of rounding (1e-11 ms) must still move time on: who waits for the rest of something would wait for ever.
    const leastMs = delayMs > 0 ? resolutionMs : 0;
    const clamped = Math.min(Math.max(leastMs, delayMs), 2 ** 31 - 1);
    const timer: Timer = { dueMs: this.#monoMs + clamped, order: this.#order++, fire, cancelled: false };
    this.#push(timer);
    this.#live += 1;
    return () => {
      if (timer.cancelled) return;
      timer.cancelled = true;
      this.#live -= 1;
    };
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#live;
  }

  /** Moves the wall clock alone, as an operator or NTP does; monotonic time and timers stay. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Lets every promise that can go on do so; no time passes. */
  settle(): Promise<void> {
    // A macrotask runs only when the microtask queue is empty: the one reliable sign that all promises have come to rest.
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Passes `byMs`, firing what becomes due on the way. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monoMs + byMs;
    await this.settle();
    for (let timer = this.#take(untilMs); timer; timer = this.#take(untilMs)) await this.#fire(timer);
    this.#monoMs = untilMs;
  }

  /** Jumps to the next timer and fires it. False when there is none. */
  async runNext(): Promise<boolean> {
    await this.settle();
    const timer = this.#take(Number.POSITIVE_INFINITY);
    if (timer === undefined) return false;
    await this.#fire(timer);
    return true;
  }

  /** Fires timers until none is left or `limitMs` have passed. True when none is left. */
  async runUntilIdle(limitMs = 3_600_000): Promise<boolean> {
    const untilMs = this.#monoMs + limitMs;
    await this.settle();
    for (let timer = this.#take(untilMs); timer; timer = this.#take(untilMs)) await this.#fire(timer);
    return this.#live === 0;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#monoMs = Math.max(this.#monoMs, timer.dueMs);
    timer.cancelled = true;
    this.#live -= 1;
    timer.fire();
    await this.settle();
  }

  #take(untilMs: number): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (!first.cancelled && first.dueMs > untilMs) return undefined;
      this.#pop();
      if (!first.cancelled) return first;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
