import type { Change, Store } from '#shared/store/store.ts';

/** Changes of one batch, one per key; reads see what the batch has changed already. */
export class ChangeSet {
  #store: Store;
  #values = new Map<string, unknown>();

  constructor(store: Store) {
    this.#store = store;
  }

  async get<T>(key: string): Promise<T | undefined> {
    if (this.#values.has(key)) return this.#values.get(key) as T | undefined;
    return (await this.#store.get<T>(key))?.value;
  }

  put(key: string, value: unknown): void {
    this.#values.set(key, value);
  }

  remove(key: string): void {
    this.#values.set(key, undefined);
  }

  changes(): Change[] {
    return [...this.#values].map(([key, value]) => ({ key, value }));
  }
}
