import { SkerryError } from '../errors/index.ts';
import type { Change } from './store.ts';
import { storeLimits } from './store-limits.ts';

/** A change that has been checked and copied; `json: undefined` deletes. */
export interface PreparedChange {
  key: string;
  json: string | undefined;
  /** The document as readers will see it: a frozen copy. */
  value: unknown | undefined;
}

/** @throws SkerryError BadRequest, TooLarge */
export function prepareChanges(changes: readonly Change[]): PreparedChange[] {
  if (changes.length > storeLimits.changesPerCommit)
    throw new SkerryError('TooLarge', `A commit holds at most ${storeLimits.changesPerCommit} changes`, {
      details: { changes: changes.length },
      remedy: 'Split the work into several commits.',
    });
  const seen = new Set<string>();
  let commitBytes = 0;
  return changes.map(({ key, value }) => {
    checkKey(key);
    if (seen.has(key)) throw new SkerryError('BadRequest', 'A commit changes the same key twice', { details: { key } });
    seen.add(key);
    if (value === undefined) return { key, json: undefined, value: undefined };
    const json = encode(key, value);
    commitBytes += json.length;
    if (commitBytes > storeLimits.commitBytes)
      throw new SkerryError('TooLarge', `A commit holds at most ${storeLimits.commitBytes} bytes`, {
        remedy: 'Split the work into several commits.',
      });
    return { key, json, value: decodeFrozen(json) };
  });
}

/** Parses JSON text into a deeply frozen document. */
export function decodeFrozen(json: string): unknown {
  return deepFreeze(JSON.parse(json));
}

function deepFreeze(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

function encode(key: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new SkerryError('BadRequest', 'The value is not a JSON document', { details: { key }, cause });
  }
  if (json === undefined) throw new SkerryError('BadRequest', 'The value is not a JSON document', { details: { key } });
  // UTF-8 takes at most three bytes for a code unit: short texts need no exact count.
  if (json.length * 3 > storeLimits.valueBytes && Buffer.byteLength(json) > storeLimits.valueBytes)
    throw new SkerryError('TooLarge', `A document holds at most ${storeLimits.valueBytes} bytes`, { details: { key } });
  return json;
}

function checkKey(key: string): void {
  const isSound =
    key.length > 0 && Buffer.byteLength(key) <= storeLimits.keyBytes && key.isWellFormed() && !/\p{Cc}/u.test(key);
  if (isSound) return;
  const code = key.length > storeLimits.keyBytes / 3 ? 'TooLarge' : 'BadRequest';
  throw new SkerryError(code, `A key has 1 to ${storeLimits.keyBytes} bytes and no control characters`, {
    details: { key: key.slice(0, 64), bytes: Buffer.byteLength(key) },
  });
}
