import { SkerryError } from '#shared/errors/index.ts';

/** First host that is handed out: what lies below is for gateways and infrastructure. */
const firstHost = 10;

/** Lowest free address of a subnet. @throws SkerryError PlatformCapacity when it is full */
export function allocateAddress(cidr: string, taken: ReadonlySet<string>): string {
  const [base = '', prefix = '24'] = cidr.split('/');
  if (cidr.includes(':')) return allocateV6(base, taken);
  const size = 2 ** (32 - Number(prefix));
  const start = (toNumber(base) & (size === 2 ** 32 ? 0 : ~(size - 1))) >>> 0;
  for (let host = Math.min(firstHost, size - 2); host < size - 1; host += 1) {
    const address = toText(start + host);
    if (!taken.has(address)) return address;
  }
  throw new SkerryError('PlatformCapacity', `No address is free in ${cidr}`, {
    remedy: 'Give the network a larger subnet or remove units from it.',
  });
}

/** IPv4 or IPv6 subnet in CIDR notation, or a complaint. */
export function isCidr(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match !== null) {
    const prefix = Number(match[5]);
    return match.slice(1, 5).every((part) => Number(part) <= 255) && prefix >= 8 && prefix <= 30;
  }
  return /^[0-9a-fA-F:]{2,39}\/\d{1,3}$/.test(text) && text.includes('::');
}

function allocateV6(base: string, taken: ReadonlySet<string>): string {
  const prefix = base.slice(0, base.indexOf('::'));
  for (let host = firstHost; host < 65_535; host += 1) {
    const address = `${prefix}::${host.toString(16)}`;
    if (!taken.has(address)) return address;
  }
  throw new SkerryError('PlatformCapacity', `No address is free in ${base}`);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
