/** What one agent may leave at the controller, whoever holds its key. */
export const reportLimits = {
  textLength: 2_000,
  nameLength: 256,
  /** JSON bytes of one unit's reported facts, and of one state slot. */
  factsBytes: 16_384,
  stateBytes: 65_536,
  /** The same of an infra, which may be a cluster of 500 nodes. */
  infraBytes: 262_144,
  decisionsKept: 1_000,
  alarms: 1_000,
  orphans: 10_000,
  listLength: 1_000,
} as const;

export function clip(text: unknown, length: number = reportLimits.textLength): string {
  return typeof text === 'string' ? text.slice(0, length) : '';
}

export function fits(value: unknown, bytes: number): boolean {
  return Buffer.byteLength(JSON.stringify(value) ?? '') <= bytes;
}

/** A name that may become the last segment of a key. */
export function isName(text: unknown): text is string {
  return (
    typeof text === 'string' && text.length > 0 && text.length <= reportLimits.nameLength && /^[\w.:@/+-]+$/.test(text)
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
