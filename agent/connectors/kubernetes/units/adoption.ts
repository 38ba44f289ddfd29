import type { DesiredUnit, UnitRef } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { OwnedWorld, RecordView } from './owned-world.ts';
import type { UnitRecord } from './unit-record.ts';

/**
 * A unit whose intent has ended with its objects kept leaves its record behind. A later unit that names its key in `adopts` goes on
 * with it: the record gets the new unit's key and incarnation in one write, and keeps its name. Labels of objects and pods stay as
 * they are, so that nothing is restarted.
 */

/** The name under which a unit lies: its own, or that of what it has taken over. undefined: it is not there. */
export function nameOf(world: OwnedWorld, { key, incarnation, name }: UnitRef): string | undefined {
  if (world.view(name)?.key === key) return name;
  return world.records().find((view) => view.key === key && view.incarnation === incarnation)?.unitName;
}

/** The name of what a unit that is not there yet may go on with; of several the one that holds most. */
export function adoptableName(world: OwnedWorld, unit: DesiredUnit): string | undefined {
  if (unit.mustExist === true) return undefined;
  const fitting = world.records().filter((view) => isAdoptable(view, unit));
  const sizeOf = ({ unitName }: RecordView) => world.ofUnit(unitName).length;
  return fitting.sort((left, right) => sizeOf(right) - sizeOf(left))[0]?.unitName;
}

/** @throws SkerryError PlatformRefused when another unit has it, and is not to be taken over */
export function takenOver(record: UnitRecord, unit: DesiredUnit): UnitRecord {
  if (!isAdoptable(record, unit))
    throw new SkerryError('PlatformRefused', `What ${unit.key} was is ${record.key} now`, {
      details: { key: unit.key, holder: record.key },
    });
  const { key, incarnation } = unit;
  // Nothing of it was asked for by this unit.
  return { ...record, key, incarnation, askedDigest: '' };
}

function isAdoptable(held: UnitRecord | RecordView, { kind, spec }: DesiredUnit): boolean {
  const { adopts, namespace, name } = spec;
  const { releaseName } = held.target;
  const isNamed = Array.isArray(adopts) && adopts.includes(held.key);
  const isSame = held.kind === kind && held.namespace === namespace;
  return isNamed && isSame && (releaseName === undefined || releaseName === name);
}
