import { type NsModels, vnfModelKey } from '#controller/decide/index.ts';
import type { StoredVnfModel } from '#shared/model/catalog.ts';
import type { VnfPackageId } from '#shared/model/ids.ts';
import type { NsInstance } from '#shared/model/ns-lcm.ts';
import type { CatalogModels } from '../catalog/catalog.ts';

/** Descriptors of what the NS has. */
export async function loadModels(catalog: CatalogModels, ns: NsInstance): Promise<NsModels> {
  const { model } = await catalog.nsModel(ns.nsdInfoId, ns.nsdRevision);
  const vnfs = new Map<string, StoredVnfModel>();
  for (const vnf of ns.desired?.vnfs ?? []) await load(catalog, vnfs, vnf.vnfPackageId, vnf.vnfPackageRevision);
  return { ns: model, vnfs, packages: new Map() };
}

/** The same, and of what new VNF instances would be made of: packages that are enabled now. */
export async function loadModelsForNew(catalog: CatalogModels, ns: NsInstance): Promise<NsModels> {
  const models = await loadModels(catalog, ns);
  const nsd = await catalog.resolveNsd(ns.nsdInfoId);
  const vnfs = new Map(models.vnfs);
  const packages = new Map<string, { id: VnfPackageId; revision: number }>();
  const used = new Set(models.ns.flavours.flatMap((flavour) => flavour.vnfProfiles.map((profile) => profile.vnfdId)));
  for (const vnfdId of used) {
    const vnfPackage = await catalog.resolveVnfd(nsd, vnfdId);
    packages.set(vnfdId, { id: vnfPackage.id, revision: vnfPackage.revision });
    await load(catalog, vnfs, vnfPackage.id, vnfPackage.revision);
  }
  return { ns: models.ns, vnfs, packages };
}

async function load(
  catalog: CatalogModels,
  vnfs: Map<string, StoredVnfModel>,
  packageId: VnfPackageId,
  revision: number,
): Promise<void> {
  const key = vnfModelKey(packageId, revision);
  if (!vnfs.has(key)) vnfs.set(key, await catalog.vnfModel(packageId, revision));
}
