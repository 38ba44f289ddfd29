import { NfviCapacityInfo } from '#shared/api/nfvi-capacity.ts';
import type { Resources } from '#shared/connector/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { InfraView } from '../../inventory/inventory.ts';
import { dateTime } from '../sol013/date-time.ts';
import { defineResource } from '../sol013/resource.ts';

const measures = [
  { member: 'vcpus', resourceType: 'VR_COMPUTE', name: 'VcpuCapacity', unit: 'vcpu' },
  { member: 'memoryMib', resourceType: 'VR_COMPUTE', name: 'VmemoryCapacity', unit: 'MiB' },
  { member: 'storageGib', resourceType: 'VR_STORAGE', name: 'VstorageCapacity', unit: 'GiB' },
] as const;

/** NfviCapacityInfo (ETSI GS NFV-SOL 005 clause 10.5.2.2): a VIM is an infra. */
export const nfviCapacityInfos = defineResource<InfraView>({
  name: 'NfviCapacityInfo',
  schema: NfviCapacityInfo,
  excludedByDefault: ['capacityInfoPerZone', 'totalCapacityInfo', 'timeInterval'],
  id: (infra) => infra.id,
  sortKey: (infra) => `${infra.name}/${infra.id}`,
  revision: ({ status, ledger, connected, schedulable }) =>
    JSON.stringify([status.reportedAt, ledger.reserved, connected, schedulable]),
  render: renderInfra,
});

function renderInfra(infra: InfraView): JsonObject {
  const { facts, reportedAt } = infra.status;
  return {
    id: infra.id,
    vimId: infra.id,
    capacityInfoPerZone:
      facts === null ? [] : [{ capacityMeasurements: measurements(facts.capacity, infra.ledger.reserved) }],
    ...(facts !== null && { timeInterval: { aTime: dateTime(reportedAt) } }),
    _skerry: {
      name: infra.name,
      kind: infra.kind,
      connected: infra.connected,
      healthy: facts?.healthy ?? false,
      schedulable: infra.schedulable,
      ...(facts !== null && { reportedAt: dateTime(reportedAt) }),
    },
  };
}

/** Allocated: in use on the platform. Reserved: promised by the ledger and not in use yet. Available: what neither holds. */
function measurements(capacity: { total: Resources; used: Resources }, promised: Resources): JsonObject[] {
  return measures.map(({ member, resourceType, name, unit }) => {
    const total = capacity.total[member];
    const allocated = capacity.used[member];
    const reserved = Math.max(0, promised[member] - allocated);
    const amount = (value: number) => ({ value, unit });
    return {
      resourceType,
      capacityMeasurementName: name,
      totalCapacity: amount(total),
      allocatedCapacity: amount(allocated),
      reservedCapacity: amount(reserved),
      availableCapacity: amount(Math.max(0, total - allocated - reserved)),
    };
  });
}
