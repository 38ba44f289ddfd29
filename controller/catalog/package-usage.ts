import type { NsInstance, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Store } from '#shared/store/store.ts';

/**
 * Which packages and NSDs have instances: derived from the instances, so that it cannot drift from them
 * (usageState of ETSI GS NFV-SOL 005 clauses 5.5.4.5 and 9.5.4.5).
 */
export class PackageUsage {
  readonly #store: Store;
  #known: { revision: number; ids: Promise<ReadonlySet<string>> } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Ids of NSDs and VNF packages in use; read anew only after the store has changed. */
  async read(): Promise<ReadonlySet<string>> {
    const revision = await this.#store.revision();
    if (this.#known?.revision !== revision) this.#known = { revision, ids: this.#collect() };
    try {
      return await this.#known.ids;
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  async #collect(): Promise<ReadonlySet<string>> {
    const [services, vnfs] = await Promise.all([
      this.#store.range<NsInstance>({ prefix: 'ns/' }),
      this.#store.range<VnfInstance>({ prefix: 'vnf/' }),
    ]);
    const ids = new Set<string>();
    for (const { value } of services) {
      ids.add(value.nsdInfoId);
      for (const vnf of value.desired?.vnfs ?? []) ids.add(vnf.vnfPackageId);
    }
    for (const { value } of vnfs) ids.add(value.vnfPackageId);
    return ids;
  }
}
