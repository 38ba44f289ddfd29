/**
 * A process of its own that reads what does not change while the machine runs and prints it as JSON. The library that knows how
 * holds memory for as long as it is loaded, and a running agent has no use for it.
 */
import { cpu, networkInterfaces, osInfo, system } from 'systeminformation';
import type { MachineFacts } from '#shared/wire/frames.ts';

const maxInterfaces = 32;

const [processor, operatingSystem, machine, interfaces] = await Promise.all([
  cpu(),
  osInfo(),
  system(),
  networkInterfaces(),
]);
const facts: MachineFacts = {
  manufacturer: machine.manufacturer,
  model: machine.model,
  processor: `${processor.manufacturer} ${processor.brand}`.trim(),
  physicalCores: processor.physicalCores,
  hasVirtualization: processor.virtualization,
  operatingSystem: `${operatingSystem.distro} ${operatingSystem.release}`.trim(),
  kernel: operatingSystem.kernel,
  architecture: operatingSystem.arch,
  interfaces: (Array.isArray(interfaces) ? interfaces : [interfaces])
    .filter(({ internal, virtual }) => !internal && !virtual)
    .slice(0, maxInterfaces)
    .map(({ iface, speed }) => ({ name: iface, speedMbps: speed ?? 0 })),
};
process.stdout.write(JSON.stringify(facts));
