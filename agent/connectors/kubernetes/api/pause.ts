import type { Clock } from '#shared/runtime/index.ts';

/** A wait that may be cut short, but not below a least length. */
export class Pause {
  readonly #clock: Clock;
  readonly #sinceMs: number;
  readonly #leastMs: number;
  readonly #over = Promise.withResolvers<void>();
  #cancel: () => void;

  constructor(clock: Clock, lengthMs: number, leastMs: number) {
    this.#clock = clock;
    this.#sinceMs = clock.mono();
    this.#leastMs = Math.min(leastMs, lengthMs);
    this.#cancel = clock.timer(lengthMs, () => this.#over.resolve());
  }

  get over(): Promise<void> {
    return this.#over.promise;
  }

  cut(): void {
    this.#cancel();
    const restMs = this.#sinceMs + this.#leastMs - this.#clock.mono();
    this.#cancel = this.#clock.timer(Math.max(0, restMs), () => this.#over.resolve());
  }

  end(): void {
    this.#cancel();
    this.#over.resolve();
  }
}
