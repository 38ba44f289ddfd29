/**
 * Which of two resource versions is newer: negative, 0, positive; undefined when that cannot be told. Decimal ones of one
 * kind are ordered as numbers, of up to 64 bits.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isDecimal(a) || !isDecimal(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

function isDecimal(version: string): boolean {
  return /^[1-9]\d{0,19}$/.test(version);
}

export function isOlder(a: string, b: string): boolean {
  const order = compareVersions(a, b);
  return order !== undefined && order < 0;
}
