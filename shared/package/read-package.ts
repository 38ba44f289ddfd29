import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Complaint } from '../descriptor/complaint.ts';
import { parseDescriptor } from '../descriptor/parse-descriptor.ts';
import type { ParsedDescriptor } from '../descriptor/parsed-descriptor.ts';
import { SkerryError } from '../errors/index.ts';
import { checkArtifacts } from './check-artifacts.ts';
import { checkCharts, type PackageContent } from './check-charts.ts';
import { detectFormat, unsupportedFormat } from './detect-format.ts';
import { checkChecksums, checkDigestBlocks, unverifiedSignature } from './digest-lists.ts';
import { findCsarDescriptor, findManifests, findNativeDescriptor, toscaMetaPath } from './find-descriptor.ts';
import { PackageFault } from './package-fault.ts';
import { defaultPackageLimits, type PackageLimits, type ReadPackage, type ReadPackageFn } from './package-reader.ts';
import { readFolder } from './read-folder.ts';
import { Unpacking } from './unpacking.ts';

type Format = ReadPackage['format'];

interface Source {
  path: string;
  format: Format;
  isGzip: boolean;
  /** All of it, when it is small. */
  bytes?: Buffer;
  target: string | undefined;
  limits: PackageLimits;
  signal: AbortSignal | undefined;
}

/** @see ReadPackageFn. Without a target an archive is checked as a whole, but nothing of it is kept. */
export const readPackage: ReadPackageFn = async (path, target, limits = defaultPackageLimits, signal = undefined) => {
  const { unsupported, ...detected } = await detectFormat(path);
  const source: Source = { ...detected, path, target, limits, signal };
  try {
    if (unsupported !== undefined) throw unsupportedFormat(unsupported);
    return await readSource(source);
  } catch (error) {
    if (source.format !== 'folder' && target !== undefined) await rm(target, { recursive: true, force: true });
    if (error instanceof PackageFault) return refused(source, error.complaint);
    throw translate(error, signal);
  }
};

async function readSource(source: Source): Promise<ReadPackage> {
  const { format, limits } = source;
  if (format !== 'folder' && source.target !== undefined) await mkdir(source.target, { recursive: false, mode: 0o755 });
  const target = format === 'folder' ? undefined : source.target;
  const unpacking = new Unpacking(
    limits,
    target,
    format === 'sol004-csar' ? ['sha256', 'sha512', 'md5'] : ['sha256', 'md5'],
  );
  const whole = createHash('sha256');
  try {
    await unpack(source, unpacking, (chunk) => whole.update(chunk));
    await unpacking.finish();
    const sha256 = format === 'folder' ? '' : format === 'bare' ? soleDigest(unpacking) : whole.digest('hex');
    return await check(source, unpacking, sha256);
  } finally {
    // The last files are written while the descriptor is read; and what is removed must not be written to any more.
    await unpacking.written();
  }
}

async function unpack(source: Source, unpacking: Unpacking, onChunk: (chunk: Buffer) => void): Promise<void> {
  const { path, format, limits, signal, target } = source;
  if (format === 'folder') await readFolder(path, unpacking, signal);
  else if (format === 'bare') await readBare(path, unpacking, limits);
  else if (format === 'sol004-csar') {
    const { unpackZip } = await import('./unpack-zip.ts');
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      signal?.throwIfAborted();
      unpacking.countPacked((chunk as Buffer).length);
      onChunk(chunk as Buffer);
    }
    await unpackZip(path, unpacking, signal);
  } else {
    const { unpackTar } = await import('./unpack-targz.ts');
    const raw = source.bytes ? Readable.from([source.bytes]) : createReadStream(path, { highWaterMark: 256 * 1024 });
    await unpackTar(raw, unpacking, {
      isGzip: source.isGzip,
      target,
      onChunk,
      signal,
    });
  }
}

async function check(source: Source, unpacking: Unpacking, sha256: string): Promise<ReadPackage> {
  const digests = checkDigests(source, unpacking);
  const files = [...unpacking.files.values()].map(({ path, bytes, sha256: digest }) => ({
    path,
    bytes,
    sha256: digest,
  }));
  const manifestPath = findManifests(unpacking)[0];
  const common = { format: source.format, files, sha256, ...(manifestPath === undefined ? {} : { manifestPath }) };
  try {
    const descriptorPath = findDescriptor(source.format, unpacking);
    const descriptor = parseDescriptor(textOf(unpacking, descriptorPath), descriptorPath);
    const paths = [...unpacking.files.keys(), ...unpacking.links.entries.keys()];
    const missing = source.format === 'bare' ? [] : checkArtifacts(descriptor, descriptorPath, paths);
    const charts = await checkCharts(descriptor, contentOf(source, unpacking, descriptorPath));
    return finished(common, descriptorPath, descriptor, [...unpacking.complaints, ...digests, ...missing, ...charts]);
  } catch (error) {
    if (!(error instanceof PackageFault)) throw error;
    return finished(common, '', unread(), [...unpacking.complaints, ...digests, named(source, error.complaint)]);
  }
}

/** Of what was unpacked to disk, lies there as a folder, or is held in memory. */
function contentOf(source: Source, unpacking: Unpacking, descriptorPath: string): PackageContent {
  const root = source.format === 'folder' ? source.path : source.target;
  return {
    descriptorPath,
    files: [...unpacking.files.values()],
    links: [...unpacking.links.entries.keys()],
    open(path) {
      const held = unpacking.texts.get(path);
      if (held !== undefined) return Readable.from([held]);
      return root === undefined ? undefined : writtenFile(unpacking, join(root, path));
    },
  };
}

async function* writtenFile(unpacking: Unpacking, path: string): AsyncGenerator<Buffer> {
  await unpacking.written();
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

/** Complaints of the package stand first in the descriptor's too; with an error among them there is no model. */
function finished(
  common: Omit<ReadPackage, 'descriptorPath' | 'descriptor' | 'complaints'>,
  descriptorPath: string,
  descriptor: ParsedDescriptor,
  ofPackage: Complaint[],
): ReadPackage {
  const complaints = [...ofPackage, ...descriptor.complaints];
  const hasErrors = ofPackage.some(({ severity }) => severity === 'error');
  const model = hasErrors ? undefined : descriptor.model;
  return { ...common, descriptorPath, descriptor: { ...descriptor, complaints, model }, complaints };
}

function checkDigests(source: Source, unpacking: Unpacking): Complaint[] {
  const { files } = unpacking;
  const complaints: Complaint[] = [];
  for (const path of [...files.keys()].filter((each) => each === 'checksums.txt' || each === 'src/checksums.txt')) {
    complaints.push(
      ...checkChecksums(path, textOf(unpacking, path).toString('utf8'), files, source.format === 'folder'),
    );
  }
  const manifests = source.format === 'sol004-csar' ? findManifests(unpacking) : [];
  for (const path of [...manifests, ...(files.has(toscaMetaPath) ? [toscaMetaPath] : [])]) {
    complaints.push(...checkDigestBlocks(path, textOf(unpacking, path).toString('utf8'), files));
  }
  const signature = [...files.keys()].find((path) => /\.(?:cms|p7s|sig)$/i.test(path));
  return signature === undefined ? complaints : [...complaints, unverifiedSignature(signature)];
}

function textOf(unpacking: Unpacking, path: string): Buffer {
  const text = unpacking.texts.get(path);
  if (text !== undefined) return text;
  throw new PackageFault('TooLarge', path, 'the file is too large for a descriptor or manifest', 'make it smaller');
}

const descriptorName = /\.(?:ya?ml|json|xml)$/i;

async function readBare(path: string, unpacking: Unpacking, limits: PackageLimits): Promise<void> {
  const { size } = await stat(path);
  const name = basename(path);
  if (size > limits.maxDescriptorBytes) {
    const message = `neither an archive nor a descriptor: larger than ${limits.maxDescriptorBytes} bytes`;
    throw new PackageFault('TooLarge', name, message, 'give a tar.gz, a zip or a descriptor');
  }
  // Its own name may say anything, the content decides; an ending tells those who fetch it later what it is.
  const named = descriptorName.test(name) ? name : `${name}.yaml`;
  const file = await unpacking.file([named], createReadStream(path), true);
  unpacking.countPacked(file.bytes);
}

function findDescriptor(format: Format, unpacking: Unpacking): string {
  if (format === 'bare') return [...unpacking.files.keys()][0] ?? '';
  return format === 'sol004-csar' ? findCsarDescriptor(unpacking) : findNativeDescriptor(unpacking);
}

function soleDigest(unpacking: Unpacking): string {
  return [...unpacking.files.values()][0]?.sha256 ?? '';
}

function unread(): ParsedDescriptor {
  const report = { format: 'unknown', translated: [], dropped: [], tolerated: [] };
  return { kind: undefined, document: undefined, model: undefined, complaints: [], report };
}

function refused(source: Source, complaint: Complaint): ReadPackage {
  return finished({ format: source.format, files: [], sha256: '' }, '', unread(), [named(source, complaint)]);
}

function named(source: Source, complaint: Complaint): Complaint {
  return complaint.file === '' ? { ...complaint, file: basename(source.path) } : complaint;
}

function translate(error: unknown, signal: AbortSignal | undefined): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SkerryError('DiskFull', 'No room to unpack the package', {
      cause: error,
      remedy: 'free some disk space',
    });
  }
  if (signal?.aborted === true) return new SkerryError('Aborted', 'Reading the package was aborted', { cause: error });
  return error;
}
