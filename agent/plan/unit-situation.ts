import type { ObservedUnit, UnitKind } from '#shared/connector/index.ts';
import type { Incarnation, InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { CondemnedReason, JournalRecord } from '../journal/journal-record.ts';

/** What the intent says of one unit. */
export interface DesiredState {
  revision: number;
  scope: string;
  kind: UnitKind;
  infraId: InfraId;
  specDigest: string;
  dependsOn: ObjectKey[];
  deletePolicy: 'remove' | 'keep';
}

/** One look at a platform: everything of one unit that carried our tag, and when the look began (monotonic ms). */
export interface UnitLook {
  infraId: InfraId;
  startedAtMono: number;
  units: readonly ObservedUnit[];
}

/** Everything that planning for one unit depends on; plain data and one pure function. */
export interface UnitSituation {
  key: ObjectKey;
  desired?: DesiredState;
  /** `isKeeping`: what it names stays on the platform. */
  tombstone?: { revision: number; isHeld: boolean; isKeeping?: boolean };
  record?: JournalRecord;
  /** undefined: nobody has looked in this life of the process. */
  look?: UnitLook;
  boot: { bootId: string; startedAtMono: number };
  nowMono: number;
  /** Of the connector: how long after a timed-out call it may still land. */
  settleMs: number;
  canUpdateInPlace: boolean;
  /** The connector wakes us when something changes: looking by the clock is only a safety net. */
  hasWatch: boolean;
  /** A call for it in this life timed out then (monotonic). */
  doubtSinceMono?: number;
  /** The platform said that this change cannot be made in place. */
  mustReplace?: boolean;
  /** Objects that it stands on and that are not ready. */
  waitsFor: readonly ObjectKey[];
  /** Units that stand on it and are still there; only removal asks. */
  dependents: readonly ObjectKey[];
  /** Local policy's word on a dead unit. */
  judgeDeath: (cause: string) => DeathVerdict;
}

export type DeathVerdict = { kind: 'heal' } | { kind: 'leave'; why: string; afterMs?: number };

export type Step =
  /** What runs wins: this incarnation becomes the current one. */
  | { do: 'adopt'; unit: ObservedUnit; infraId: InfraId }
  /** A LOGGED effect was seen on the platform. */
  | { do: 'confirm'; specDigest: string }
  | { do: 'condemn'; incarnation: Incarnation; reason: CondemnedReason; settleUntilMono?: number; cause?: string }
  /** A condemned incarnation was seen to be gone. */
  | { do: 'forget'; incarnation: Incarnation }
  /** The tombstone is fulfilled. */
  | { do: 'bury'; isKept?: boolean }
  | { do: 'create' }
  | { do: 'update'; incarnation: Incarnation }
  | { do: 'remove'; incarnation: Incarnation }
  | { do: 'wait'; why: string; afterMs?: number }
  /** The platform has given up this revision: say so once, and leave what runs alone. */
  | { do: 'fail'; why: string }
  /** Look again, after `afterMs` at the latest. */
  | { do: 'look'; why: string; afterMs: number };

/** Steps that only change the journal; the others call the platform or pass time. */
export type RecordStep = Extract<Step, { do: 'adopt' | 'confirm' | 'condemn' | 'forget' | 'bury' }>;

export function isRecordStep(step: Step): step is RecordStep {
  return ['adopt', 'confirm', 'condemn', 'forget', 'bury'].includes(step.do);
}

export interface UnitPlan {
  /** Record steps first, then at most one other. Empty: as it shall be. */
  steps: Step[];
  /** The record after the record steps; undefined when nothing is known or it was buried. */
  record: JournalRecord | undefined;
  /** Current incarnation as the look shows it. */
  observed: ObservedUnit | undefined;
  /** At the desired spec and working (or stopped on purpose). */
  isReady: boolean;
  /** A tombstone's object that is gone. */
  isGone: boolean;
}
