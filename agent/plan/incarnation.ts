import { type Incarnation, id } from '#shared/model/ids.ts';

/** `<ordinal>-<16 hex digits>`: growing, and never drawn twice by any life of the disk. */
export function makeIncarnation(ordinal: number, random16Hex: string): Incarnation {
  return id<Incarnation>(`${ordinal}-${random16Hex}`);
}

/** 0 for what we did not make in this form: older than everything. */
export function ordinalOf(incarnation: Incarnation): number {
  const ordinal = Number(/^(\d{1,15})-/.exec(incarnation)?.[1] ?? 0);
  return Number.isSafeInteger(ordinal) ? ordinal : 0;
}

/** Newer first by ordinal; the random part breaks a tie of two copies of one disk, the same way everywhere. */
export function isNewer(a: Incarnation, b: Incarnation): boolean {
  const [left, right] = [ordinalOf(a), ordinalOf(b)];
  return left === right ? a > b : left > right;
}
