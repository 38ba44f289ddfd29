import { sha256Hex } from './digest.ts';

export const bucketCount = 256;

/** Bucket of a key: first byte of its SHA-256. */
export function bucketOf(key: string): number {
  return Number.parseInt(sha256Hex(key).slice(0, 2), 16);
}

/**
 * 256-bucket digest tree over (key, revision, digest). Both sides keep one; equal roots mean equal documents. Orphans and
 * tombstones are outside. A change re-hashes one bucket; the root is made when asked for.
 */
export class DigestTree {
  readonly #buckets: Map<string, string>[] = Array.from({ length: bucketCount }, () => new Map());
  readonly #hashes: string[] = new Array<string>(bucketCount).fill('');
  readonly #dirty = new Set<number>();

  set(key: string, revision: number, digest: string): void {
    const bucket = bucketOf(key);
    this.#buckets[bucket]?.set(key, `${key}|${revision}|${digest}`);
    this.#dirty.add(bucket);
  }

  delete(key: string): void {
    const bucket = bucketOf(key);
    if (this.#buckets[bucket]?.delete(key)) this.#dirty.add(bucket);
  }

  /** Hash per bucket; '' for an empty one. */
  hashes(): readonly string[] {
    for (const bucket of this.#dirty) {
      const lines = [...(this.#buckets[bucket]?.values() ?? [])].sort();
      this.#hashes[bucket] = lines.length === 0 ? '' : sha256Hex(lines.join('\n'));
    }
    this.#dirty.clear();
    return this.#hashes;
  }

  root(): string {
    return sha256Hex(this.hashes().join(','));
  }

  clone(): DigestTree {
    const copy = new DigestTree();
    this.#buckets.forEach((bucket, index) => {
      for (const [key, line] of bucket) copy.#buckets[index]?.set(key, line);
      copy.#hashes[index] = this.#hashes[index] ?? '';
    });
    for (const bucket of this.#dirty) copy.#dirty.add(bucket);
    return copy;
  }
}
