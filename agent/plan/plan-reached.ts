import type { JsonObject } from '#shared/model/json.ts';
import type { ReachedBody, Tombstone } from '#shared/wire/frames.ts';
import type { UnitPlan } from './unit-situation.ts';

/** `reached/<scope>`: newest report made. */
export interface ReachedRecord {
  lineage: string;
  generation: number;
}

export interface ScopeSituation {
  scope: string;
  head: { lineage: string; generation: number };
  last: ReachedRecord | undefined;
  /** Revisions of everything in the scope that is not a unit (operations, infras). */
  otherRevisions: readonly number[];
  units: readonly { revision: number; key: ReachedBody['objects'][number]['key']; plan: UnitPlan }[];
  tombstones: readonly (Pick<Tombstone, 'key' | 'revision'> & { isGone: boolean })[];
  /** Operations on the scope without a result. */
  openOperations: number;
}

/** Does the scope ask for a report that was not made yet? */
export function isReachedOwed(
  situation: Omit<ScopeSituation, 'units' | 'openOperations' | 'tombstones'> & {
    units: readonly { revision: number }[];
    tombstones: readonly { revision: number }[];
  },
): boolean {
  const revisions = [
    ...situation.otherRevisions,
    ...situation.units.map((unit) => unit.revision),
    ...situation.tombstones.map((tombstone) => tombstone.revision),
  ];
  if (revisions.length === 0) return false;
  if (situation.last === undefined || situation.last.lineage !== situation.head.lineage) return true;
  return Math.max(...revisions) > situation.last.generation;
}

/**
 * The scope's `reached` for the head's generation, when one look shows everything of it ready, its tombstones' objects gone
 * and its operations ended; undefined otherwise. Pure. `value` is the digest of the spec that runs.
 */
export function planReached(situation: ScopeSituation): ReachedBody | undefined {
  if (!isReachedOwed(situation) || situation.openOperations > 0) return undefined;
  if (!situation.units.every(({ plan }) => plan.isReady && plan.record?.current !== undefined)) return undefined;
  if (!situation.tombstones.every((tombstone) => tombstone.isGone)) return undefined;
  return {
    type: 'reached',
    lineage: situation.head.lineage,
    generation: situation.head.generation,
    scope: situation.scope,
    objects: situation.units.map(({ key, revision, plan }) => ({
      key,
      revision,
      incarnation: plan.record!.current!.incarnation,
      value: plan.observed?.specDigest ?? null,
      facts: (plan.observed?.facts ?? {}) as JsonObject,
    })),
    removed: situation.tombstones.map(({ key, revision }) => ({ key, revision })),
  };
}
