import type { UnitKind } from '#shared/connector/index.ts';
import type { Incarnation } from '#shared/model/ids.ts';

/**
 * `journal/<object key>`: write-ahead record of the effects on one object (docs/sync-protocol.md, Effects). LOGGED in an
 * earlier life of the process, or after a call that timed out, is in doubt and is resolved by looking, never by repeating.
 */
export interface JournalRecord {
  kind: UnitKind;
  infraId: string;
  /** Drawn in the batch that logs the create; undefined before the first. */
  current?: {
    incarnation: Incarnation;
    ordinal: number;
    step: 'create' | 'update' | 'none';
    status: 'LOGGED' | 'DONE';
    specDigest: string;
    loggedAt: number;
    /** Process life that logged it. */
    bootId: string;
  };
  /** Incarnations to be removed, with the reason; dropped when seen to be gone. */
  condemned: {
    incarnation: Incarnation;
    reason: 'replaced' | 'tombstone' | 'doubt' | 'foreign-duplicate';
    bootId: string;
    settleUntilMono?: number;
  }[];
  /** Highest ordinal ever drawn for this key. */
  lastOrdinal: number;
}
