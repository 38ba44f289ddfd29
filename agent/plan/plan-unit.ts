import type { ObservedUnit } from '#shared/connector/index.ts';
import type { CondemnedIncarnation, JournalRecord } from '../journal/journal-record.ts';
import { applyRecordStep, emptyRecord } from './apply-step.ts';
import { isNewer } from './incarnation.ts';
import type { RecordStep, Step, UnitLook, UnitPlan, UnitSituation } from './unit-situation.ts';

/** Between two looks at something that the platform is busy with. */
const busyLookMs = 1000;
const watchedLookMs = 30_000;

/**
 * What to do next for one unit. Pure. What runs wins over the journal; what is condemned goes before its replacement
 * starts; what neither intent nor tombstone names is left alone; nothing is ever called twice.
 */
export function planUnit(situation: UnitSituation): UnitPlan {
  const draft = new Draft(situation);
  if (situation.desired === undefined && situation.tombstone === undefined) return draft.plan();
  if (situation.record?.isKept) return draft.plan({ isGone: situation.tombstone !== undefined });
  if (situation.tombstone?.isKeeping) return planKeeping(draft);
  if (situation.look === undefined) return draft.end({ do: 'look', why: 'not looked since the start', afterMs: 0 });
  if (situation.tombstone !== undefined) return planRemoval(draft, situation.look);
  return planPresence(draft, situation.look);
}

/** Collects record steps and keeps the record that they lead to. */
class Draft {
  readonly situation: UnitSituation;
  readonly steps: Step[] = [];
  record: JournalRecord | undefined;

  constructor(situation: UnitSituation) {
    this.situation = situation;
    this.record = situation.record;
  }

  /** The record, made up from what is known when there is none. */
  known(): JournalRecord {
    const { desired, look } = this.situation;
    const seen = look?.units[0];
    this.record ??= emptyRecord({
      scope: desired?.scope ?? '',
      kind: desired?.kind ?? seen?.kind ?? 'compute',
      infraId: look?.infraId ?? desired!.infraId,
      dependsOn: desired?.dependsOn ?? [],
      deletePolicy: desired?.deletePolicy ?? 'remove',
    });
    return this.record;
  }

  note(step: RecordStep): void {
    this.steps.push(step);
    this.record = applyRecordStep(this.known(), step, this.situation.boot.bootId);
  }

  end(step: Step): UnitPlan {
    this.steps.push(step);
    return this.plan();
  }

  plan(result: { isReady?: boolean; isGone?: boolean } = {}): UnitPlan {
    const current = this.record?.current?.incarnation;
    const observed = this.situation.look?.units.find((unit) => unit.incarnation === current);
    return {
      steps: this.steps,
      record: this.record,
      observed,
      isReady: result.isReady ?? false,
      isGone: result.isGone ?? false,
    };
  }
}

// ---------------------------------------------------------------- removal

/** Needs no look, and so no way to the platform: nothing of it is touched, whatever is there. */
function planKeeping(draft: Draft): UnitPlan {
  if (draft.record !== undefined) draft.note({ do: 'bury', isKept: true });
  return draft.plan({ isGone: true });
}

function planRemoval(draft: Draft, look: UnitLook): UnitPlan {
  const { situation } = draft;
  const isAnythingThere = look.units.length > 0 || situation.record !== undefined;
  if (!isAnythingThere) return draft.plan({ isGone: true });
  if (situation.tombstone?.isHeld) return draft.end({ do: 'wait', why: 'removal is held for approval' });
  if (draft.known().deletePolicy === 'keep') {
    draft.note({ do: 'bury' });
    return draft.plan({ isGone: true });
  }
  if (situation.dependents.length > 0)
    return draft.end({ do: 'wait', why: `removal waits for ${list(situation.dependents)}` });
  condemnEverything(draft, look);
  const busy = planCondemned(draft, look);
  if (busy !== undefined) return draft.end(busy);
  draft.note({ do: 'bury' });
  return draft.plan({ isGone: true });
}

function condemnEverything(draft: Draft, look: UnitLook): void {
  const current = draft.known().current;
  if (current !== undefined) {
    const settleUntilMono = current.status === 'LOGGED' ? settleEnd(draft.situation) : undefined;
    draft.note({ do: 'condemn', incarnation: current.incarnation, reason: 'tombstone', settleUntilMono });
  }
  for (const unit of look.units)
    if (!isCondemned(draft.known(), unit))
      draft.note({ do: 'condemn', incarnation: unit.incarnation, reason: 'tombstone' });
}

// ---------------------------------------------------------------- presence

function planPresence(draft: Draft, look: UnitLook): UnitPlan {
  adoptAndCondemn(draft, look);
  const current = draft.record?.current;
  if (current?.status === 'LOGGED') resolveDoubt(draft, look);
  if (draft.record?.current !== undefined && draft.record.infraId !== draft.situation.desired?.infraId) {
    const moved = draft.record.current.incarnation;
    draft.note({ do: 'condemn', incarnation: moved, reason: 'replaced' });
  }
  const open = draft.record?.current;
  if (open?.status === 'LOGGED') return planOpenEffect(draft, look);
  const judged = open === undefined ? undefined : judgeCurrent(draft, look);
  // A dead or outdated incarnation may have been condemned just now: removals come first.
  const busy = planCondemned(draft, look);
  if (busy !== undefined) return draft.end(busy);
  if (judged !== undefined) return judged === 'ready' ? draft.plan({ isReady: true }) : draft.end(judged);
  return planCreate(draft, look);
}

function adoptAndCondemn(draft: Draft, look: UnitLook): void {
  const candidates = look.units.filter((unit) => draft.record === undefined || !isCondemned(draft.record, unit));
  const newest = candidates.reduce<ObservedUnit | undefined>(
    (best, unit) => (best === undefined || isNewer(unit.incarnation, best.incarnation) ? unit : best),
    undefined,
  );
  const current = draft.record?.current;
  if (newest !== undefined && (current === undefined || isNewer(newest.incarnation, current.incarnation))) {
    if (current !== undefined) {
      const settleUntilMono = current.status === 'LOGGED' ? settleEnd(draft.situation) : undefined;
      draft.note({ do: 'condemn', incarnation: current.incarnation, reason: 'foreign-duplicate', settleUntilMono });
    }
    draft.note({ do: 'adopt', unit: newest, infraId: look.infraId });
  }
  for (const unit of candidates)
    if (unit.incarnation !== draft.record?.current?.incarnation && !isCondemned(draft.known(), unit))
      draft.note({ do: 'condemn', incarnation: unit.incarnation, reason: 'foreign-duplicate' });
}

/** LOGGED when we plan means in doubt: the lane is serial, so no call of ours is under way. */
function resolveDoubt(draft: Draft, look: UnitLook): void {
  const current = draft.record?.current;
  if (current === undefined) return;
  const seen = look.units.find((unit) => unit.incarnation === current.incarnation);
  const isSettled = look.startedAtMono >= settleEnd(draft.situation);
  if (seen !== undefined && (current.step === 'create' || seen.specDigest === current.specDigest || isSettled))
    draft.note({ do: 'confirm', specDigest: seen.specDigest });
  else if (seen === undefined && isSettled) {
    if (current.step === 'create') draft.note({ do: 'condemn', incarnation: current.incarnation, reason: 'doubt' });
    else draft.note({ do: 'confirm', specDigest: current.specDigest });
  }
}

function planOpenEffect(draft: Draft, look: UnitLook): UnitPlan {
  const afterMs = Math.max(0, settleEnd(draft.situation) - Math.max(draft.situation.nowMono, look.startedAtMono));
  return draft.end({ do: 'look', why: `a ${draft.record?.current?.step} is in doubt`, afterMs });
}

/** Judges a DONE incarnation; may condemn it. 'ready', a last step, or undefined when it is condemned now. */
function judgeCurrent(draft: Draft, look: UnitLook): 'ready' | Step | undefined {
  const record = draft.known();
  const current = record.current!;
  const seen = look.units.find((unit) => unit.incarnation === current.incarnation);
  if (seen === undefined) return judgeDead(draft, 'missing on the platform');
  if (seen.phase === 'removing')
    return { do: 'look', why: 'is being removed by somebody else', afterMs: busyMs(draft) };
  if (record.isStopped && seen.phase === 'failed') return 'ready';
  if (seen.phase === 'failed') return judgeDead(draft, seen.message ?? 'failed on the platform');
  const { situation } = draft;
  const isGivenUp = seen.givenUp !== undefined && seen.givenUp.revision === situation.desired?.revision;
  // What was given up stays as it is, mended where somebody changed it, until another revision is wanted.
  if (isGivenUp && seen.isStepDue !== true && !seen.drifted) return { do: 'fail', why: seen.givenUp!.reason };
  const isOtherSpec = seen.specDigest !== situation.desired?.specDigest;
  if (isOtherSpec || seen.drifted || seen.isStepDue || (seen.givenUp !== undefined && !isGivenUp)) {
    if (situation.canUpdateInPlace && !situation.mustReplace)
      return situation.waitsFor.length > 0
        ? { do: 'wait', why: `waits for ${list(situation.waitsFor)}` }
        : { do: 'update', incarnation: current.incarnation };
    draft.note({ do: 'condemn', incarnation: current.incarnation, reason: 'replaced' });
    return undefined;
  }
  if (seen.phase === 'pending')
    return { do: 'look', why: seen.message ?? 'is being made by the platform', afterMs: busyMs(draft) };
  return 'ready';
}

function judgeDead(draft: Draft, cause: string): Step | undefined {
  const verdict = draft.situation.judgeDeath(cause);
  if (verdict.kind === 'leave') return { do: 'wait', why: `${cause}; ${verdict.why}`, afterMs: verdict.afterMs };
  draft.note({ do: 'condemn', incarnation: draft.known().current!.incarnation, reason: 'dead', cause });
  return undefined;
}

function planCreate(draft: Draft, look: UnitLook): UnitPlan {
  const { waitsFor, desired } = draft.situation;
  if (look.infraId !== desired?.infraId) return draft.end({ do: 'look', why: 'moves to another infra', afterMs: 0 });
  if (waitsFor.length > 0) return draft.end({ do: 'wait', why: `waits for ${list(waitsFor)}` });
  return draft.end({ do: 'create' });
}

// ---------------------------------------------------------------- condemned

/** Forgets what is gone; otherwise the next thing to do about what is not. */
function planCondemned(draft: Draft, look: UnitLook): Step | undefined {
  let next: Step | undefined;
  for (const entry of draft.record?.condemned ?? []) {
    const seen = look.units.find((unit) => unit.incarnation === entry.incarnation);
    const step = seen === undefined ? planAbsent(draft, look, entry) : planDoomed(draft, seen);
    // A removal that can be called now goes before one that only has to be waited for.
    if (step !== undefined && (next === undefined || (next.do !== 'remove' && step.do === 'remove'))) next = step;
  }
  return next;
}

function planAbsent(draft: Draft, look: UnitLook, entry: CondemnedIncarnation): Step | undefined {
  const { boot, settleMs, nowMono } = draft.situation;
  const until =
    entry.settleUntilMono === undefined
      ? 0
      : entry.bootId === boot.bootId
        ? entry.settleUntilMono
        : boot.startedAtMono + settleMs;
  if (look.startedAtMono < until)
    return { do: 'look', why: 'a call may still land', afterMs: Math.max(0, until - nowMono) };
  draft.note({ do: 'forget', incarnation: entry.incarnation });
  return undefined;
}

function planDoomed(draft: Draft, seen: ObservedUnit): Step {
  if (seen.phase === 'removing' && seen.isStepDue !== true)
    return { do: 'look', why: 'is being removed', afterMs: busyMs(draft) };
  return { do: 'remove', incarnation: seen.incarnation };
}

function busyMs(draft: Draft): number {
  return draft.situation.hasWatch ? watchedLookMs : busyLookMs;
}

function isCondemned(record: JournalRecord, unit: ObservedUnit): boolean {
  return record.condemned.some((entry) => entry.incarnation === unit.incarnation);
}

/** A look that began before this proves no absence. */
function settleEnd(situation: UnitSituation): number {
  return (situation.doubtSinceMono ?? situation.boot.startedAtMono) + situation.settleMs;
}

function list(keys: readonly string[]): string {
  return keys.length <= 3 ? keys.join(', ') : `${keys.slice(0, 3).join(', ')} and ${keys.length - 3} more`;
}
