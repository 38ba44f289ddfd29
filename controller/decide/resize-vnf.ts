import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import { kduKind } from './kdu-source.ts';

/** Gives out the key of a new object; every call another one (`<kind>/<uuid>`). */
export type NewKey = (kind: string) => ObjectKey;

/**
 * The VNF with as many instances per VDU as wanted, and what goes with them (volumes, internal links, affinity groups).
 * What stays keeps its key and index; new instances take the lowest free indexes, the highest go first. Keys are never reused.
 */
export function resizeVnf(
  vnf: VnfDesired,
  model: VnfModel,
  vduCounts: Readonly<Record<string, number>>,
  newKey: NewKey,
): VnfDesired {
  const vnfcs = model.vdus.flatMap((vdu) => {
    const present = vnf.vnfcs.filter((vnfc) => vnfc.vduId === vdu.id).sort((left, right) => left.index - right.index);
    const wanted = vduCounts[vdu.id] ?? present.length;
    const kept = present.slice(0, wanted);
    const used = new Set(kept.map((vnfc) => vnfc.index));
    for (let index = 0; kept.length < wanted; index++) {
      if (!used.has(index)) kept.push({ vduId: vdu.id, index, key: newKey('compute') });
    }
    return kept;
  });
  const kdus =
    vnf.kdus.length > 0
      ? vnf.kdus
      : model.kdus.map((kdu) => ({ kduName: kdu.name, key: newKey(kduKind(kdu) ?? 'helm-release'), replicas: {} }));
  const resized = { ...vnf, vnfcs, kdus };
  return { ...resized, auxiliary: auxiliaryOf(resized, model, newKey) };
}

/** Id of a volume among a VNF's auxiliary objects. */
export function volumeId(vduId: string, volume: string): string {
  return `${vduId}/${volume}`;
}

function auxiliaryOf(vnf: VnfDesired, model: VnfModel, newKey: NewKey): VnfDesired['auxiliary'] {
  const wanted: Omit<VnfDesired['auxiliary'][number], 'key'>[] = [];
  const used = model.vdus.filter((vdu) => vnf.vnfcs.some((vnfc) => vnfc.vduId === vdu.id));
  for (const link of model.internalLinks) {
    if (used.some((vdu) => vdu.ports.some((port) => port.internalLinkId === link.id)))
      wanted.push({ kind: 'network', id: link.id, index: 0 });
  }
  const flavour = model.flavours.find((candidate) => candidate.id === vnf.flavourId);
  for (const group of flavour?.affinityGroups ?? []) {
    const members = flavour?.vduProfiles.filter((profile) => profile.affinityGroupIds.includes(group.id)) ?? [];
    if (members.some((profile) => used.some((vdu) => vdu.id === profile.vduId)))
      wanted.push({ kind: 'affinity-group', id: group.id, index: 0 });
  }
  for (const vdu of used) {
    for (const vnfc of vnf.vnfcs.filter((candidate) => candidate.vduId === vdu.id)) {
      for (const volume of vdu.volumes)
        wanted.push({ kind: 'volume', id: volumeId(vdu.id, volume.id), index: vnfc.index });
    }
  }
  return wanted.map((item) => {
    const present = vnf.auxiliary.find(
      (other) => other.kind === item.kind && other.id === item.id && other.index === item.index,
    );
    // A volume that is kept goes on with the next instance of this index.
    return present ?? { ...item, key: newKey(item.kind) };
  });
}
