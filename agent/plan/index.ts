export { applyRecordStep, emptyRecord } from './apply-step.ts';
export { type BrakeEntry, type BrakeSituation, type BrakeVerdict, judgeBrake } from './brake.ts';
export { isNewer, makeIncarnation, ordinalOf } from './incarnation.ts';
export { findDependents, type LoneSituation, planAll } from './plan-all.ts';
export { isReachedOwed, planReached, type ReachedRecord, type ScopeSituation } from './plan-reached.ts';
export { planUnit } from './plan-unit.ts';
export {
  type DeathVerdict,
  type DesiredState,
  isRecordStep,
  type RecordStep,
  type Step,
  type UnitLook,
  type UnitPlan,
  type UnitSituation,
} from './unit-situation.ts';
