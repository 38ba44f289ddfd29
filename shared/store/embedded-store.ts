import { SkerryError } from '../errors/index.ts';
import type { JsonValue } from '../model/json.ts';
import type { Backing, WriteGroup } from './backing.ts';
import { LeaseTable } from './lease-table.ts';
import { type PreparedChange, prepareChanges } from './prepared-change.ts';
import { SortedKeys } from './sorted-keys.ts';
import type {
  Change,
  CommitOptions,
  CommitResult,
  Entry,
  Expectation,
  FeedBatch,
  Lease,
  RangeQuery,
  Store,
} from './store.ts';
import { storeLimits } from './store-limits.ts';

/** Something that waits for its place in a group of writes. */
interface Pending {
  changes: PreparedChange[];
  bytes: number;
  expect: readonly Expectation[];
  lease: Lease | undefined;
  /** Set instead of changes when a lease's next term is wanted. */
  termOf: string | undefined;
  resolve: (result: number) => void;
  reject: (error: unknown) => void;
}

/**
 * The store port over one process's own backing: an ordered index of all keys in memory, group commit (what is asked for while
 * a write is under way goes into the next one, with one fsync), and a feed that reads the log of commits.
 */
export class EmbeddedStore implements Store {
  #backing: Backing;
  #keys = new SortedKeys();
  #revision = 0;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #waiters = new Set<() => void>();
  #isClosed = false;
  #mustReopen = false;
  #leases = new LeaseTable((name) => this.#enqueue({ termOf: name }));

  /** `found` is what `backing.open()` told. */
  constructor(backing: Backing, found: { revision: number; keys: string[] }) {
    this.#backing = backing;
    this.#take(found);
  }

  async get<T = JsonValue>(key: string): Promise<Entry<T> | undefined> {
    this.#checkOpen();
    return this.#entry<T>(key);
  }

  async range<T = JsonValue>(query: RangeQuery): Promise<Entry<T>[]> {
    this.#checkOpen();
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    const entries: Entry<T>[] = [];
    for (const key of this.#keys.range(query.prefix, query.after)) {
      if (entries.length >= limit) break;
      const entry = this.#entry<T>(key);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<CommitResult> {
    this.#checkOpen();
    const prepared = prepareChanges(changes);
    const revision = await this.#enqueue({ changes: prepared, expect: options.expect, lease: options.lease });
    return { revision };
  }

  async *feed(from: number, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    let cursor = from;
    while (!signal.aborted) {
      this.#checkOpen();
      if (cursor === this.#revision) {
        await this.#changed(signal);
        continue;
      }
      const batch = cursor < this.#revision ? this.#backing.readLog(cursor + 1) : undefined;
      if (batch === undefined) throw feedGone(cursor, this.#revision);
      cursor += 1;
      yield batch;
    }
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#revision;
  }

  async lease(name: string, _ttlMs: number, signal: AbortSignal): Promise<Lease> {
    this.#checkOpen();
    return this.#leases.acquire(name, signal);
  }

  /** Waits for the commits that were asked for before. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#writing;
    this.#isClosed = true;
    this.#leases.close();
    this.#wakeFeeds();
    this.#writing = Promise.resolve(this.#writing).then(() => this.#backing.close());
    await this.#writing;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new SkerryError('StoreClosed', 'The store is closed');
  }

  #entry<T>(key: string): Entry<T> | undefined {
    const document = this.#backing.read(key);
    return document && { key, value: document.value as T, revision: document.revision };
  }

  #enqueue(what: {
    changes?: PreparedChange[];
    expect?: readonly Expectation[];
    lease?: Lease;
    termOf?: string;
  }): Promise<number> {
    if (this.#isClosed) return Promise.reject(new SkerryError('StoreClosed', 'The store is closed'));
    const { changes = [], expect = [], lease, termOf } = what;
    const bytes = changes.reduce((sum, change) => sum + (change.json?.length ?? 0), 0);
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, bytes, expect, lease, termOf, resolve, reject });
      // A microtask later, so that the commits of one turn of the event loop share one fsync.
      this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) await this.#writeGroup(this.#takeGroup());
    if (!this.#isClosed) this.#writing = undefined;
  }

  #takeGroup(): Pending[] {
    let count = 0;
    let bytes = 0;
    for (const pending of this.#pending) {
      bytes += pending.bytes;
      if (count > 0 && bytes > storeLimits.commitBytes) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #writeGroup(group: Pending[]): Promise<void> {
    let staged: { write: WriteGroup; results: Map<Pending, number> };
    try {
      if (this.#mustReopen) await this.#load();
      staged = this.#stage(group);
    } catch (error) {
      for (const pending of group) pending.reject(error);
      return;
    }
    const { write, results } = staged;
    try {
      if (write.commits.length > 0 || write.terms.size > 0) await this.#backing.write(write);
      this.#apply(write);
    } catch (error) {
      if (!(await this.#wasWrittenAfterAll(write))) {
        for (const pending of results.keys()) pending.reject(error);
        return;
      }
    }
    for (const [pending, result] of results) pending.resolve(result);
  }

  /** Decides in order which of the group hold, each against what the ones before it leave. */
  #stage(group: Pending[]): { write: WriteGroup; results: Map<Pending, number> } {
    const results = new Map<Pending, number>();
    const commits: { revision: number; changes: PreparedChange[] }[] = [];
    const terms = new Map<string, number>();
    const written = new Map<string, number>();
    let revision = this.#revision;
    for (const pending of group) {
      const refusal = this.#refusal(pending, written);
      if (refusal !== undefined) pending.reject(refusal);
      else if (pending.termOf !== undefined) {
        const term = (terms.get(pending.termOf) ?? this.#backing.readTerm(pending.termOf)) + 1;
        terms.set(pending.termOf, term);
        results.set(pending, term);
      } else {
        if (pending.changes.length > 0) {
          revision += 1;
          commits.push({ revision, changes: pending.changes });
          for (const { key, json } of pending.changes) written.set(key, json === undefined ? 0 : revision);
        }
        results.set(pending, revision);
      }
    }
    return { write: { commits, terms }, results };
  }

  #refusal(pending: Pending, written: ReadonlyMap<string, number>): SkerryError | undefined {
    if (pending.lease !== undefined && !this.#leases.isHeld(pending.lease))
      return new SkerryError('Conflict', 'The lease is no longer held', {
        details: { lease: pending.lease.name, term: pending.lease.term },
      });
    for (const { key, revision } of pending.expect) {
      const found = written.get(key) ?? this.#backing.read(key)?.revision ?? 0;
      if (found !== revision)
        return new SkerryError('RevisionConflict', `${key} has changed meanwhile`, {
          details: { key, expected: revision, found },
          remedy: 'Read it again and decide again.',
        });
    }
    return undefined;
  }

  #apply(write: WriteGroup): void {
    for (const { revision, changes } of write.commits) {
      for (const { key, json } of changes) {
        if (json === undefined) this.#keys.delete(key);
        else this.#keys.add(key);
      }
      this.#revision = revision;
    }
    this.#wakeFeeds();
  }

  /** A write that failed may have reached the disk all the same; only opening it again tells. */
  async #wasWrittenAfterAll(write: WriteGroup): Promise<boolean> {
    this.#mustReopen = true;
    try {
      await this.#load();
    } catch {
      return false;
    }
    const last = write.commits.at(-1);
    return last !== undefined && this.#revision >= last.revision;
  }

  async #load(): Promise<void> {
    this.#take(await this.#backing.open());
    this.#mustReopen = false;
    this.#wakeFeeds();
  }

  #take({ revision, keys }: { revision: number; keys: string[] }): void {
    this.#keys = new SortedKeys(keys);
    this.#revision = revision;
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wakeFeeds(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}

function feedGone(from: number, newest: number): SkerryError {
  return new SkerryError('Conflict', `The changes after revision ${from} are not kept`, {
    details: { from, newest },
    remedy: 'Read the state again and follow the feed from its revision.',
  });
}
