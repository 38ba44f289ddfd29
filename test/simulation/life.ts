import type { Clock } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';

/** A promise of something that a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * One life of a simulated process. Everything that it does to the outside goes through `step`, where it may die; after its
 * death nothing that its code still does has any effect: calls never return, timers never fire.
 */
export class Life {
  #isOver = false;
  /** Resolves at its death. */
  readonly over: Promise<void>;
  #tellOver: () => void = () => undefined;
  readonly #mayDie: () => boolean;
  readonly #onDeath: () => void;

  constructor(mayDie: () => boolean, onDeath: () => void) {
    this.#mayDie = mayDie;
    this.#onDeath = onDeath;
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onDeath();
    this.#tellOver();
  }

  /** A point at which the process may die. Resolves when it did not. */
  step(): Promise<void> {
    if (!this.#isOver && this.#mayDie()) this.end();
    return this.#isOver ? never() : Promise.resolve();
  }

  /** An effect on the outside: it may die before it and after it. */
  async effect<T>(act: () => Promise<T>): Promise<T> {
    await this.step();
    const done = await settled(act());
    await this.step();
    if (!done.ok) throw done.error;
    return done.value;
  }

  /** Time as this life sees it: timers of the dead do not fire. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      mono: () => clock.mono(),
      timer: (delayMs, fire) =>
        clock.timer(delayMs, () => {
          if (!this.#isOver) fire();
        }),
    };
  }

  store(store: Store): Store {
    return {
      get: (key) => this.#read(store.get(key)),
      range: (query) => this.#read(store.range(query)),
      revision: () => this.#read(store.revision()),
      commit: (changes, options) => this.effect(() => store.commit(changes, options)),
      feed: (from, signal) => store.feed(from, signal),
      lease: (name, ttlMs, signal) => store.lease(name, ttlMs, signal),
      close: () => (this.#isOver ? never() : store.close()),
    } as Store;
  }

  async #read<T>(reading: Promise<T>): Promise<T> {
    const value = await reading;
    return this.#isOver ? never() : value;
  }
}

async function settled<T>(work: Promise<T>): Promise<{ ok: true; value: T } | { ok: false; error: unknown }> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error };
  }
}
