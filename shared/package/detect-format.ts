import { open, stat } from 'node:fs/promises';
import { PackageFault } from './package-fault.ts';
import type { ReadPackage } from './package-reader.ts';
import { isTarHeader } from './tar-stream.ts';

interface DetectedFormat {
  format: ReadPackage['format'];
  isGzip: boolean;
  /** What it is instead, as far as known. */
  unsupported?: string;
  /** All of it, when it is small: it need not be read again. */
  bytes?: Buffer;
}

const maxWholeBytes = 2 ** 20;

const others: [string, string][] = [
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ\0', 'an xz archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  ['Rar!', 'a rar archive'],
  ['\x28\xb5\x2f\xfd', 'a zstd archive'],
  ['QFI\xfb', 'a qcow2 image'],
];

/** By the first bytes, never by the name. */
export async function detectFormat(path: string): Promise<DetectedFormat> {
  const found = await stat(path);
  if (found.isDirectory()) return { format: 'folder', isGzip: false };
  const file = await open(path, 'r');
  try {
    const isSmall = found.isFile() && found.size <= maxWholeBytes;
    const block = Buffer.alloc(isSmall ? found.size + 1 : 512);
    const { bytesRead } = await file.read(block, 0, block.length, 0);
    const bytes = block.subarray(0, bytesRead);
    const detected = detectHead(bytes.subarray(0, 512));
    return isSmall && bytesRead === found.size ? { ...detected, bytes } : detected;
  } finally {
    await file.close();
  }
}

function detectHead(head: Buffer): DetectedFormat {
  if (head[0] === 0x1f && head[1] === 0x8b) return { format: 'osm-targz', isGzip: true };
  if (isTarHeader(head) || head.toString('latin1', 257, 262) === 'ustar') return { format: 'osm-targz', isGzip: false };
  const text = head.toString('latin1');
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return { format: 'sol004-csar', isGzip: false };
  const other = others.find(([magic]) => text.startsWith(magic))?.[1];
  const unsupported = other ?? (isBinary(head) ? 'neither an archive nor a descriptor' : undefined);
  return { format: 'bare', isGzip: false, ...(unsupported === undefined ? {} : { unsupported }) };
}

/** UTF-16 has zeros too, but every other byte of its beginning is ASCII. */
function isBinary(head: Buffer): boolean {
  const isWide = [head.subarray(2, 4), head.subarray(0, 2)].some((pair) => (pair[0] === 0) !== (pair[1] === 0));
  return !isWide && head.includes(0);
}

export function unsupportedFormat(what: string): PackageFault {
  return new PackageFault(
    'UnsupportedFormat',
    '',
    `this is ${what}`,
    'give a tar.gz, a zip (CSAR) or a bare descriptor',
  );
}
