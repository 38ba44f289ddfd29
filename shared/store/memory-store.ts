import { SkerryError } from '../errors/index.ts';
import type { Backing, StoredDocument, WriteGroup } from './backing.ts';
import { EmbeddedStore } from './embedded-store.ts';
import type { FeedBatch, Store } from './store.ts';

/**
 * What a memory store writes to; outlives the store, so that a test can crash the one and open another on the same disk.
 * Opening it fences the store before: whatever that one still tries to write is refused.
 */
export class MemoryDisk {
  revision = 0;
  openings = 0;
  documents = new Map<string, StoredDocument>();
  log = new Map<number, FeedBatch>();
  terms = new Map<string, number>();
}

export interface MemoryStoreOptions {
  disk?: MemoryDisk;
  /** Commits that the feed keeps. */
  feedRetention?: number;
}

/** A store without files, for tests and simulations. Uses no timers and no I/O: every call ends within microtasks. */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const backing = new MemoryBacking(options.disk ?? new MemoryDisk(), options.feedRetention ?? 10_000);
  return new EmbeddedStore(backing, backing.openNow());
}

class MemoryBacking implements Backing {
  #disk: MemoryDisk;
  #feedRetention: number;
  #opening = 0;

  constructor(disk: MemoryDisk, feedRetention: number) {
    this.#disk = disk;
    this.#feedRetention = feedRetention;
  }

  async open(): Promise<{ revision: number; keys: string[] }> {
    return this.openNow();
  }

  openNow(): { revision: number; keys: string[] } {
    this.#disk.openings += 1;
    this.#opening = this.#disk.openings;
    return { revision: this.#disk.revision, keys: [...this.#disk.documents.keys()].sort() };
  }

  read(key: string): StoredDocument | undefined {
    return this.#disk.documents.get(key);
  }

  readLog(revision: number): FeedBatch | undefined {
    return this.#disk.log.get(revision);
  }

  readTerm(leaseName: string): number {
    return this.#disk.terms.get(leaseName) ?? 0;
  }

  async write({ commits, terms }: WriteGroup): Promise<void> {
    const disk = this.#disk;
    if (disk.openings !== this.#opening) throw new SkerryError('StoreClosed', 'Another store was opened on this disk');
    for (const { revision, changes } of commits) {
      for (const { key, value, json } of changes) {
        if (json === undefined) disk.documents.delete(key);
        else disk.documents.set(key, { revision, value });
      }
      disk.log.set(revision, { revision, changes: changes.map(({ key, value }) => ({ key, value })) });
      disk.log.delete(revision - this.#feedRetention);
      disk.revision = revision;
    }
    for (const [name, term] of terms) disk.terms.set(name, term);
  }

  async close(): Promise<void> {}
}
