import { type Clock, delay } from '#shared/runtime/index.ts';
import type { SkerryApi } from './api.ts';

// A hint may be lost (a stream that ended unseen); the state is read again at the latest after this.
const recheckMs = 5000;
const reconnectMs = 500;

/** The controller's event stream as a wake-up: events say that something changed, the state says what. */
export class ChangeFeed {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();
  #version = 0;

  constructor(api: SkerryApi, clock: Clock) {
    this.#clock = clock;
    void this.#follow(api);
  }

  close(): void {
    this.#controller.abort();
    this.#wake();
  }

  /** Runs `check` now and after every change until it gives a value. @throws the signal's reason when it aborts */
  async until<T>(check: () => Promise<T | undefined>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const seen = this.#version;
      const found = await check();
      if (found !== undefined) return found;
      await this.#changedAfter(seen, signal);
    }
  }

  async #follow(api: SkerryApi): Promise<void> {
    const { signal } = this.#controller;
    while (!signal.aborted) {
      try {
        for await (const _ of api.events(signal, () => this.#wake())) this.#wake();
      } catch {
        // Whoever waits learns from its own reads what is wrong; the stream only wakes.
      }
      this.#wake();
      await delay(this.#clock, reconnectMs, signal).catch(() => {});
    }
  }

  #wake(): void {
    this.#version++;
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  #changedAfter(seen: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#version !== seen) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = () => {
        cancel();
        this.#waiting.delete(resume);
        signal?.removeEventListener('abort', resume);
        resolve();
      };
      const cancel = this.#clock.timer(recheckMs, resume);
      this.#waiting.add(resume);
      signal?.addEventListener('abort', resume, { once: true });
    });
  }
}
