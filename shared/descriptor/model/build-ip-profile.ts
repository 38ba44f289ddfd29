import type { JsonObject } from '../../model/json.ts';
import { flagField, isObject, objectField, textField } from '../document-fields.ts';
import type { IpProfile } from '../vnf-model.ts';

/** IP profile of a `virtual-link-profile` (SOL006 l3-protocol-data and OSM's additions to it). */
export function buildIpProfile(linkProfile: JsonObject | undefined): IpProfile | undefined {
  const l3 = objectField(linkProfile, 'virtual-link-protocol-data', 'l3-protocol-data');
  if (l3 === undefined) return undefined;
  const cidr = textField(l3, 'cidr')?.trim();
  const isSix = textField(l3, 'ip-version')?.toLowerCase() === 'ipv6' || cidr?.includes(':') === true;
  const profile: IpProfile = { ipVersion: isSix ? 'ipv6' : 'ipv4' };
  const gateway = textField(l3, 'gateway-ip');
  const dhcp = flagField(l3, 'dhcp-enabled');
  const dns = [...addresses(l3['dns']), ...addresses(l3['dns-server'])];
  if (cidr !== undefined) profile.cidr = cidr;
  if (gateway !== undefined) profile.gateway = gateway;
  if (dhcp !== undefined) profile.dhcp = dhcp;
  if (dns.length > 0) profile.dns = dns;
  return profile;
}

/** OSM has had text, a list of texts and a list of `{address}` here. */
function addresses(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((part) => part !== '');
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) => (isObject(item) ? (textField(item, 'address') ?? []) : addresses(item)));
}
