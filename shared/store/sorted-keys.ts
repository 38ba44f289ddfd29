/** Keys in code-unit order, in chunks, so that adding one among many moves little. */
export class SortedKeys {
  #chunks: string[][];
  #size = 0;

  /** `sorted` must be in code-unit order and without duplicates. */
  constructor(sorted: readonly string[] = []) {
    this.#chunks = [];
    for (let at = 0; at < sorted.length; at += chunkSize / 2) this.#chunks.push(sorted.slice(at, at + chunkSize / 2));
    this.#size = sorted.length;
  }

  get size(): number {
    return this.#size;
  }

  add(key: string): void {
    const index = Math.max(0, firstAtLeast(this.#chunks.length, (at) => this.#chunks[at]![0]! > key) - 1);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      this.#size += 1;
      return;
    }
    const at = firstAtLeast(chunk.length, (i) => chunk[i]! >= key);
    if (chunk[at] === key) return;
    chunk.splice(at, 0, key);
    this.#size += 1;
    if (chunk.length > chunkSize) this.#chunks.splice(index + 1, 0, chunk.splice(chunkSize / 2));
  }

  delete(key: string): void {
    const index = firstAtLeast(this.#chunks.length, (at) => this.#chunks[at]![0]! > key) - 1;
    const chunk = this.#chunks[index];
    if (chunk === undefined) return;
    const at = firstAtLeast(chunk.length, (i) => chunk[i]! >= key);
    if (chunk[at] !== key) return;
    chunk.splice(at, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(index, 1);
  }

  /** Keys that start with `prefix`, strictly after `after` if given. Do not add or delete while iterating. */
  *range(prefix: string, after?: string): Generator<string> {
    const isAfter = after !== undefined && after >= prefix;
    const isIn = isAfter ? (key: string) => key > after : (key: string) => key >= prefix;
    let index = Math.max(0, firstAtLeast(this.#chunks.length, (at) => isIn(this.#chunks[at]![0]!)) - 1);
    const first = this.#chunks[index];
    if (first === undefined) return;
    let at = firstAtLeast(first.length, (i) => isIn(first[i]!));
    for (; index < this.#chunks.length; index += 1, at = 0) {
      const chunk = this.#chunks[index]!;
      for (; at < chunk.length; at += 1) {
        if (!chunk[at]!.startsWith(prefix)) return;
        yield chunk[at]!;
      }
    }
  }
}

const chunkSize = 512;

/** Smallest index in 0..count for which `holds`, given that it goes from false to true once. */
function firstAtLeast(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
