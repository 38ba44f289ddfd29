import { isIPv4, isIPv6 } from 'node:net';

/** A subnet, its host bits cleared. */
export interface Subnet {
  family: 'ipv4' | 'ipv6';
  /** `10.0.0.0/24`, `fd00::/64`. */
  text: string;
  base: bigint;
  prefix: number;
}

/** Undefined for what is no subnet in CIDR notation. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, address = '', digits = ''] = /^([0-9A-Fa-f.:]{2,45})\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(address);
  const prefix = Number(digits);
  if (family === undefined || prefix > widthOf(family)) return undefined;
  const shift = BigInt(widthOf(family) - prefix);
  const base = (numberOf(address) >> shift) << shift;
  return { family, text: `${addressText(base, family)}/${prefix}`, base, prefix };
}

/** Whether a host of the subnet can have this address: it lies inside, and is not the subnet's own or its broadcast. */
export function isHostOf(subnet: Subnet, address: string): boolean {
  if (familyOf(address) !== subnet.family) return false;
  const size = 1n << BigInt(widthOf(subnet.family) - subnet.prefix);
  const offset = numberOf(address) - subnet.base;
  return offset > 0n && offset < (subnet.family === 'ipv4' ? size - 1n : size);
}

export function familyOf(address: string): Subnet['family'] | undefined {
  if (isIPv4(address)) return 'ipv4';
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined;
}

function widthOf(family: Subnet['family']): number {
  return family === 'ipv4' ? 32 : 128;
}

function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  return groupsOf(address).reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** Eight groups of an address that is known to be one; `::` filled, a dotted end turned into two groups. */
function groupsOf(address: string): number[] {
  const dotted = address.slice(address.lastIndexOf(':') + 1);
  const whole = isIPv4(dotted)
    ? `${address.slice(0, -dotted.length)}${(numberOf(dotted) >> 16n).toString(16)}:${(numberOf(dotted) & 0xffffn).toString(16)}`
    : address;
  const [head = '', tail] = whole.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [parse(head), parse(tail ?? '')];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function addressText(value: bigint, family: Subnet['family']): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  // The URL parser writes addresses in their canonical form (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
