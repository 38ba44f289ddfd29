import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { VnfFlavour } from '#shared/descriptor/vnf-model.ts';
import type { StoredVnfModel } from '#shared/model/catalog.ts';
import type { VnfPackageId } from '#shared/model/ids.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';

/** The descriptors that a decision on one NS needs, read beforehand so that the decision is pure. */
export interface NsModels {
  ns: NsModel;
  /** By `vnfModelKey`; those in use and those that new VNF instances would be made of. */
  vnfs: ReadonlyMap<string, StoredVnfModel>;
  /** Package for a vnfd-id of the NSD: what a new VNF instance is made of. */
  packages: ReadonlyMap<string, { id: VnfPackageId; revision: number }>;
}

export function vnfModelKey(packageId: string, revision: number): string {
  return `${packageId}/${revision}`;
}

/** @throws Error when the caller did not load it: a broken invariant, never an input error. */
export function storedModelOf(models: NsModels, vnf: VnfDesired): StoredVnfModel {
  const stored = models.vnfs.get(vnfModelKey(vnf.vnfPackageId, vnf.vnfPackageRevision));
  if (stored === undefined) throw new Error(`VNF model ${vnf.vnfPackageId}/${vnf.vnfPackageRevision} was not loaded`);
  return stored;
}

export function flavourOf(models: NsModels, vnf: VnfDesired): VnfFlavour {
  const flavour = storedModelOf(models, vnf).model.flavours.find((candidate) => candidate.id === vnf.flavourId);
  if (flavour === undefined) throw new Error(`VNF flavour ${vnf.flavourId} is not in its model`);
  return flavour;
}
