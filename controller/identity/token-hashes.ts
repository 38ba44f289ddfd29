const maxEntries = 1000;
/** What is longer is no token of ours, and not worth keeping. */
const maxLength = 256;

/** Hashes of the tokens that come with every request. Says nothing of whom they stand for, or whether they hold. */
export class TokenHashes {
  readonly #hash: (token: string) => string;
  readonly #known = new Map<string, string>();

  constructor(hash: (token: string) => string) {
    this.#hash = hash;
  }

  of(token: string): string {
    const known = this.#known.get(token);
    if (known !== undefined) return known;
    const hash = this.#hash(token);
    if (token.length > maxLength) return hash;
    if (this.#known.size >= maxEntries) this.#known.clear();
    this.#known.set(token, hash);
    return hash;
  }
}
