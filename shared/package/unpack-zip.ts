import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { isLitter } from './entry-path.ts';
import { PackageFault } from './package-fault.ts';
import type { Unpacking } from './unpacking.ts';

const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;
const maxLinkBytes = 4096;

/**
 * SOL004 and SOL007 archives. A single top folder around everything is left away.
 * @throws PackageFault
 */
export async function unpackZip(source: string, unpacking: Unpacking, signal?: AbortSignal): Promise<void> {
  try {
    const zip = await openPromise(source, { lazyEntries: true, autoClose: false, strictFileNames: false });
    try {
      await unpackEntries(zip, unpacking, signal);
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof PackageFault || signal?.aborted === true || isSystemError(error)) throw error;
    throw translate(error);
  }
}

function translate(error: unknown): PackageFault {
  const reason = error instanceof Error ? error.message.slice(0, 200) : 'unreadable';
  const method = /^unsupported compression method: (\d+)/.exec(reason)?.[1];
  if (method !== undefined) {
    const message = `compressed by method ${method}, which not every zip reader knows`;
    return new PackageFault('UnsupportedFormat', '', message, 'build it with deflate, the usual method of zip');
  }
  return new PackageFault('DamagedArchive', '', `not a sound zip archive: ${reason}`, 'build or transfer it again');
}

async function unpackEntries(zip: ZipFile, unpacking: Unpacking, signal?: AbortSignal): Promise<void> {
  const entries = await listEntries(zip, unpacking);
  const top = commonFolder(entries);
  for (const { entry, parts } of entries) {
    signal?.throwIfAborted();
    const inside = top === undefined ? parts : parts.slice(1);
    if (inside.length === 0) continue;
    if (entry.fileName.endsWith('/')) await unpacking.folder(inside);
    else if (((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink) {
      unpacking.link(inside, await linkTarget(zip, entry));
    } else await unpacking.file(inside, unpacking.counted(contentOf(zip, entry)));
  }
}

/** Names and stated sizes are checked before anything is unpacked. */
async function listEntries(zip: ZipFile, unpacking: Unpacking): Promise<{ entry: Entry; parts: string[] }[]> {
  const entries: { entry: Entry; parts: string[] }[] = [];
  for await (const entry of zip.eachEntry()) {
    unpacking.countEntry();
    const parts = unpacking.parts(entry.fileName);
    if ((entry.generalPurposeBitFlag & 1) !== 0) {
      throw new PackageFault('UnsupportedFormat', entry.fileName, 'an encrypted entry', 'store it without a password');
    }
    if (!isLitter(parts)) entries.push({ entry, parts });
  }
  return entries;
}

function commonFolder(entries: { entry: Entry; parts: string[] }[]): string | undefined {
  const [first] = entries;
  const top = first?.parts[0];
  const isAround = entries.every(
    ({ entry, parts }) => parts[0] === top && (parts.length > 1 || entry.fileName.endsWith('/')),
  );
  const isStandard = ['Definitions', 'TOSCA-Metadata', 'Files'].includes(top ?? '');
  return isAround && !isStandard ? top : undefined;
}

async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    sum = crc32(chunk as Buffer, sum);
    yield chunk as Buffer;
  }
  if (sum !== entry.crc32) {
    throw new PackageFault('DamagedArchive', entry.fileName, 'the content does not match its CRC', 'transfer it again');
  }
}

async function linkTarget(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > maxLinkBytes) {
    throw new PackageFault(
      'UnsafeLink',
      entry.fileName,
      'a link whose target is far too long',
      'link inside the package',
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of contentOf(zip, entry)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function isSystemError(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EIO', 'ENOENT', 'EMFILE'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}
