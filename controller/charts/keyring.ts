import { SkerryError } from '#shared/errors/index.ts';

const maxKeyringBytes = 256 * 1024;
const block = /-----BEGIN PGP PUBLIC KEY BLOCK-----([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * Public keys as Helm reads them (binary OpenPGP), from ASCII armour (any number of blocks) or base64 of the binary.
 * @throws SkerryError BadRequest for what is no public key
 */
export function readKeyring(text: string): Buffer {
  const refuse = (why: string) =>
    new SkerryError('BadRequest', `The keyring ${why}`, {
      remedy: 'give public keys as `gpg --armor --export NAME` writes them',
    });
  if (text.length > maxKeyringBytes) throw refuse(`has more than ${maxKeyringBytes} characters`);
  if (text.includes('PRIVATE KEY BLOCK')) throw refuse('holds a private key');
  const blocks = [...text.matchAll(block)].map(([, inside = '']) => Buffer.from(armourBody(inside), 'base64'));
  const bytes = blocks.length > 0 ? Buffer.concat(blocks) : Buffer.from(text.replace(/\s+/g, ''), 'base64');
  const tag = packetTag(bytes[0]);
  if (tag === 5) throw refuse('holds a private key');
  if (tag !== 6) throw refuse('holds no OpenPGP public key');
  return bytes;
}

/** Without headers and checksum. */
function armourBody(inside: string): string {
  const text = inside.replace(/\r/g, '').replace(/^\n+/, '');
  const gap = text.indexOf('\n\n');
  const hasHeaders = gap !== -1 && text.slice(0, gap).includes(': ');
  const lines = (hasHeaders ? text.slice(gap) : text).split('\n');
  return lines.filter((line) => !line.startsWith('=')).join('');
}

/** RFC 9580 clause 4.2. */
function packetTag(first: number | undefined): number | undefined {
  if (first === undefined || (first & 0x80) === 0) return undefined;
  return (first & 0x40) === 0 ? (first & 0x3c) >> 2 : first & 0x3f;
}
