import { createHash } from 'node:crypto';
import { type Digest, id } from '../model/ids.ts';
import { canonicalJson } from './canonical-json.ts';
import type { IntentObject } from './frames.ts';

/** Lower-case hex SHA-256. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function digestOf(value: unknown): Digest {
  return id<Digest>(`sha256:${sha256Hex(canonicalJson(value))}`);
}

/** Digest of an intent object: everything but its revision and the digest itself. */
export function objectDigest(object: Omit<IntentObject, 'digest' | 'revision'>): Digest {
  return digestOf({ key: object.key, scope: object.scope, body: object.body, dependsOn: object.dependsOn });
}

/** Chain hash after a record: covers the hash before, so that one number can have only one past. */
export function chainHash(previous: string, recordDigest: string): string {
  return sha256Hex(`${previous}|${recordDigest}`);
}

/** uuidv5 (RFC 9562) of a name in a namespace: deterministic names for platform objects. */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
