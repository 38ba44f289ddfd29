import type { UnitKind } from '#shared/connector/index.ts';
import type { Incarnation, InfraId, ObjectKey } from '#shared/model/ids.ts';

/**
 * `journal/<object key>`: write-ahead record of the effects on one object (docs/sync-protocol.md, Effects). LOGGED in an
 * earlier life of the process, or after a call that timed out, is in doubt and is resolved by looking, never by repeating.
 */
export interface JournalRecord {
  kind: UnitKind;
  infraId: InfraId;
  /** The scope that the object belonged to when it was last logged. */
  scope: string;
  /** Kept here because a tombstone no longer tells: the order of removals, and whether to remove at all. */
  dependsOn: ObjectKey[];
  deletePolicy: 'remove' | 'keep';
  /** Drawn in the batch that logs the create; undefined before the first and while a condemned one is still there. */
  current?: CurrentIncarnation;
  /** Incarnations to be removed, with the reason; dropped when seen to be gone. */
  condemned: CondemnedIncarnation[];
  /** Highest ordinal ever drawn or seen for this key. */
  lastOrdinal: number;
  /** Newest revision for which `unit-failed` was reported: once per revision. */
  failedRevision?: number;
  /** Deaths that local policy has mended, for its cool-down. */
  deaths?: DeathHistory;
  /** Local policy has condemned `from`; reported as healed in the batch that logs the replacement. */
  healing?: { from: Incarnation; cause: string };
  /** Stopped by an operation: not dead, not healed. */
  isStopped?: boolean;
  /** Its tombstone came, but its delete policy is `keep`: it stays on the platform and is no longer ours to change. */
  isKept?: boolean;
}

export interface CurrentIncarnation {
  incarnation: Incarnation;
  ordinal: number;
  /** What was last asked of the platform for it. */
  step: 'create' | 'update' | 'none';
  status: 'LOGGED' | 'DONE';
  specDigest: string;
  /** Wall clock, epoch ms, for people. */
  loggedAt: number;
  /** Process life that logged it. */
  bootId: string;
}

export type CondemnedReason = 'replaced' | 'tombstone' | 'doubt' | 'foreign-duplicate' | 'dead' | 'heal';

export interface CondemnedIncarnation {
  incarnation: Incarnation;
  reason: CondemnedReason;
  bootId: string;
  /**
   * Its create may still land: absence is proven only by a look after this (monotonic, of that boot). In a later boot the
   * platform's whole settling time counts again from the start.
   */
  settleUntilMono?: number;
}

export interface DeathHistory {
  count: number;
  lastAt: number;
  lastAtMono: number;
  bootId: string;
  /** An alarm is raised: it dies again and again. */
  isAlarmed: boolean;
}
