import { isSkerryError, SkerryError } from '../errors/index.ts';
import type { Clock, Component, Logger, Random } from '../runtime/index.ts';
import type { Reconcile, ReconcileOutcome } from './reconciler.ts';

export interface ReconcileRunnerOptions {
  name: string;
  reconcile: Reconcile;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Keys that run at the same time. */
  concurrency: number;
  /** After this a run's signal aborts. The key stays taken until the run really ends. */
  deadlineMs: number;
  /** Full jitter: the n-th failure in a row waits between 0 and min(maxMs, minMs × 2^(n-1)). */
  backoff?: { minMs: number; maxMs: number };
}

/** How runs ended: `refused` failed for good (retry: never) and waits for the next wake. */
export type RunCounts = Record<'settled' | 'again' | 'failed' | 'refused' | 'timedOut', number>;

interface KeyState {
  /** idle keys exist only while they have a timer or a count of failures. */
  phase: 'idle' | 'queued' | 'running';
  /** Woken while running: one more run follows, however many wakes there were. */
  isWokenAgain: boolean;
  isForgotten: boolean;
  failures: number;
  timer: { dueMs: number; cancel: () => void } | undefined;
}

/**
 * Runs a reconciler: one run per key, `concurrency` keys in parallel, first woken first served, back-off on failure.
 * A run starts in a microtask after its wake; time comes only from the clock, so that a run of it can be simulated.
 *
 * A wake during a back-off runs at once: the state has changed. A run that starts drops the key's pending `wakeAfter`:
 * it reads the state itself and says when to come again.
 */
export class ReconcileRunner implements Component {
  readonly counts: RunCounts = { settled: 0, again: 0, failed: 0, refused: 0, timedOut: 0 };
  #options: ReconcileRunnerOptions;
  #backoff: { minMs: number; maxMs: number };
  #keys = new Map<string, KeyState>();
  #queue: string[] = [];
  #running = new Map<string, AbortController>();
  #phase: 'new' | 'started' | 'stopped' = 'new';
  #isPumpScheduled = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: ReconcileRunnerOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? { minMs: 100, maxMs: 60_000 };
  }

  /** Keys woken before the start run now. */
  async start(): Promise<void> {
    if (this.#phase === 'new') this.#phase = 'started';
    this.#schedulePump();
  }

  /** Aborts what runs and resolves when the last run has ended. Later wakes are ignored. */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#queue.length = 0;
    for (const [key, state] of this.#keys) {
      this.#cancelTimer(state);
      if (state.phase !== 'running') this.#keys.delete(key);
    }
    for (const run of this.#running.values()) run.abort(new SkerryError('Aborted', `${this.#options.name} stops`));
    await this.idle();
  }

  wake(key: string): void {
    if (this.#phase === 'stopped') return;
    const state = this.#state(key);
    if (state.phase === 'running') state.isWokenAgain = true;
    if (state.phase !== 'idle') return;
    this.#cancelTimer(state);
    state.phase = 'queued';
    this.#queue.push(key);
    this.#schedulePump();
  }

  /** Wakes the key after `afterMs`; the earliest of several wins. */
  wakeAfter(key: string, afterMs: number): void {
    if (this.#phase === 'stopped') return;
    const state = this.#state(key);
    const dueMs = this.#options.clock.mono() + Math.max(0, afterMs);
    if (state.phase === 'queued' || (state.timer !== undefined && state.timer.dueMs <= dueMs)) return;
    this.#cancelTimer(state);
    const cancel = this.#options.clock.timer(afterMs, () => {
      state.timer = undefined;
      this.wake(key);
    });
    state.timer = { dueMs, cancel };
  }

  /** Drops the key: queue, timer and failures. A run that is under way ends by itself and what it returns is ignored. */
  forget(key: string): void {
    const state = this.#keys.get(key);
    if (state === undefined) return;
    this.#cancelTimer(state);
    state.isWokenAgain = false;
    if (state.phase === 'running') {
      state.isForgotten = true;
      state.failures = 0;
      return;
    }
    if (state.phase === 'queued') this.#queue.splice(this.#queue.indexOf(key), 1);
    this.#keys.delete(key);
    this.#tellIdle();
  }

  /** Resolves when nothing is queued or running. Timers may be pending. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#running.size === 0;
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #state(key: string): KeyState {
    let state = this.#keys.get(key);
    if (state === undefined) {
      state = { phase: 'idle', isWokenAgain: false, isForgotten: false, failures: 0, timer: undefined };
      this.#keys.set(key, state);
    }
    return state;
  }

  #cancelTimer(state: KeyState): void {
    state.timer?.cancel();
    state.timer = undefined;
  }

  #schedulePump(): void {
    if (this.#phase !== 'started' || this.#isPumpScheduled) return;
    this.#isPumpScheduled = true;
    queueMicrotask(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#phase === 'started' && this.#running.size < this.#options.concurrency) {
      const key = this.#queue.shift();
      if (key === undefined) return;
      void this.#run(key, this.#state(key));
    }
  }

  async #run(key: string, state: KeyState): Promise<void> {
    const { clock, deadlineMs, name, reconcile } = this.#options;
    const controller = new AbortController();
    state.phase = 'running';
    this.#running.set(key, controller);
    const cancelDeadline = clock.timer(deadlineMs, () => {
      controller.abort(
        new SkerryError('Timeout', `${name}: a run took longer than ${deadlineMs} ms`, { details: { key } }),
      );
    });
    let finish: () => void;
    try {
      const outcome = await reconcile(key, controller.signal);
      finish = () => this.#succeeded(key, state, outcome);
    } catch (error) {
      finish = () => this.#failed(key, state, error, controller.signal);
    }
    cancelDeadline();
    this.#running.delete(key);
    this.#finish(key, state, finish);
  }

  #finish(key: string, state: KeyState, finish: () => void): void {
    state.phase = 'idle';
    if (this.#phase === 'stopped') this.#keys.delete(key);
    else {
      if (state.isForgotten) state.isForgotten = false;
      else finish();
      if (state.isWokenAgain) {
        state.isWokenAgain = false;
        this.wake(key);
      } else if (state.timer === undefined && state.failures === 0 && this.#keys.get(key) === state)
        this.#keys.delete(key);
      this.#schedulePump();
    }
    this.#tellIdle();
  }

  #succeeded(key: string, state: KeyState, outcome: ReconcileOutcome): void {
    this.counts[outcome.kind] += 1;
    state.failures = 0;
    if (outcome.kind === 'again') this.wakeAfter(key, outcome.afterMs);
  }

  #failed(key: string, state: KeyState, error: unknown, signal: AbortSignal): void {
    const { log, name } = this.#options;
    const retry = isSkerryError(error) ? error.retry : 'backoff';
    state.failures += 1;
    this.counts[signal.aborted ? 'timedOut' : retry === 'never' ? 'refused' : 'failed'] += 1;
    if (retry === 'never' && !signal.aborted) {
      state.failures = 0;
      log.error({ runner: name, key, error }, 'Reconciling failed for good; waiting for the next change.');
      return;
    }
    const afterMs = typeof retry === 'object' ? retry.afterMs : this.#backoffMs(state.failures, error);
    // A conflict is the ordinary way to learn that the state has moved on.
    const level = isSkerryError(error) && error.code === 'RevisionConflict' ? 'debug' : 'warn';
    log[level](
      { runner: name, key, error, failures: state.failures, afterMs },
      'Reconciling failed; trying again later.',
    );
    this.wakeAfter(key, afterMs);
  }

  #backoffMs(failures: number, error: unknown): number {
    if (failures === 1 && isSkerryError(error) && error.code === 'RevisionConflict') return 0;
    const { minMs, maxMs } = this.#backoff;
    return Math.floor(this.#options.random.next() * Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30)));
  }
}
