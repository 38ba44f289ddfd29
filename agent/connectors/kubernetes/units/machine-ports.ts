import type { ComputePort, ObservedUnit } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';

/** What the units that a machine depends on turned out to be, by their object key. */
export type Dependencies = Readonly<Record<string, Pick<ObservedUnit, 'facts'>>>;

export interface MachinePorts {
  interfaces: JsonObject[];
  networks: JsonObject[];
  /** Port name by the name of its interface, for looking at addresses later. */
  portNames: Record<string, string>;
}

const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const macPattern = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
/** SOL006 says `direct`, OSM `SR-IOV` and `PCI-PASSTHROUGH`. */
const directTypes = new Set(['sr-iov', 'sriov', 'pci-passthrough', 'direct', 'direct-physical']);
/** Types that name a card which KubeVirt can show to the guest; everything else is virtio. */
const models = new Set(['e1000', 'e1000e', 'rtl8139', 'ne2k_pci', 'pcnet']);

/**
 * Ports of a machine. One whose network is an attachment (Multus) joins that; one whose network is the cluster's own is behind
 * the pod's address, which there is only one of.
 */
export function machinePorts(ports: readonly ComputePort[], dependencies: Dependencies): Result<MachinePorts> {
  const made: MachinePorts = { interfaces: [], networks: [], portNames: {} };
  let podPort: string | undefined;
  for (const [index, port] of ports.entries()) {
    const name = labelPattern.test(port.name) && !(port.name in made.portNames) ? port.name : `port-${index}`;
    const attachment = dependencies[port.networkKey]?.facts['attachment'];
    const isDirect = directTypes.has(port.vnicType.toLowerCase());
    if (port.macAddress !== undefined && !macPattern.test(port.macAddress))
      return refuse(`${port.macAddress} of port ${port.name} is no MAC address`);
    if (typeof attachment !== 'string') {
      if (podPort !== undefined)
        return refuse(
          `ports ${podPort} and ${port.name} both lie in the cluster’s own network, which has room for one`,
        );
      if (isDirect) return refuse(`port ${port.name} wants ${port.vnicType}, which the cluster’s own network has not`);
      podPort = port.name;
    }
    const isPod = typeof attachment !== 'string';
    made.networks.push(isPod ? { name, pod: {} } : { name, multus: { networkName: attachment } });
    made.interfaces.push(interfaceOf(port, name, isPod ? 'masquerade' : isDirect ? 'sriov' : 'bridge'));
    made.portNames[name] = port.name;
  }
  return ok(made);
}

function interfaceOf(port: ComputePort, name: string, binding: 'masquerade' | 'sriov' | 'bridge'): JsonObject {
  const model = port.vnicType.toLowerCase();
  return {
    name,
    [binding]: {},
    ...(models.has(model) && binding !== 'sriov' ? { model } : {}),
    ...(port.macAddress === undefined ? {} : { macAddress: port.macAddress.toLowerCase() }),
  };
}

function refuse<T>(complaint: string): Result<T> {
  return fail(
    new SkerryError('PlatformRefused', `The virtual machine cannot be made: ${complaint}`, {
      remedy: 'Correct the connection points in the descriptor, or the networks that they are connected to.',
    }),
  );
}
