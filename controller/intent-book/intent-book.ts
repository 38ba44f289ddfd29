import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { Change, Expectation } from '#shared/store/store.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';

/** An object as its author knows it: revision and digest are the book's. */
export type NewIntentObject = Omit<IntentObject, 'revision' | 'digest'>;
/** One with `keep` also takes the place of a deletion that is not done yet: what is still there then stays. */
export type NewTombstone = Omit<Tombstone, 'revision'>;

/** What changes for one agent. An object that is equal to the present one is left out by the book. */
export interface AgentIntentChange {
  agentId: AgentId;
  upserts: NewIntentObject[];
  tombstones: NewTombstone[];
}

export interface IntentCommit {
  agents: AgentIntentChange[];
  /** The caller's own changes; told the generation that each agent will be at (unchanged when nothing changed for it). */
  changes: (generations: ReadonlyMap<AgentId, number>) => Change[];
  expect?: Expectation[];
}

/**
 * Every agent's intent document: the only writer of generations, histories and roots (docs/sync-protocol.md).
 * Serialises per agent inside this process; other controllers are met by the store's expectations.
 */
export interface IntentBook {
  /**
   * One atomic commit of intent changes and the caller's own. Wakes the sessions concerned afterwards.
   * @throws SkerryError RevisionConflict when one of the caller's expectations does not hold.
   */
  commit(commit: IntentCommit): Promise<ReadonlyMap<AgentId, number>>;
  head(agentId: AgentId): Promise<IntentHead>;
  /** Present object, if any. */
  object(agentId: AgentId, key: ObjectKey): Promise<IntentObject | undefined>;
  /** All objects of a scope at one agent. */
  scope(agentId: AgentId, scope: string): Promise<IntentObject[]>;
  /** Keys of a scope's deletions that take something away and were not reported as done. */
  openRemovals(agentId: AgentId, scope: string): Promise<ObjectKey[]>;
  lineage(): string;
}

export interface IntentHead {
  lineage: string;
  generation: number;
  history: string;
  root: string;
}
