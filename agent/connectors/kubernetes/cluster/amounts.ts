import type { Resources } from '#shared/connector/index.ts';
import { isMembers } from '../objects/read-member.ts';
import { quantityOr0 } from './quantity.ts';

const bytesPerMib = 2 ** 20;
const bytesPerGib = 2 ** 30;

/** A list of resources of the Kubernetes API (`allocatable`, `requests`, `usage`) in NFVI's units. */
export function amountsOf(list: unknown): Resources {
  if (!isMembers(list)) return { vcpus: 0, memoryMib: 0, storageGib: 0 };
  return {
    vcpus: quantityOr0(list['cpu']),
    memoryMib: quantityOr0(list['memory']) / bytesPerMib,
    storageGib: quantityOr0(list['ephemeral-storage']) / bytesPerGib,
  };
}

export function sumOf(amounts: Iterable<Resources>): Resources {
  const sum = { vcpus: 0, memoryMib: 0, storageGib: 0 };
  for (const amount of amounts) {
    sum.vcpus += amount.vcpus;
    sum.memoryMib += amount.memoryMib;
    sum.storageGib += amount.storageGib;
  }
  return sum;
}

export function largestOf(left: Resources, right: Resources): Resources {
  return {
    vcpus: Math.max(left.vcpus, right.vcpus),
    memoryMib: Math.max(left.memoryMib, right.memoryMib),
    storageGib: Math.max(left.storageGib, right.storageGib),
  };
}

/** To thousandths: sums of many small requests would otherwise differ in their last digits from look to look. */
export function rounded({ vcpus, memoryMib, storageGib }: Resources): Resources {
  return { vcpus: round(vcpus), memoryMib: round(memoryMib), storageGib: round(storageGib) };
}

function round(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}
