import type { SkerryApi } from '../api.ts';
import type { NsView } from '../api-types.ts';
import { resolveOne } from '../resolve.ts';

export async function findNs(api: SkerryApi, wanted: string): Promise<NsView> {
  const found = resolveOne('NS', await api.nsInstances(), wanted, (ns) => [ns.nsInstanceName]);
  return api.ns(found.id);
}

/** A VNF instance of an NS by id, name, VNFD id or profile. */
export function findVnf(ns: NsView, wanted: string): { id: string } {
  return resolveOne('VNF', ns.vnfInstance ?? [], wanted, (vnf) => [
    vnf._skerry?.vnfProfileId,
    vnf.vnfInstanceName,
    vnf.vnfdId,
  ]);
}
