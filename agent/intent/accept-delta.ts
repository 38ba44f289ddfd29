import { fail, ok, type Result } from '#shared/errors/index.ts';
import { objectDigest } from '#shared/wire/digest.ts';
import type { Delta, FrameHead, IntentObject, Tombstone } from '#shared/wire/frames.ts';
import type { IntentHeadRecord } from './intent-holder.ts';

/** Why a frame is refused; goes to the controller in a Nack. */
export type Refusal = 'store' | 'lineage' | 'term' | 'base' | 'old' | 'digest' | 'root' | 'parts';

/** What the agent knows of itself and of one key. */
export interface OwnDocument {
  agentId: string;
  storeId: string;
  head: IntentHeadRecord;
  object(key: string): IntentObject | undefined;
  /** Revision of the tombstone or grave of a key; undefined without one. */
  deletedAt(key: string): number | undefined;
}

/** What a frame changes, before the root is compared. */
export interface DocumentChange {
  upserts: IntentObject[];
  /** Tombstones to be kept; the objects of these keys go. */
  tombstones: Tombstone[];
}

/** May a frame of this lineage, term and store change the document at all? */
export function judgeHead(
  own: Pick<OwnDocument, 'agentId' | 'storeId' | 'head'>,
  frame: FrameHead,
): Refusal | undefined {
  if (frame.agentId !== own.agentId || frame.storeId !== own.storeId) return 'store';
  if (own.head.lineage === '' || frame.lineage !== own.head.lineage) return 'lineage';
  if (frame.term < own.head.term) return 'term';
  return undefined;
}

/**
 * Pure decision on a delta: lineage equal, term not lower, from ≤ own < to; takes what has a higher revision. The caller
 * compares the root before it commits.
 */
export function acceptDelta(own: OwnDocument, delta: Delta): Result<DocumentChange, Refusal> {
  const refusal = judgeHead(own, delta);
  if (refusal !== undefined) return fail(refusal);
  if (delta.from > own.head.generation) return fail('base');
  if (delta.to <= own.head.generation) return fail('old');
  return takeNewer(own, delta.upserts, delta.tombstones);
}

export function takeNewer(
  own: OwnDocument,
  upserts: readonly IntentObject[],
  tombstones: readonly Tombstone[],
): Result<DocumentChange, Refusal> {
  const change: DocumentChange = { upserts: [], tombstones: [] };
  for (const object of upserts) {
    if (objectDigest(object) !== object.digest) return fail('digest');
    const present = own.object(object.key)?.revision ?? 0;
    const deleted = own.deletedAt(object.key) ?? 0;
    if (object.revision > present && object.revision > deleted) change.upserts.push(object);
  }
  for (const tombstone of tombstones) {
    const present = own.object(tombstone.key)?.revision ?? 0;
    const deleted = own.deletedAt(tombstone.key) ?? 0;
    if (tombstone.revision > present && tombstone.revision > deleted) change.tombstones.push(tombstone);
  }
  return ok(change);
}
