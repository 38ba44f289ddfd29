import { canonicalJson } from '#shared/wire/canonical-json.ts';
import { sha256Hex } from '#shared/wire/digest.ts';
import { DigestTree } from '#shared/wire/digest-tree.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';
import type { IntentHead } from './intent-book.ts';

/** `tomb/<agent>/<key>`: a tombstone; a grave once its removal was reported. */
export interface StoredTombstone extends Tombstone {
  /** Controller's clock, epoch ms. */
  removedAt?: number;
}

/** `intent-log/<agent>/<generation>` */
export interface LogEntry {
  history: string;
  root: string;
}

/** One agent's document in memory, as it was at `revision` of its head's entry in the store. */
export interface AgentDocument {
  /** Store revision of the head; 0 when the store has none. */
  revision: number;
  head: IntentHead;
  objects: Map<string, IntentObject>;
  tombstones: Map<string, StoredTombstone>;
  /** Generations whose history is kept. */
  log: Map<number, LogEntry>;
  tree: DigestTree;
  /** Highest generation known to be durable at the agent; its history is never forgotten. */
  acked: number;
}

export function emptyDocument(lineage: string): AgentDocument {
  const tree = new DigestTree();
  return {
    revision: 0,
    head: { lineage, generation: 0, history: '', root: tree.root() },
    objects: new Map(),
    tombstones: new Map(),
    log: new Map(),
    tree,
    acked: 0,
  };
}

/** History after a generation: covers all before, so that two documents of one number are told apart. */
export function historyAfter(
  before: string,
  upserts: readonly IntentObject[],
  tombstones: readonly Tombstone[],
): string {
  const change = {
    upserts: upserts.map(({ key, revision, digest }) => ({ key, revision, digest })),
    tombstones: tombstones.map(({ key, revision, scope, opId, keep }) => ({ key, revision, scope, opId, keep })),
  };
  return sha256Hex(`${before}|${canonicalJson(change)}`);
}
