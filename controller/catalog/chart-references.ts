import type { StoredVnfModel } from '#shared/model/catalog.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { Store } from '#shared/store/store.ts';
import type { ChartStore } from './chart-store.ts';

const fetchedPrefix = 'chart/';

/** Which charts are needed: those of packages, and those that were fetched from repositories (`chart/<hex>`). */
export class ChartReferences {
  readonly #store: Store;
  readonly #charts: ChartStore;

  constructor(store: Store, charts: ChartStore) {
    this.#store = store;
    this.#charts = charts;
  }

  /** Removes files that nothing refers to; answers with digests that have no file. */
  async sweep(): Promise<string[]> {
    return this.#charts.sweep(await this.#referenced());
  }

  /** Removes those of `digests` that nothing refers to any more. */
  async drop(digests: readonly Digest[]): Promise<void> {
    if (digests.length === 0) return;
    const referenced = await this.#referenced();
    for (const digest of new Set(digests)) if (!referenced.has(digest)) await this.#charts.remove(digest);
  }

  async #referenced(): Promise<Set<string>> {
    const [models, fetched] = await Promise.all([
      this.#store.range<StoredVnfModel>({ prefix: 'vnf-model/' }),
      this.#store.range({ prefix: fetchedPrefix }),
    ]);
    const ofPackages = models.flatMap(({ value }) => chartsOf(value));
    return new Set([...ofPackages, ...fetched.map(({ key }) => `sha256:${key.slice(fetchedPrefix.length)}`)]);
  }
}

export function chartsOf(stored: Pick<StoredVnfModel, 'charts'> | undefined): Digest[] {
  return Object.values(stored?.charts ?? {}).map(({ digest }) => digest);
}
