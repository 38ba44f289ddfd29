import { SkerryError } from '#shared/errors/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import type { AgentStore, StoreHealth, Transaction } from './agent-store.ts';
import { deepFreeze, type Image } from './image.ts';
import type { RawChange, RawStore, StoreMedium } from './raw-store.ts';
import {
  addToSet,
  type CheckedRecord,
  encodeHead,
  encodeRecord,
  headKey,
  type StoreHead,
  takeFromSet,
} from './record.ts';
import { StoreTransaction } from './store-transaction.ts';

/** Works that share one fsync. */
const groupLimit = 256;
/** A snapshot is written after so many batches, or characters, since the last. */
const snapshotEveryBatches = 5_000;
const snapshotEveryCharacters = 8_000_000;

interface Queued {
  work: (tx: Transaction) => unknown;
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
}

interface ImageStoreParts {
  raw: RawStore;
  medium: StoreMedium;
  health: StoreHealth;
  log: Logger;
  image: Image;
  head: StoreHead | undefined;
}

/** AgentStore over an image in memory and a raw engine: serial works, group commit, verified head. */
export class ImageStore implements AgentStore {
  readonly health: StoreHealth;
  readonly #raw: RawStore;
  readonly #medium: StoreMedium;
  readonly #log: Logger;
  readonly #image: Image;
  #head: StoreHead;
  #queue: Queued[] = [];
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  /** Keys of a batch that failed: it may have landed all the same, so the next batch writes what they are. */
  #doubtful = new Set<string>();
  #sinceSnapshot = { batches: 0, characters: 0 };
  #snapshotting: Promise<void> | undefined;

  constructor(parts: ImageStoreParts) {
    this.health = parts.health;
    this.#raw = parts.raw;
    this.#medium = parts.medium;
    this.#log = parts.log;
    this.#image = parts.image;
    this.#head = parts.head ?? { batch: 0, count: 0, setHash: 0n };
  }

  get<T>(key: string): T | undefined {
    return this.#image.get(key)?.value as T | undefined;
  }

  *range<T>(prefix: string): Iterable<[string, T]> {
    for (const key of this.#image.keys(prefix)) {
      const entry = this.#image.get(key);
      if (entry !== undefined) yield [key, entry.value as T];
    }
  }

  transact<R>(work: (tx: Transaction) => R): Promise<R> {
    if (this.#isClosed) return Promise.reject(new SkerryError('StoreClosed', 'The agent store is closed'));
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: never) => void, reject });
      this.#flushing ??= Promise.resolve().then(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
    await this.#snapshotting;
    await this.#raw.close();
  }

  /** First content of a rebuilt store. */
  async writeWhole(records: ReadonlyMap<string, CheckedRecord>, batch: number): Promise<void> {
    let setHash = 0n;
    const changes: RawChange[] = [];
    for (const [key, record] of records) {
      const text = encodeRecord(key, record.batch, record.json);
      setHash = addToSet(setHash, text.hash);
      changes.push({ key, value: text.text });
    }
    const head = { batch, count: records.size, setHash };
    await this.#raw.write([...changes, { key: headKey, value: encodeHead(head) }]);
    this.#head = head;
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, groupLimit);
      const pending = new Map<string, string | undefined>();
      const settled: (() => void)[] = [];
      const callbacks: (() => void)[] = [];
      for (const item of group) this.#runWork(item, pending, settled, callbacks);
      try {
        if (pending.size > 0) await this.#write(pending);
      } catch (error) {
        for (const key of pending.keys()) this.#doubtful.add(key);
        for (const item of group) item.reject(error);
        continue;
      }
      for (const callback of callbacks) callback();
      for (const settle of settled) settle();
    }
    this.#flushing = undefined;
  }

  #runWork(
    item: Queued,
    pending: Map<string, string | undefined>,
    settled: (() => void)[],
    callbacks: (() => void)[],
  ): void {
    const tx = new StoreTransaction(this.#image, pending);
    try {
      const result = item.work(tx);
      if (result instanceof Promise) throw new SkerryError('Internal', 'A transaction may not wait for anything');
      for (const [key, json] of tx.writes) pending.set(key, json);
      callbacks.push(...tx.callbacks);
      settled.push(() => item.resolve(result as never));
    } catch (error) {
      item.reject(error);
    }
  }

  async #write(pending: ReadonlyMap<string, string | undefined>): Promise<void> {
    const batch = this.#head.batch + 1;
    const changes: RawChange[] = [];
    const entries = new Map<string, { value: unknown; hash: bigint; batch: number } | undefined>();
    let { count, setHash } = this.#head;
    for (const [key, json] of this.#withDoubtful(pending)) {
      const old = this.#image.get(key);
      if (old !== undefined) {
        setHash = takeFromSet(setHash, old.hash);
        count--;
      }
      if (json === undefined) {
        changes.push({ key, value: undefined });
        entries.set(key, undefined);
        continue;
      }
      const record = encodeRecord(key, batch, json);
      setHash = addToSet(setHash, record.hash);
      count++;
      changes.push({ key, value: record.text });
      entries.set(key, { value: deepFreeze(JSON.parse(json) as unknown), hash: record.hash, batch });
      this.#sinceSnapshot.characters += json.length;
    }
    const head = { batch, count, setHash };
    changes.push({ key: headKey, value: encodeHead(head) });
    await this.#raw.write(changes);
    this.#head = head;
    this.#doubtful.clear();
    for (const [key, entry] of entries) entry === undefined ? this.#image.delete(key) : this.#image.set(key, entry);
    this.#sinceSnapshot.batches++;
    this.#snapshotWhenDue();
  }

  *#withDoubtful(pending: ReadonlyMap<string, string | undefined>): Iterable<[string, string | undefined]> {
    for (const key of this.#doubtful) {
      if (pending.has(key)) continue;
      const entry = this.#image.get(key);
      yield [key, entry === undefined ? undefined : JSON.stringify(entry.value)];
    }
    yield* pending;
  }

  #snapshotWhenDue(): void {
    const since = this.#sinceSnapshot;
    const isDue = since.batches >= snapshotEveryBatches || since.characters >= snapshotEveryCharacters;
    if (!isDue || this.#snapshotting !== undefined) return;
    this.#sinceSnapshot = { batches: 0, characters: 0 };
    this.#snapshotting = this.#snapshot()
      .catch((error: unknown) => this.#log.warn({ error }, 'the snapshot of the agent store could not be written'))
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  /** Entries are frozen and taken at one moment; turning them to text may take its time. */
  async #snapshot(): Promise<void> {
    const batch = this.#head.batch;
    const entries = this.#image.keys('').map((key) => [key, this.#image.get(key)] as const);
    const records: [string, string][] = [];
    for (const [key, entry] of entries) {
      if (entry === undefined) continue;
      records.push([key, encodeRecord(key, entry.batch, JSON.stringify(entry.value)).text]);
      if (records.length % 500 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await this.#medium.writeSnapshot({ batch, records });
  }
}
