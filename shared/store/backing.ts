import type { PreparedChange } from './prepared-change.ts';
import type { FeedBatch } from './store.ts';

/** What an embedded store (one process, one writer) keeps its documents in. Reads are synchronous. */
export interface Backing {
  /** Opens it, or opens it again after a failed write, and tells what is durable there. @throws SkerryError StoreDamaged, Unavailable */
  open(): Promise<{ revision: number; keys: string[] }>;
  /** @throws SkerryError StoreDamaged */
  read(key: string): StoredDocument | undefined;
  /** The commit of this revision, if it is still kept. @throws SkerryError StoreDamaged */
  readLog(revision: number): FeedBatch | undefined;
  /** Highest term of a lease so far; 0 when it was never held. */
  readTerm(leaseName: string): number;
  /** Writes all of it, durably, or fails with nothing visible. Never called twice at a time. @throws SkerryError DiskFull, Unavailable */
  write(group: WriteGroup): Promise<void>;
  close(): Promise<void>;
}

export interface StoredDocument {
  revision: number;
  /** Deeply frozen. */
  value: unknown;
}

/** Commits that are made durable together, in order. */
export interface WriteGroup {
  commits: readonly { revision: number; changes: readonly PreparedChange[] }[];
  terms: ReadonlyMap<string, number>;
}
