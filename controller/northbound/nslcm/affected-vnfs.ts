import type { VnfInstanceId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { LcmQueries } from '../../lcm/lcm.ts';

/** What a changed VNF is called; immutable as long as it exists. */
export interface VnfIdentity {
  vnfdId: string;
  vnfProfileId: string;
  vnfName: string;
}

const maximumKept = 20_000;

/** Names of the VNFs that operations changed, also of those that are gone by now. */
export class VnfIdentityDirectory {
  readonly #queries: Pick<LcmQueries, 'vnf'>;
  readonly #known = new Map<VnfInstanceId, VnfIdentity>();

  constructor(queries: Pick<LcmQueries, 'vnf'>) {
    this.#queries = queries;
  }

  /** Undefined when nothing has to be read. */
  load(operation: NsLcmOpOcc): Promise<unknown> | undefined {
    const missing = changedVnfIds(operation).filter((id) => !this.#known.has(id));
    if (missing.length === 0) return undefined;
    return Promise.all(missing.map((id) => this.#read(id, operation)));
  }

  of(id: VnfInstanceId): VnfIdentity {
    return this.#known.get(id) ?? { vnfdId: '', vnfProfileId: '', vnfName: '' };
  }

  async #read(id: VnfInstanceId, operation: NsLcmOpOcc): Promise<void> {
    const recorded = operation.changedVnfs?.find((vnf) => vnf.vnfInstanceId === id);
    if (recorded) {
      if (this.#known.size >= maximumKept) this.#known.clear();
      const { vnfdId, vnfProfileId, vnfName } = recorded;
      this.#known.set(id, { vnfdId, vnfProfileId, vnfName });
      return;
    }
    const found = await this.#queries.vnf(id).catch(() => undefined);
    if (this.#known.size >= maximumKept) this.#known.clear();
    if (found) {
      const { vnfdId, profileId, name } = found.vnf;
      this.#known.set(id, { vnfdId, vnfProfileId: profileId, vnfName: name });
      return;
    }
    // Gone: what the operation itself remembers of it.
    const desired = [operation.before, operation.goal].flatMap((state) => state?.vnfs ?? []);
    const remembered = desired.find((vnf) => vnf.vnfInstanceId === id);
    this.#known.set(id, {
      vnfdId: remembered?.vnfdId ?? '',
      vnfProfileId: remembered?.profileId ?? '',
      vnfName: remembered?.name ?? '',
    });
  }
}

export function changedVnfIds(operation: NsLcmOpOcc): VnfInstanceId[] {
  return [...new Set([...operation.affectedVnfIds, ...operation.removedVnfIds])];
}
