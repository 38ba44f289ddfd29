import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Complaint } from '#shared/descriptor/complaint.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { StoredVnfModel } from '#shared/model/catalog.ts';
import type { Digest } from '#shared/model/ids.ts';
import {
  artifactPath,
  type PackageFile,
  type PackageLimits,
  type ReadPackage,
  type ReadPackageFn,
} from '#shared/package/index.ts';
import type { ArtefactStore, StagedContent } from './artefact-store.ts';
import type { UploadedFile } from './catalog.ts';

/** Content that was unpacked, read and found without errors, not yet permanent. */
export interface SoundContent {
  file: UploadedFile;
  staged: StagedContent;
  digest: Digest;
  read: ReadPackage;
  warnings: Complaint[];
  /** Of a VNF package that is being onboarded: what agents fetch of it, kept already. */
  carried?: Pick<StoredVnfModel, 'charts' | 'images'>;
}

/** Unpacked: stated size is a guess, so twice the package is asked for; the reader's own limits hold in any case. */
const unpackedFactor = 2;

/**
 * Stages and reads an upload.
 * @throws InvalidPackage, InvalidDescriptor with details.complaints (all of them); nothing is left behind then
 */
export async function readContent(
  dependencies: { artefacts: ArtefactStore; readPackage: ReadPackageFn; limits: PackageLimits },
  file: UploadedFile,
  signal?: AbortSignal,
): Promise<SoundContent> {
  const { artefacts, readPackage, limits } = dependencies;
  await artefacts.reserve(file.bytes * unpackedFactor);
  const staged = await artefacts.stage(file);
  try {
    const read = await readPackage(staged.packagePath, staged.filesFolder, limits, signal);
    const errors = read.complaints.filter((complaint) => complaint.severity === 'error');
    if (errors.length > 0 || read.descriptor.document === undefined) throw unsound(read, errors);
    await keepBareDescriptor(staged, read);
    const warnings = read.complaints.filter((complaint) => complaint.severity === 'warning');
    return { file, staged, digest: `sha256:${file.sha256}` as Digest, read, warnings };
  } catch (error) {
    await artefacts.discard(staged);
    throw error;
  }
}

/** @throws InvalidPackage when what was uploaded is another kind of descriptor */
export function requireKind(content: SoundContent, kind: 'vnfd' | 'nsd'): void {
  const found = content.read.descriptor.kind;
  if (found === kind) return;
  throw new SkerryError('InvalidPackage', `The package holds a ${found ?? 'file of unknown kind'}, not a ${kind}`, {
    remedy: found === 'nsd' ? 'upload it as an NS descriptor' : 'upload it where its kind belongs',
    details: { complaints: [] },
  });
}

function unsound(read: ReadPackage, errors: Complaint[]): SkerryError {
  const ofDescriptor = new Set(read.descriptor.complaints);
  const isPackage = read.descriptor.kind === undefined || errors.some((complaint) => !ofDescriptor.has(complaint));
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
  const noun = isPackage ? 'package' : 'descriptor';
  return new SkerryError(isPackage ? 'InvalidPackage' : 'InvalidDescriptor', `The ${noun} has ${count}`, {
    remedy: 'mend what the complaints name and upload it again; `skerry package validate` checks without uploading',
    details: { complaints: read.complaints },
  });
}

/** A bare descriptor is its package's only file. */
async function keepBareDescriptor(staged: StagedContent, read: ReadPackage): Promise<void> {
  if (read.format !== 'bare') return;
  const target = path.join(staged.filesFolder, read.descriptorPath);
  const isThere = await stat(target).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(staged.packagePath, target);
}

/** Texts that travel inside intents are kept small. */
const maxTextBytes = 64 * 2 ** 10;
const textFolders = /^(Scripts\/)?cloud_init\//;

/** cloud-init texts by path, and by the name under which the descriptor asks for them. */
export async function readTexts(content: SoundContent): Promise<Record<string, string>> {
  const model = content.read.descriptor.model as VnfModel;
  const texts: Record<string, string> = {};
  for (const file of content.read.files.filter((candidate) => textFolders.test(candidate.path))) {
    if (file.bytes <= maxTextBytes) texts[file.path] = await readText(content, file);
  }
  for (const { cloudInit } of model.vdus) {
    if (cloudInit === undefined || !('file' in cloudInit)) continue;
    const { files, descriptorPath } = content.read;
    const paths = files.map(({ path }) => path);
    const place = artifactPath('cloud-init', cloudInit.file, descriptorPath, paths);
    const file = files.find((candidate) => candidate.path === place);
    if (file === undefined) continue;
    if (file.bytes > maxTextBytes) throw tooLong(file);
    texts[cloudInit.file] = texts[file.path] ??= await readText(content, file);
  }
  return texts;
}

function readText(content: SoundContent, file: PackageFile): Promise<string> {
  return readFile(path.join(content.staged.filesFolder, file.path), 'utf8');
}

function tooLong(file: PackageFile): SkerryError {
  const message = `The cloud-init file ${file.path} has ${file.bytes} bytes; at most ${maxTextBytes} are admitted`;
  return new SkerryError('InvalidPackage', message, {
    remedy: 'keep cloud-init short and fetch what is large from the machine itself',
    details: { complaints: [] },
  });
}
