import { createHash } from 'node:crypto';
import type { NetworkSpec } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isMembers } from '../objects/read-member.ts';
import { isHostOf, parseSubnet, type Subnet } from './ip-subnet.ts';

export interface NetworkPlace {
  /** Of the NetworkAttachmentDefinition; the default addresses and the bridge are derived from it. */
  name: string;
  namespace: string;
  /** Addresses of networks that span nodes are handed out cluster-wide; otherwise each node counts for itself. */
  hasWhereabouts?: boolean;
}

/** The newest version that every CNI plugin in use knows. */
const cniVersion = '0.4.0';
/** What Linux allows for the name of a device (IFNAMSIZ less its end). */
const longestDevice = 15;
const devicePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const longestAnnotation = 65_536;

/**
 * The object that lets pods join a network beside the cluster's own; undefined for management networks (the cluster's own) and
 * for networks that exist. No default route is given: a pod's way out stays the cluster's.
 */
export function networkAttachment(spec: NetworkSpec, place: NetworkPlace): Result<KubeObject | undefined> {
  if (spec.management || (spec.existingName !== undefined && spec.existingName !== '')) return ok(undefined);
  const addressing = addressingOf(spec, place);
  if (!addressing.ok) return addressing;
  const link = linkOf(spec, place);
  if (!link.ok) return link;
  const config = { cniVersion, name: place.name, ...link.value, ...addressing.value };
  return ok({
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: place.name, namespace: place.namespace },
    spec: { config: JSON.stringify(config) },
  });
}

/** The network that an existing name means: `namespace/name`, or a name in the given namespace. */
export function existingNetwork(existingName: string, namespace: string): { namespace: string; name: string } {
  const slash = existingName.indexOf('/');
  if (slash < 0) return { namespace, name: existingName };
  return { namespace: existingName.slice(0, slash), name: existingName.slice(slash + 1) };
}

/**
 * Where the segment lies. Without a physical network: a bridge on each node, which joins the pods of that node and needs no
 * segment to be apart from others. With one: macvlan on it, on `<device>.<vlan>` when there is a segment; network type
 * `bridge` names an existing bridge instead.
 */
function linkOf(spec: NetworkSpec, { namespace, name }: NetworkPlace): Result<JsonObject> {
  const { physicalNetwork, segmentationId, networkType = '' } = spec.provider ?? {};
  if (physicalNetwork === undefined || physicalNetwork === '') {
    const bridge = `sk${hexOf(`${namespace}/${name}`).slice(0, longestDevice - 2)}`;
    return ok({ type: 'bridge', bridge });
  }
  const vlan = segmentationId === undefined || segmentationId === '' ? undefined : Number(segmentationId);
  if (vlan !== undefined && !(Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094))
    return refuse(`${segmentationId} is no VLAN from 1 to 4094`);
  if (!['', 'flat', 'vlan', 'macvlan', 'bridge'].includes(networkType))
    return refuse(`a Kubernetes cluster makes no network of type ${networkType} on ${physicalNetwork}`);
  const isBridge = networkType === 'bridge';
  const device = isBridge || vlan === undefined ? physicalNetwork : `${physicalNetwork}.${vlan}`;
  if (device.length > longestDevice || !devicePattern.test(device))
    return refuse(`${device} is no name of a network device (at most ${longestDevice} letters, digits, dots, dashes)`);
  if (isBridge) return ok({ type: 'bridge', bridge: device, ...(vlan === undefined ? {} : { vlan }) });
  return ok({ type: 'macvlan', master: device, mode: 'bridge' });
}

/** A physical network without a subnet and without DHCP is somebody else's: no addresses are made up for it. */
function addressingOf(spec: NetworkSpec, place: NetworkPlace): Result<{ ipam?: JsonObject }> {
  const { cidr, gateway, dhcp, provider } = spec;
  const hasCidr = cidr !== undefined && cidr !== '';
  const isPhysical = provider?.physicalNetwork !== undefined && provider.physicalNetwork !== '';
  if (!hasCidr && dhcp === true) return ok({ ipam: { type: 'dhcp' } });
  if (!hasCidr && isPhysical) return ok({});
  const subnet = parseSubnet(hasCidr ? cidr : defaultCidr(spec, place));
  if (subnet === undefined || isTooSmallOrLarge(subnet))
    return refuse(`cidr ${cidr} is no subnet (IPv4: /8 to /30, IPv6: /32 to /126)`);
  if (spec.ipVersion !== undefined && spec.ipVersion !== subnet.family)
    return refuse(`cidr ${subnet.text} is no ${spec.ipVersion}`);
  const hasGateway = gateway !== undefined && gateway !== '';
  if (hasGateway && !isHostOf(subnet, gateway)) return refuse(`gateway ${gateway} is no host of ${subnet.text}`);
  const way = hasGateway ? { gateway } : {};
  if (isPhysical && place.hasWhereabouts === true)
    return ok({ ipam: { type: 'whereabouts', range: subnet.text, ...way } });
  return ok({ ipam: { type: 'host-local', ranges: [[{ subnet: subnet.text, ...way }]] } });
}

function isTooSmallOrLarge({ family, prefix }: Subnet): boolean {
  return family === 'ipv4' ? prefix < 8 || prefix > 30 : prefix < 32 || prefix > 126;
}

/** One of 16,384 subnets of 10.64.0.0/10, or a unique local one (RFC 4193); the same for every look at a network. */
function defaultCidr({ ipVersion }: NetworkSpec, { namespace, name }: NetworkPlace): string {
  const hex = hexOf(`${namespace}/${name}`);
  if (ipVersion === 'ipv6')
    return `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}:${hex.slice(10, 14)}::/64`;
  const number = Number.parseInt(hex.slice(0, 4), 16) & 0x3fff;
  return `10.${64 + (number >> 8)}.${number & 0xff}.0/24`;
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The annotation by which pods join networks, those that are there already kept, in the form that it had (names with commas,
 * or JSON). Names without a namespace mean the pod's own, `podNamespace`.
 */
export function podNetworksAnnotation(
  existing: string | undefined,
  networks: readonly { namespace: string; name: string }[],
  podNamespace = '',
): Result<string> {
  const text = existing?.trim() ?? '';
  if (text.length > longestAnnotation) return refuse('the annotation of networks is too long');
  if (!text.startsWith('[')) {
    const parts = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
    const there = parts.map((part) => fullName(part.replace(/@.*$/, ''), podNamespace));
    return ok([...parts, ...missing(there, networks).map(({ namespace, name }) => `${namespace}/${name}`)].join(','));
  }
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return refuse('the annotation of networks is no JSON');
  }
  if (!Array.isArray(entries)) return refuse('the annotation of networks is no list');
  const there = entries
    .filter(isMembers)
    .map((entry) => fullName(String(entry['name']), namespaceOf(entry, podNamespace)));
  const added = missing(there, networks).map(({ namespace, name }) => ({ name, namespace }));
  return ok(JSON.stringify([...entries, ...added]));
}

function namespaceOf(entry: Record<string, unknown>, otherwise: string): string {
  return typeof entry['namespace'] === 'string' && entry['namespace'] !== '' ? entry['namespace'] : otherwise;
}

function fullName(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function missing(there: readonly string[], networks: readonly { namespace: string; name: string }[]) {
  const seen = new Set(there);
  return networks.filter(({ namespace, name }) => {
    const full = `${namespace}/${name}`;
    if (seen.has(full)) return false;
    seen.add(full);
    return true;
  });
}

function refuse<T>(complaint: string): Result<T> {
  return fail(
    new SkerryError('PlatformRefused', `The network cannot be made: ${complaint}`, {
      remedy: 'Correct the virtual link’s profile in the descriptor or in the request.',
    }),
  );
}
