import type { Principal } from '#shared/model/index.ts';

/** Who a bearer token stands for, by the token's hash; bounded, the oldest goes first. */
export class PrincipalCache {
  #maxEntries: number;
  #entries = new Map<string, { principal: Principal; expiresAt: number }>();

  constructor(maxEntries = 10_000) {
    this.#maxEntries = maxEntries;
  }

  get(hash: string, now: number): Principal | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > now) return entry.principal;
    this.#entries.delete(hash);
    return undefined;
  }

  set(hash: string, principal: Principal, expiresAt: number): void {
    this.#entries.set(hash, { principal, expiresAt });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(hash: string): void {
    this.#entries.delete(hash);
  }

  clear(): void {
    this.#entries.clear();
  }
}
