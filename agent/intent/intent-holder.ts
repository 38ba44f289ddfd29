import type { AgentId, SiteId } from '#shared/model/ids.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';
import type { Transaction } from '../store/agent-store.ts';

/** Who this agent is, as its store knows it. */
export interface AgentIdentity {
  agentId: AgentId;
  siteId: SiteId;
  storeId: string;
  lastEpoch: number;
}

export interface IntentHeadRecord {
  lineage: string;
  term: number;
  generation: number;
  history: string;
  root: string;
}

/** The document that this agent has made durable; only `agent/intent` writes it. */
export interface IntentHolder {
  head(): IntentHeadRecord;
  object(key: string): IntentObject | undefined;
  objects(): Iterable<IntentObject>;
  /** Deletions asked for and not yet reported as done. */
  tombstones(): Iterable<Tombstone>;
  /**
   * Turns tombstones into graves. Part of the transaction that appends the `reached` report whose `removed` names them: a
   * deletion is forgotten only together with the news that it is done.
   */
  bury(tx: Transaction, removed: readonly { key: string; revision: number }[]): void;
  /** Called after each durable change with the keys that changed; undefined: all. */
  onChange(listener: (keys: readonly string[] | undefined) => void): () => void;
}
