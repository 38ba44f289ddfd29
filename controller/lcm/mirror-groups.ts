import type { NsLcmOpOcc, ReachedRecord, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import type { MirrorGroups } from './store-mirror.ts';

const none = () => undefined;

/** Documents that the queries join; units and VNF instances are found by their NS. */
export const mirrorGroups: MirrorGroups = {
  ns: none,
  vnf: (vnf: VnfInstance) => vnf.nsInstanceId,
  op: (operation: NsLcmOpOcc) => operation.nsInstanceId,
  state: (record: StateRecord) => (record.body.type === 'unit' ? record.body.scope : undefined),
  reached: (_record: ReachedRecord, key: string) => key.split('/')[2],
  site: none,
  infra: none,
  'agent-status': none,
};
