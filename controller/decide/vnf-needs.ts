import { noResources, type Resources, type UnitKind } from '#shared/connector/index.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import type { ClusterNeeds } from './cluster-requirements.ts';
import { presentKduKind } from './kdu-source.ts';

/** What a VNF instance asks of the infra that it is placed on. */
export interface VnfNeeds {
  unitKinds: UnitKind[];
  amount: Resources;
  /** Per VDU: names of which one must be known there. */
  images: string[][];
  cluster?: ClusterNeeds;
}

/**
 * A KDU counts as nothing: its descriptor names no resources, the cluster's own scheduler watches them.
 */
export function vnfNeeds(vnf: Pick<VnfDesired, 'vnfcs' | 'kdus'>, model: VnfModel): VnfNeeds {
  const unitKinds: UnitKind[] = [];
  if (vnf.vnfcs.length > 0) unitKinds.push('compute');
  unitKinds.push(...new Set(vnf.kdus.map(presentKduKind)));
  if (vnf.kdus.some((kdu) => kdu.monitorKey !== undefined)) unitKinds.push('monitor');
  let amount: Resources = noResources;
  const images: string[][] = [];
  for (const vdu of model.vdus) {
    const count = vnf.vnfcs.filter((vnfc) => vnfc.vduId === vdu.id).length;
    if (count === 0) continue;
    const volumesGib = vdu.volumes.reduce((sum, volume) => sum + volume.sizeGib, 0);
    amount = addResources(amount, {
      vcpus: vdu.vcpus * count,
      memoryMib: vdu.memoryMib * count,
      storageGib: (vdu.rootDiskGib + volumesGib) * count,
    });
    if (vdu.image !== undefined) images.push([vdu.image, ...vdu.alternativeImages].map((image) => image.name));
  }
  return { unitKinds, amount, images };
}

export function addResources(left: Resources, right: Resources): Resources {
  return {
    vcpus: left.vcpus + right.vcpus,
    memoryMib: left.memoryMib + right.memoryMib,
    storageGib: left.storageGib + right.storageGib,
  };
}

export function subtractResources(left: Resources, right: Resources): Resources {
  return {
    vcpus: left.vcpus - right.vcpus,
    memoryMib: left.memoryMib - right.memoryMib,
    storageGib: left.storageGib - right.storageGib,
  };
}

/** The larger of both in every resource. */
export function envelopeOf(left: Resources, right: Resources): Resources {
  return {
    vcpus: Math.max(left.vcpus, right.vcpus),
    memoryMib: Math.max(left.memoryMib, right.memoryMib),
    storageGib: Math.max(left.storageGib, right.storageGib),
  };
}
