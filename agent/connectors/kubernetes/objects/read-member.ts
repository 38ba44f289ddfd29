/**
 * Reading of what somebody else wrote: any member may be missing or of another type than the API's schema says.
 * What does not fit reads as absent.
 */
type Members = Record<string, unknown>;

/** The value at a path of own members; undefined where the path ends early. */
export function valueAt(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isMembers(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** Zero where there is none: the API leaves counters of zero out. */
export function countAt(value: unknown, ...path: string[]): number {
  return numberAt(value, ...path) ?? 0;
}

export function isTrueAt(value: unknown, ...path: string[]): boolean {
  return valueAt(value, ...path) === true;
}

export function membersAt(value: unknown, ...path: string[]): Members {
  const found = valueAt(value, ...path);
  return isMembers(found) ? found : {};
}

/** Only the members that are text. */
export function textsByNameAt(value: unknown, ...path: string[]): Record<string, string> {
  const texts = Object.entries(membersAt(value, ...path)).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

/** Only the items that are objects. */
export function itemsAt(value: unknown, ...path: string[]): Members[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter(isMembers) : [];
}

/** Only the items that are text. */
export function textsAt(value: unknown, ...path: string[]): string[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string' && item !== '') : [];
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
