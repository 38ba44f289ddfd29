import { deepFreeze, Image, type ImageEntry } from './image.ts';
import type { SnapshotContent } from './raw-store.ts';
import { addToSet, type CheckedRecord, decodeHead, decodeRecord, headKey, type StoreHead } from './record.ts';

/** What was found in an engine. */
export interface Inspection {
  head: StoreHead | undefined;
  valid: Map<string, CheckedRecord>;
  /** Keys that are there with a value that was never written. */
  damagedKeys: string[];
  /** Sentences; none for a store that is whole. */
  damage: string[];
}

export function inspect(raw: readonly [string, string][], newestSnapshot: number): Inspection {
  const valid = new Map<string, CheckedRecord>();
  const damagedKeys: string[] = [];
  let head: StoreHead | undefined;
  let setHash = 0n;
  let isHeadSeen = false;
  for (const [key, text] of raw) {
    if (key === headKey) {
      isHeadSeen = true;
      head = decodeHead(text);
      continue;
    }
    const record = decodeRecord(key, text);
    if (record === undefined) damagedKeys.push(key);
    else {
      valid.set(key, record);
      setHash = addToSet(setHash, record.hash);
    }
  }
  const damage = damagedKeys.map((key) => `record ${key} does not match its hash`);
  if (raw.length === 0) {
    if (newestSnapshot > 0) damage.push('the store is empty, but a snapshot of it exists');
    return { head, valid, damagedKeys, damage };
  }
  if (head === undefined) damage.push(isHeadSeen ? 'the head record is damaged' : 'the head record is missing');
  else if (damagedKeys.length === 0 && (head.setHash !== setHash || head.count !== valid.size))
    damage.push(`${valid.size} records do not add up to the ${head.count} of the head: some were dropped or are old`);
  if (head !== undefined && newestSnapshot > head.batch)
    damage.push(`the log ends at batch ${head.batch}, a snapshot was made at ${newestSnapshot}: its end was cut off`);
  return { head, valid, damagedKeys, damage };
}

/**
 * The best content that can be had from damaged parts. If no key is missing, only the damaged records come from the snapshot;
 * else the snapshot, and over it every valid record that is newer.
 */
export function merge(found: Inspection, snapshot: SnapshotContent | undefined): Map<string, CheckedRecord> {
  const merged = new Map<string, CheckedRecord>();
  const old = new Map<string, CheckedRecord>();
  for (const [key, text] of snapshot?.records ?? []) {
    const record = decodeRecord(key, text);
    if (record !== undefined) old.set(key, record);
  }
  const isKeySetWhole =
    found.head !== undefined &&
    found.valid.size + found.damagedKeys.length === found.head.count &&
    isNewer(found, snapshot);
  if (isKeySetWhole) {
    for (const key of found.damagedKeys) {
      const record = old.get(key);
      if (record !== undefined) merged.set(key, record);
    }
  } else for (const [key, record] of old) merged.set(key, record);
  for (const [key, record] of found.valid) {
    const present = merged.get(key);
    if (present === undefined ? isKeySetWhole || isAfter(record, snapshot) : record.batch >= present.batch)
      merged.set(key, record);
  }
  return merged;
}

function isNewer(found: Inspection, snapshot: SnapshotContent | undefined): boolean {
  return (found.head?.batch ?? 0) >= (snapshot?.batch ?? 0);
}

/** A record that the snapshot does not know is new, or it was deleted before the snapshot was made. */
function isAfter(record: CheckedRecord, snapshot: SnapshotContent | undefined): boolean {
  return record.batch > (snapshot?.batch ?? -1);
}

export function imageOf(records: ReadonlyMap<string, CheckedRecord>): Image {
  const entries: [string, ImageEntry][] = [];
  for (const [key, record] of records)
    entries.push([
      key,
      { value: deepFreeze(JSON.parse(record.json) as unknown), hash: record.hash, batch: record.batch },
    ]);
  return Image.of(entries);
}
