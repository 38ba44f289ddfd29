import type { ObjectKey } from '#shared/model/ids.ts';
import { planUnit } from './plan-unit.ts';
import type { UnitPlan, UnitSituation } from './unit-situation.ts';

/** A unit's situation without what follows from its neighbours. */
export type LoneSituation = Omit<UnitSituation, 'waitsFor' | 'dependents'>;

/**
 * Plans for many units at once: dependencies before those that stand on them, removals the other way round. Pure; the same
 * function per unit that the lanes use, with what units tell each other filled in.
 */
export function planAll(situations: readonly LoneSituation[]): Map<ObjectKey, UnitPlan> {
  const byKey = new Map(situations.map((situation) => [situation.key, situation]));
  const plans = new Map<ObjectKey, UnitPlan>();
  const underWay = new Set<ObjectKey>();
  const visit = (situation: LoneSituation): void => {
    if (plans.has(situation.key) || underWay.has(situation.key)) return;
    underWay.add(situation.key);
    const dependsOn = situation.desired?.dependsOn ?? [];
    for (const key of dependsOn) {
      const dependency = byKey.get(key);
      if (dependency !== undefined) visit(dependency);
    }
    const waitsFor = dependsOn.filter((key) => plans.get(key)?.isReady !== true);
    const dependents = findDependents(situation.key, situations);
    plans.set(situation.key, planUnit({ ...situation, waitsFor, dependents }));
  };
  for (const situation of situations) visit(situation);
  return plans;
}

/** Units that stand on `key` and are known to the journal or wanted. */
export function findDependents(
  key: ObjectKey,
  others: Iterable<Pick<UnitSituation, 'key' | 'desired' | 'record' | 'tombstone'>>,
): ObjectKey[] {
  const dependents: ObjectKey[] = [];
  for (const other of others) {
    if (other.key === key || other.record?.isKept) continue;
    const isThere = other.record !== undefined || (other.desired !== undefined && other.tombstone === undefined);
    const dependsOn = other.desired?.dependsOn ?? other.record?.dependsOn ?? [];
    if (isThere && dependsOn.includes(key)) dependents.push(other.key);
  }
  return dependents;
}
