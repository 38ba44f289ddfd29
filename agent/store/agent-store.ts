/**
 * The agent's durable memory: a checked key-value store with an in-memory image. Values are JSON documents.
 *
 * Every record carries its own hash; the head carries the batch number and a hash over the set of all records, so that a
 * dropped, torn or flipped record is found when the store is opened. Reads are synchronous, from the image, which holds only
 * what is durable.
 */
export interface AgentStore {
  /** The stored value itself, frozen: copy it before changing it. */
  get<T>(key: string): T | undefined;
  /** Entries whose key starts with the prefix, in key order. */
  range<T>(prefix: string): Iterable<[key: string, value: T]>;
  /**
   * Runs `work` synchronously when its turn comes, against the newest image, and makes what it wrote durable in one batch
   * (fsynced, possibly together with its neighbours). Resolves after the fsync with what `work` returned; if `work` throws,
   * nothing of it is written.
   * @throws SkerryError DiskFull (nothing changed; may be tried again), StoreClosed
   */
  transact<R>(work: (tx: Transaction) => R): Promise<R>;
  /** How the last open went. */
  readonly health: StoreHealth;
  close(): Promise<void>;
}

export interface Transaction {
  /** A copy that may be changed and put back. */
  get<T>(key: string): T | undefined;
  range<T>(prefix: string): Iterable<[key: string, value: T]>;
  put(key: string, value: unknown): void;
  delete(key: string): void;
  /** Runs once after the fsync of this transaction; not at all if it is not made durable. Must not throw. */
  onDurable(callback: () => void): void;
}

export interface StoreHealth {
  /** clean: nothing found. repaired: came back from a snapshot or a salvage. empty: new, or nothing could be saved. */
  opened: 'clean' | 'repaired' | 'empty';
  damage: string[];
}

/** Every key of the agent's store. */
export const agentKeys = {
  /** {storeId, agentId, siteId, lastEpoch, bootCount, recordCounter} */
  identity: 'meta/identity',
  /** {damage}: the store came back from a repair and must take a new storeId before it next speaks. */
  rebirthDue: 'meta/rebirth-due',
  /** {seq}: newest number drawn for any state slot. */
  stateCounter: 'meta/state-counter',
  /** {lineage, term, generation, history, root}: head of the intent document. */
  intentHead: 'meta/intent',
  /** {…MachineFacts}: read at the newest start that could. */
  machine: 'meta/machine',
  intentPrefix: 'intent/',
  intent: (key: string) => `intent/${key}`,
  tombstonePrefix: 'tomb/',
  tombstone: (key: string) => `tomb/${key}`,
  gravePrefix: 'grave/',
  grave: (key: string) => `grave/${key}`,
  journalPrefix: 'journal/',
  /** One write-ahead record per object: its current incarnation and what is being done with it. */
  journal: (key: string) => `journal/${key}`,
  outboxPrefix: (stream: string) => `out/${stream}/`,
  outbox: (stream: string, seq: number) => `out/${stream}/${String(seq).padStart(12, '0')}`,
  /** {seq, chain, ackedSeq, ackedChain, safe} */
  streamHead: (stream: string) => `meta/stream/${stream}`,
  statePrefix: 'state/',
  state: (key: string) => `state/${key}`,
  operationPrefix: 'op/',
  operation: (opId: string) => `op/${opId}`,
  retired: (lineage: string) => `retired/${lineage}`,
  brakePrefix: 'brake/',
  brake: (n: string) => `brake/${n}`,
  /** Platform objects with our tag that no intent names and that were reported: {key, infraId, platformId}. */
  orphanPrefix: 'orphan/',
  orphan: (infraId: string, platformId: string) => `orphan/${infraId}/${platformId}`,
  /** Alarms of platforms that were reported as raised. */
  platformAlarm: (infraId: string, alarmId: string) => `platform-alarm/${infraId}/${alarmId}`,
  reachedPrefix: 'reached/',
  /** Newest reached report made per scope: {generation}. */
  reached: (scope: string) => `reached/${scope}`,
} as const;
