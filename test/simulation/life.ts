import type { Clock } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';

/** A promise of something that a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * One life of a simulated process. Everything that it does to the outside goes through `step`, where it may die; after its
 * death nothing that its code still does has any effect: calls never return, timers never fire. While it is suspended
 * everything waits, though time goes on.
 */
export class Life {
  #isOver = false;
  /** Resolves at its death. */
  readonly over: Promise<void>;
  #tellOver: () => void = () => undefined;
  readonly #mayDie: () => boolean;
  readonly #onDeath: () => void;
  #waking: Promise<void> | undefined;
  #wake: () => void = () => undefined;

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
    this.resume();
  }

  suspend(): void {
    this.#waking ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  resume(): void {
    this.#waking = undefined;
    this.#wake();
  }

  /** Resolves when it is not suspended; never once it is over. */
  async awake(): Promise<void> {
    while (this.#waking !== undefined) await this.#waking;
    if (this.#isOver) await never();
  }

  /** A point at which the process may die. Resolves when it did not. */
  async step(): Promise<void> {
    if (!this.#isOver && this.#mayDie()) this.end();
    await this.awake();
  }

  /** An effect on the outside: it may die before it and after it. */
  async effect<T>(act: () => Promise<T>): Promise<T> {
    await this.step();
    const done = await settled(act());
    await this.step();
    if (!done.ok) throw done.error;
    return done.value;
  }

  /** Time as this life sees it: timers of the dead do not fire, those of the suspended fire late. */
  clock(clock: Clock, wallOffsetMs: () => number = () => 0): Clock {
    return {
      now: () => clock.now() + wallOffsetMs(),
      mono: () => clock.mono(),
      timer: (delayMs, fire) => {
        let isCancelled = false;
        const cancel = clock.timer(delayMs, () => {
          if (this.#isOver || isCancelled) return;
          if (this.#waking === undefined) return fire();
          void this.awake().then(() => {
            if (!isCancelled) fire();
          });
        });
        return () => {
          isCancelled = true;
          cancel();
        };
      },
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
