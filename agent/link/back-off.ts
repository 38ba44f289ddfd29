import type { Random } from '#shared/runtime/index.ts';

const baseMs = 200;
/** A link that lived so long was a good one. */
export const stableAfterMs = 10_000;

/**
 * When to dial again: after a cut of a stable link within the controller's window, then exponentially with full jitter. The
 * ceiling follows the window, so that a small fleet comes back at once and a large one does not storm.
 */
export class BackOff {
  readonly #random: Random;
  #windowMs = 0;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  setWindow(windowMs: number): void {
    this.#windowMs = Math.min(windowMs, 3_600_000);
  }

  /** Only a stable link counts as success: one that breaks at once does not reset anything. */
  linkEnded(livedMs: number): void {
    this.#failures = livedMs >= stableAfterMs ? 0 : this.#failures + 1;
  }

  nextDelayMs(): number {
    if (this.#failures === 0) return this.#random.next() * this.#windowMs;
    const ceiling = Math.min(60_000, Math.max(1_500, this.#windowMs * 4));
    return this.#random.next() * Math.min(ceiling, baseMs * 2 ** Math.min(this.#failures, 20));
  }
}
