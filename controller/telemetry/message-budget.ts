import type { Clock } from '#shared/runtime/index.ts';

/** A token bucket: `perMinute` messages on average, as many at once. */
export class MessageBudget {
  #clock: Clock;
  #perMinute: number;
  #left: number;
  #filledAt: number;

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
    this.#left = perMinute;
    this.#filledAt = clock.mono();
  }

  take(): boolean {
    const now = this.#clock.mono();
    this.#left = Math.min(this.#perMinute, this.#left + ((now - this.#filledAt) * this.#perMinute) / 60_000);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
