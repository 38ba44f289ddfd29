/** A change of one raw entry; `value: undefined` deletes. */
export interface RawChange {
  key: string;
  value: string | undefined;
}

/** What the agent store asks of an engine: ordered text entries and atomic, fsynced batches. Trusted with nothing else. */
export interface RawStore {
  entries(): Promise<[key: string, value: string][]>;
  /** All or nothing; fsynced when it resolves. @throws SkerryError DiskFull, StoreDamaged */
  write(changes: readonly RawChange[]): Promise<void>;
  close(): Promise<void>;
}

/** Content of one plain-file snapshot, already verified. */
export interface SnapshotContent {
  batch: number;
  records: [key: string, value: string][];
}

/** The place where an agent store lives: an engine that may be damaged, and two snapshots beside it. */
export interface StoreMedium {
  open(): Promise<RawStore>;
  /** What can still be read of an engine that does not open; works on a copy. */
  salvage(): Promise<[key: string, value: string][]>;
  /** Puts the engine's content aside, so that the next open finds an empty one. */
  setAside(): Promise<void>;
  /** Batch number of the newest snapshot whose header can be read; 0 without one. Cheap. */
  newestSnapshot(): Promise<number>;
  /** Newest snapshot that verifies, if any. */
  readSnapshot(): Promise<SnapshotContent | undefined>;
  /** Replaces the older of the two. */
  writeSnapshot(content: SnapshotContent): Promise<void>;
}
