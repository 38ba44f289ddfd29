import type { ObjectKey } from '#shared/model/ids.ts';

/** `brake/<object key>`: a deletion that no operation names and that was let through. */
export interface BrakeEntry {
  key: ObjectKey;
  /** Wall clock, epoch ms. */
  at: number;
  /** An operator let it through: it does not count against the limit. */
  isApproved: boolean;
}

export interface BrakeSituation {
  nowMs: number;
  /** Units that the intent names now. */
  unitCount: number;
  /** Tombstones whose units may still be there. */
  pending: readonly { key: ObjectKey; opId?: string }[];
  entries: readonly BrakeEntry[];
  /** The node's operator holds all removals. */
  isHeldByHand: boolean;
}

export interface BrakeVerdict {
  /** Unnamed deletions that pass now and are to be counted. */
  admitted: ObjectKey[];
  held: ObjectKey[];
  /** Entries that count no more. */
  expired: ObjectKey[];
}

const dayMs = 24 * 60 * 60 * 1000;
const freeDeletions = 3;
const freeShare = 0.1;

/**
 * Deletions that no operation names are counted over a sliding day; if all that are asked for would pass max(3, 10 %), those
 * not yet let through are held for approval (docs/sync-protocol.md, Authority while apart). Pure.
 */
export function judgeBrake(situation: BrakeSituation): BrakeVerdict {
  const { nowMs, pending, entries } = situation;
  const known = new Map(entries.map((entry) => [entry.key, entry]));
  const pendingKeys = new Set(pending.map((tombstone) => tombstone.key));
  // A clock that was set back makes entries of the future: they count.
  const isOld = (entry: BrakeEntry): boolean => nowMs - entry.at >= dayMs;
  const expired = entries.filter((entry) => isOld(entry) && !pendingKeys.has(entry.key)).map((entry) => entry.key);
  if (situation.isHeldByHand) return { admitted: [], held: [...pendingKeys], expired };
  const fresh = pending.filter((tombstone) => tombstone.opId === undefined && !known.has(tombstone.key));
  const recent = entries.filter((entry) => !entry.isApproved && !isOld(entry)).length;
  const before = situation.unitCount + fresh.length + recent;
  const limit = Math.max(freeDeletions, before * freeShare);
  const keys = fresh.map((tombstone) => tombstone.key);
  return recent + keys.length > limit ? { admitted: [], held: keys, expired } : { admitted: keys, held: [], expired };
}
