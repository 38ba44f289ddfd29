/** One record in memory. */
export interface ImageEntry {
  /** Frozen. */
  value: unknown;
  hash: bigint;
  batch: number;
}

/** The store's content in memory, with keys in order. */
export class Image {
  readonly #entries = new Map<string, ImageEntry>();
  #keys: string[] = [];

  /** Loads in any order; sorts once. */
  static of(entries: Iterable<[string, ImageEntry]>): Image {
    const image = new Image();
    for (const [key, entry] of entries) image.#entries.set(key, entry);
    image.#keys = [...image.#entries.keys()].sort(compareKeys);
    return image;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): ImageEntry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: ImageEntry): void {
    if (!this.#entries.has(key)) this.#keys.splice(this.#position(key), 0, key);
    this.#entries.set(key, entry);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#keys.splice(this.#position(key), 1);
  }

  /** Keys with the prefix, in order, as they are now. */
  keys(prefix: string): string[] {
    const start = this.#position(prefix);
    let end = start;
    while (end < this.#keys.length && (this.#keys[end] as string).startsWith(prefix)) end++;
    return this.#keys.slice(start, end);
  }

  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
