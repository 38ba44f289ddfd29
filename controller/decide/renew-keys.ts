import type { ObjectKey } from '#shared/model/ids.ts';
import type { KduDesired, NsDesired } from '#shared/model/ns-lcm.ts';
import type { NewKey } from './resize-vnf.ts';

/** The same desired state with new keys for objects that are gone: a key is never used again after its tombstone. */
export function renewKeys(desired: NsDesired, isPresent: (key: ObjectKey) => boolean, newKey: NewKey): NsDesired {
  const renew = <T extends { key: ObjectKey }>(item: T): T =>
    isPresent(item.key) ? item : { ...item, key: newKey(item.key.slice(0, item.key.indexOf('/'))) };
  return {
    ...desired,
    networks: desired.networks.map(renew),
    vnfs: desired.vnfs.map((vnf) => ({
      ...vnf,
      vnfcs: vnf.vnfcs.map(renew),
      kdus: vnf.kdus.map(renew).map((kdu) => renewMonitor(kdu, (key) => renew({ key }).key)),
      auxiliary: vnf.auxiliary.map(renew),
    })),
  };
}

function renewMonitor(kdu: KduDesired, renewed: (key: ObjectKey) => ObjectKey): KduDesired {
  return kdu.monitorKey === undefined ? kdu : { ...kdu, monitorKey: renewed(kdu.monitorKey) };
}
