import { isSkerryError } from '#shared/errors/index.ts';
import { type Clock, type Component, delay, type Logger } from '#shared/runtime/index.ts';
import type { Entry, Store } from '#shared/store/store.ts';

export interface MirrorEntry<T> extends Entry<T> {
  /** Monotonic ms of its arrival; undefined when it was there before this process. */
  arrivedMono: number | undefined;
}

/** First segment of the keys to follow → the group of a value (`undefined`: none), for look-up without scanning. */
export type MirrorGroups = Record<string, (value: never, key: string) => string | undefined>;

const reloadAfterMs = 1_000;

/**
 * The documents that queries join, held in memory and fed from the store: 300 NS are listed without a read. Knows nothing
 * that the store does not know; made anew at every start.
 */
export class StoreMirror implements Component {
  #store: Store;
  #clock: Clock;
  #log: Logger;
  #groupOf: MirrorGroups;
  #entries = new Map<string, Map<string, MirrorEntry<unknown>>>();
  #groups = new Map<string, Set<string>>();
  #revision = 0;
  #waiters: { revision: number; resolve: () => void }[] = [];
  #stop = new AbortController();
  #following: Promise<void> | undefined;

  constructor(use: { store: Store; clock: Clock; log: Logger; groups: MirrorGroups }) {
    this.#store = use.store;
    this.#clock = use.clock;
    this.#log = use.log;
    this.#groupOf = use.groups;
  }

  async start(): Promise<void> {
    await this.#load();
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    await this.#following;
  }

  /** Resolves when everything that is committed at present is here: read your own writes. */
  async caughtUp(): Promise<void> {
    const revision = await this.#store.revision();
    if (revision <= this.#revision || this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiters.push({ revision, resolve }));
  }

  /** Of the newest commit that is here. */
  get revision(): number {
    return this.#revision;
  }

  get<T>(key: string): MirrorEntry<T> | undefined {
    return this.#entries.get(segmentOf(key))?.get(key) as MirrorEntry<T> | undefined;
  }

  list<T>(segment: string): MirrorEntry<T>[] {
    return [...(this.#entries.get(segment)?.values() ?? [])] as MirrorEntry<T>[];
  }

  group<T>(segment: string, group: string): MirrorEntry<T>[] {
    const keys = this.#groups.get(`${segment}/${group}`) ?? [];
    return [...keys].map((key) => this.get<T>(key)).filter((entry) => entry !== undefined);
  }

  async #load(): Promise<void> {
    const revision = await this.#store.revision();
    this.#entries.clear();
    this.#groups.clear();
    for (const segment of Object.keys(this.#groupOf)) {
      for (const entry of await this.#store.range({ prefix: `${segment}/` }))
        this.#put(entry.key, { ...entry, arrivedMono: undefined });
    }
    this.#revision = revision;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const batch of this.#store.feed(this.#revision, signal)) {
          for (const change of batch.changes) this.#apply(change, batch.revision);
          this.#revision = batch.revision;
          this.#tell();
        }
      } catch (error) {
        if (signal.aborted || (isSkerryError(error) && error.code === 'StoreClosed')) return;
        this.#log.warn({ error }, 'The store’s feed broke off; reading everything again.');
        await delay(this.#clock, reloadAfterMs, signal).catch(() => undefined);
        if (!signal.aborted) await this.#load();
      }
    }
  }

  #apply(change: { key: string; value: unknown }, revision: number): void {
    if (!(segmentOf(change.key) in this.#groupOf)) return;
    const { key, value } = change;
    this.#drop(key);
    if (value !== undefined) this.#put(key, { key, value, revision, arrivedMono: this.#clock.mono() });
  }

  #put(key: string, entry: MirrorEntry<unknown>): void {
    const segment = segmentOf(key);
    const entries = this.#entries.get(segment) ?? new Map<string, MirrorEntry<unknown>>();
    this.#entries.set(segment, entries.set(key, entry));
    const group = this.#groupNameOf(entry);
    if (group !== undefined) this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(key));
  }

  #drop(key: string): void {
    const entry = this.get<unknown>(key);
    if (entry === undefined) return;
    this.#entries.get(segmentOf(key))?.delete(key);
    const group = this.#groupNameOf(entry);
    if (group === undefined) return;
    const members = this.#groups.get(group);
    members?.delete(key);
    if (members?.size === 0) this.#groups.delete(group);
  }

  #groupNameOf(entry: MirrorEntry<unknown>): string | undefined {
    const segment = segmentOf(entry.key);
    const group = this.#groupOf[segment]?.(entry.value as never, entry.key);
    return group === undefined ? undefined : `${segment}/${group}`;
  }

  #tell(): void {
    const waiting = this.#waiters.splice(0);
    for (const waiter of waiting) {
      if (waiter.revision <= this.#revision) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}

function segmentOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
