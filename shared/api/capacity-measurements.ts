import type { Resources } from '../connector/index.ts';
import type { JsonObject } from '../model/json.ts';

/** NfviCapacityMeasurement (ETSI GS NFV-SOL 005 clause 10.5.3.2); amounts are `{ value, unit }`. */
export interface CapacityMeasurement extends JsonObject {
  resourceType: 'VR_COMPUTE' | 'VR_STORAGE';
  capacityMeasurementName: string;
  totalCapacity: { value: number; unit: string };
  allocatedCapacity: { value: number; unit: string };
  reservedCapacity: { value: number; unit: string };
  availableCapacity: { value: number; unit: string };
}

/** What is measured of an infra, and in which unit. */
export const capacityMeasures = [
  { member: 'vcpus', resourceType: 'VR_COMPUTE', name: 'VcpuCapacity', unit: 'vcpu' },
  { member: 'memoryMib', resourceType: 'VR_COMPUTE', name: 'VmemoryCapacity', unit: 'MiB' },
  { member: 'storageGib', resourceType: 'VR_STORAGE', name: 'VstorageCapacity', unit: 'GiB' },
] as const;

/**
 * Allocated: in use on the platform. Reserved: promised by the ledger and not in use yet. Available: what neither holds. A resource
 * whose total is not known is left out.
 */
export function capacityMeasurements(
  capacity: { total: Resources; used: Resources },
  promised: Resources,
): CapacityMeasurement[] {
  return capacityMeasures.flatMap(({ member, resourceType, name, unit }) => {
    const total: number | undefined = capacity.total[member];
    if (total === undefined) return [];
    const allocated = capacity.used[member] ?? 0;
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
