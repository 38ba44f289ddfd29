import { BlockList, isIP } from 'node:net';
import type { JsonObject } from '../../model/json.ts';
import { numberField, objectField, textField } from '../document-fields.ts';
import type { Reading } from '../reading/reading.ts';

/** `min-number-of-instances` may not be above `max-number-of-instances`. */
export function checkMinimumAndMaximum(reading: Reading, holder: JsonObject): void {
  const minimum = numberField(holder, 'min-number-of-instances');
  const maximum = numberField(holder, 'max-number-of-instances');
  if (minimum === undefined || maximum === undefined || minimum <= maximum) return;
  reading.error(holder, 'min-number-of-instances', {
    code: 'OutOfRange',
    message: `min-number-of-instances ${minimum} is above max-number-of-instances ${maximum}`,
    remedy: 'raise the maximum or lower the minimum',
  });
}

/** A level's `number-of-instances` against the limits that its profile states. */
export function checkCount(reading: Reading, level: JsonObject, profile: JsonObject | undefined): void {
  const count = numberField(level, 'number-of-instances');
  const maximum = numberField(profile, 'max-number-of-instances');
  const minimum = numberField(profile, 'min-number-of-instances');
  if (count === undefined) return;
  if (maximum !== undefined && count > maximum) {
    reading.error(level, 'number-of-instances', {
      code: 'OutOfRange',
      message: `number-of-instances ${count} is above the profile's max-number-of-instances ${maximum}`,
      remedy: 'raise the maximum or lower the number',
    });
  } else if (minimum !== undefined && count < minimum) {
    reading.warn(level, 'number-of-instances', {
      code: 'OutOfRange',
      message: `number-of-instances ${count} is below the profile's min-number-of-instances ${minimum}`,
      remedy: 'lower the minimum or raise the number',
    });
  }
}

/** `virtual-link-protocol-data/l3-protocol-data` of a link profile. */
export function checkIpProfile(reading: Reading, linkProfile: JsonObject): void {
  const l3 = objectField(linkProfile, 'virtual-link-protocol-data', 'l3-protocol-data');
  const cidr = textField(l3, 'cidr');
  if (l3 === undefined || cidr === undefined) return;
  const [address = '', prefix = '', rest] = cidr.trim().split('/');
  const version = isIP(address);
  const isSound = version !== 0 && rest === undefined && /^\d{1,3}$/.test(prefix);
  if (!isSound || Number(prefix) > (version === 4 ? 32 : 128)) {
    reading.error(l3, 'cidr', {
      code: 'WrongType',
      message: `'${cidr.slice(0, 60)}' is not a network in CIDR notation`,
      remedy: 'write it as 10.0.0.0/24 or 2001:db8::/64',
    });
    return;
  }
  checkGateway(reading, l3, [address, Number(prefix), version]);
  const stated = textField(l3, 'ip-version')?.toLowerCase();
  if (stated === undefined || stated === `ipv${version}`) return;
  reading.error(l3, 'ip-version', {
    code: 'Contradiction',
    message: `ip-version is ${stated}, but ${cidr} is IPv${version}`,
    remedy: 'correct one of them',
  });
}

function checkGateway(reading: Reading, l3: JsonObject, [address, prefix, version]: [string, number, number]): void {
  const gateway = textField(l3, 'gateway-ip');
  if (gateway === undefined || isIP(gateway) === 0) return;
  const network = new BlockList();
  network.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  if (network.check(gateway, isIP(gateway) === 4 ? 'ipv4' : 'ipv6')) return;
  reading.error(l3, 'gateway-ip', {
    code: 'Contradiction',
    message: `the gateway ${gateway} does not lie in ${address}/${prefix}`,
    remedy: 'correct one of them',
  });
}
