const firstMs = 250;
const longestMs = 30_000;

/** Growing pauses between attempts, half of each by chance, so that many who lost the same server do not return together. */
export class BackOff {
  readonly #random: { next(): number };
  #failures = 0;

  constructor(random: { next(): number }) {
    this.#random = random;
  }

  nextMs(): number {
    const fullMs = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return fullMs / 2 + (this.#random.next() * fullMs) / 2;
  }

  reset(): void {
    this.#failures = 0;
  }
}
