import { createHash } from 'node:crypto';

/** Key of the head record: batch number, count and hash over the set of all others. */
export const headKey = '!head';
const hashLength = 64;
const modulus = 1n << 256n;

/** A record as the engine keeps it: `<hash> <batch> <json>`; the hash covers key, batch and json. */
export interface CheckedRecord {
  batch: number;
  json: string;
  /** The hash as a number: summands of the set hash. */
  hash: bigint;
}

export function encodeRecord(key: string, batch: number, json: string): { text: string; hash: bigint } {
  const hex = recordHash(key, batch, json);
  return { text: `${hex} ${batch} ${json}`, hash: BigInt(`0x${hex}`) };
}

/** undefined when the text is not what was written under this key. */
export function decodeRecord(key: string, text: string): CheckedRecord | undefined {
  const space = text.indexOf(' ', hashLength + 1);
  if (space < 0 || text[hashLength] !== ' ') return undefined;
  const hex = text.slice(0, hashLength);
  const batch = Number(text.slice(hashLength + 1, space));
  const json = text.slice(space + 1);
  if (!Number.isSafeInteger(batch) || batch < 0 || recordHash(key, batch, json) !== hex) return undefined;
  return { batch, json, hash: BigInt(`0x${hex}`) };
}

function recordHash(key: string, batch: number, json: string): string {
  return createHash('sha256').update(`${key}\n${batch} ${json}`).digest('hex');
}

export interface StoreHead {
  batch: number;
  count: number;
  setHash: bigint;
}

export function encodeHead(head: StoreHead): string {
  return encodeRecord(headKey, head.batch, JSON.stringify([head.count, head.setHash.toString(16)])).text;
}

export function decodeHead(text: string): StoreHead | undefined {
  const record = decodeRecord(headKey, text);
  if (record === undefined) return undefined;
  const [count, setHash] = JSON.parse(record.json) as [number, string];
  return { batch: record.batch, count, setHash: BigInt(`0x${setHash}`) };
}

/** Sum modulo 2^256: order does not matter, and one record is exchanged without touching the others. */
export function addToSet(setHash: bigint, hash: bigint): bigint {
  return (setHash + hash) % modulus;
}

export function takeFromSet(setHash: bigint, hash: bigint): bigint {
  return (setHash - hash + modulus) % modulus;
}
