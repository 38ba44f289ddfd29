import { SkerryError } from '#shared/errors/index.ts';
import type { Transaction } from './agent-store.ts';
import { compareKeys, type Image } from './image.ts';
import { headKey } from './record.ts';

/** A work's view: the durable image, what its neighbours in the group wrote, and its own writes (JSON; undefined deletes). */
export class StoreTransaction implements Transaction {
  readonly writes = new Map<string, string | undefined>();
  readonly callbacks: (() => void)[] = [];
  readonly #image: Image;
  readonly #neighbours: ReadonlyMap<string, string | undefined>;

  constructor(image: Image, neighbours: ReadonlyMap<string, string | undefined>) {
    this.#image = image;
    this.#neighbours = neighbours;
  }

  get<T>(key: string): T | undefined {
    for (const layer of [this.writes, this.#neighbours]) {
      if (!layer.has(key)) continue;
      const json = layer.get(key);
      return json === undefined ? undefined : (JSON.parse(json) as T);
    }
    const entry = this.#image.get(key);
    return entry === undefined ? undefined : (structuredClone(entry.value) as T);
  }

  *range<T>(prefix: string): Iterable<[string, T]> {
    const keys = this.#image.keys(prefix);
    const added = new Set<string>();
    for (const layer of [this.#neighbours, this.writes])
      for (const key of layer.keys()) if (key.startsWith(prefix) && this.#image.get(key) === undefined) added.add(key);
    if (added.size > 0) keys.push(...added);
    for (const key of added.size > 0 ? keys.sort(compareKeys) : keys) {
      const value = this.get<T>(key);
      if (value !== undefined) yield [key, value];
    }
  }

  put(key: string, value: unknown): void {
    const json = JSON.stringify(value);
    if (json === undefined || key === headKey)
      throw new SkerryError('Internal', `Nothing can be stored under ${key}`, { details: { key } });
    this.writes.set(key, json);
  }

  delete(key: string): void {
    this.writes.set(key, undefined);
  }

  onDurable(callback: () => void): void {
    this.callbacks.push(callback);
  }
}
