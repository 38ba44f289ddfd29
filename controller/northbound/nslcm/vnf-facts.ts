import type { ContainerVdu } from '#shared/descriptor/vnf-model.ts';
import type { NsInstance, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Catalog, CatalogModels } from '../../catalog/catalog.ts';

/** What the representation of a VNF instance takes from its descriptor. */
export interface VnfFacts {
  provider: string;
  productName: string;
  softwareVersion: string;
  descriptorVersion: string;
  /** `<vdu or kdu>/<port or service name>` → the connection point that it is and the external one that shows it. */
  ports: ReadonlyMap<string, { cpdId: string; extCpId?: string }>;
  containers?: readonly ContainerVdu[];
}

export const unknownFacts: VnfFacts = {
  provider: '',
  productName: '',
  softwareVersion: '',
  descriptorVersion: '',
  ports: new Map(),
};

const maximumKept = 2000;

/**
 * Facts per package revision. Models of a revision never change, so each is read once; `load` is awaited before a
 * representation is rendered, `of` is then synchronous.
 */
export class VnfFactsDirectory {
  readonly #catalog: Catalog & Partial<Pick<CatalogModels, 'vnfModel'>>;
  readonly #facts = new Map<string, VnfFacts>();

  constructor(catalog: Catalog & Partial<Pick<CatalogModels, 'vnfModel'>>) {
    this.#catalog = catalog;
  }

  of(ns: NsInstance, vnf: VnfInstance): VnfFacts {
    return this.#facts.get(factsKey(ns, vnf)) ?? unknownFacts;
  }

  /** Undefined when nothing has to be read: no microtask is spent on the usual case. */
  load(ns: NsInstance, vnfs: readonly { vnf: VnfInstance }[]): Promise<unknown> | undefined {
    const missing = vnfs.filter(({ vnf }) => !this.#facts.has(factsKey(ns, vnf)));
    if (missing.length === 0) return undefined;
    return Promise.all(missing.map(({ vnf }) => this.#read(ns, vnf)));
  }

  async #read(ns: NsInstance, vnf: VnfInstance): Promise<void> {
    const revision = revisionOf(ns, vnf);
    const facts =
      revision === undefined || !this.#catalog.vnfModel
        ? await this.#fromPackage(vnf)
        : await this.#fromModel(vnf, revision).catch(() => this.#fromPackage(vnf));
    if (this.#facts.size >= maximumKept) this.#facts.clear();
    this.#facts.set(factsKey(ns, vnf), facts);
  }

  async #fromModel(vnf: VnfInstance, revision: number): Promise<VnfFacts> {
    const { model } = await this.#catalog.vnfModel!(vnf.vnfPackageId, revision);
    const ports = new Map<string, { cpdId: string; extCpId?: string }>();
    for (const vdu of model.vdus) {
      for (const port of vdu.ports) ports.set(`${vdu.id}/${port.name}`, { cpdId: port.id, extCpId: port.extCpId });
    }
    for (const kdu of model.kdus) {
      for (const service of kdu.services) {
        ports.set(`${kdu.name}/${service.name}`, { cpdId: service.name, extCpId: service.extCpId });
      }
    }
    const { provider, productName, softwareVersion, descriptorVersion } = model;
    const { containers = [] } = model;
    return { provider, productName, softwareVersion, descriptorVersion, ports, containers };
  }

  /** The package may be gone or have no content any more: a VNF that outlives it still has to be shown. */
  async #fromPackage(vnf: VnfInstance): Promise<VnfFacts> {
    const found = await this.#catalog.vnfPackage(vnf.vnfPackageId).catch(() => undefined);
    return {
      provider: found?.provider ?? '',
      productName: found?.productName ?? '',
      softwareVersion: found?.softwareVersion ?? '',
      descriptorVersion: found?.descriptorVersion ?? '',
      ports: new Map(),
    };
  }
}

function revisionOf(ns: NsInstance, vnf: VnfInstance): number | undefined {
  return ns.desired?.vnfs.find((desired) => desired.vnfInstanceId === vnf.id)?.vnfPackageRevision;
}

function factsKey(ns: NsInstance, vnf: VnfInstance): string {
  return `${vnf.vnfPackageId}/${revisionOf(ns, vnf) ?? ''}`;
}
