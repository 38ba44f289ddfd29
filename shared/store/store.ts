import type { JsonValue } from '../model/json.ts';

/**
 * The controller's store port: a flat, ordered key space of JSON documents with atomic conditional commits.
 *
 * Keys are `/`-separated UTF-8 strings of at most 512 bytes, ordered by code unit. Revisions are the number of the commit
 * that wrote a key: one counter for the whole store, growing, never reused. Nothing above this port knows the engine.
 *
 * Values go in as a copy, taken when `commit` is called, and come out frozen and shared with other readers: build a new
 * document (`{ ...entry.value, state }`), never change the one that was read. `undefined` members are dropped, as in JSON.
 * Limits (TooLarge): `storeLimits` in store-limits.ts.
 */
export interface Store {
  get<T = JsonValue>(key: string): Promise<Entry<T> | undefined>;
  /** Entries in key order. */
  range<T = JsonValue>(query: RangeQuery): Promise<Entry<T>[]>;
  /**
   * All or nothing, durable (fsynced) when it resolves. Commits take effect in the order of their calls; a key stands at most
   * once among the changes. No changes: only the expectations are examined, and no revision is used up.
   * @throws SkerryError RevisionConflict when an expectation does not hold (details.key names it); Conflict when the lease is lost;
   *   BadRequest, TooLarge; DiskFull (nothing changed); StoreClosed.
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<CommitResult>;
  /**
   * Ordered changes after revision `from`, then live ones, until `signal` aborts. Survives restarts: a consumer keeps the
   * last revision it has dealt with and comes back with it.
   * Each batch is one commit. The consumer sets the pace; nothing is buffered for it.
   * @throws SkerryError Conflict when `from` is older than what is kept or newer than the store: read the state again and
   *   start at its revision. StoreClosed when the store closes under it.
   */
  feed(from: number, signal: AbortSignal): AsyncIterable<FeedBatch>;
  /** Revision of the newest commit. */
  revision(): Promise<number>;
  /** A named leader lease with a term that grows with every acquisition; resolves when it is held. */
  lease(name: string, ttlMs: number, signal: AbortSignal): Promise<Lease>;
  close(): Promise<void>;
}

export interface Entry<T> {
  key: string;
  value: T;
  /** Revision of the commit that wrote this value. */
  revision: number;
}

export interface RangeQuery {
  /** Every key that starts with this; give whole path segments (`ns/`). */
  prefix: string;
  /** Only keys strictly after this one: the paging marker. */
  after?: string;
  limit?: number;
}

/** `value: undefined` deletes. */
export interface Change {
  key: string;
  value: unknown | undefined;
}

/** `revision: 0` expects that the key does not exist. */
export interface Expectation {
  key: string;
  revision: number;
}

export interface CommitOptions {
  expect?: readonly Expectation[];
  /** Conditional on this lease still being held: an old leader can no longer commit. */
  lease?: Lease;
}

export interface CommitResult {
  revision: number;
}

export interface FeedBatch {
  revision: number;
  changes: readonly { key: string; value: unknown | undefined }[];
}

export interface Lease {
  readonly name: string;
  /** Grows with every acquisition by anybody, survives restarts. */
  readonly term: number;
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}
