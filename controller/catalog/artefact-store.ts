import { createHash } from 'node:crypto';
import { closeSync, fsync, openSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { SkerryError } from '#shared/errors/index.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { Logger, Random } from '#shared/runtime/index.ts';
import type { UploadedFile } from './catalog.ts';

/** Left free on the disk whatever is uploaded: the store beside the artefacts must be able to write. */
const reservedBytes = 64 * 2 ** 20;
const incomingFolder = 'incoming';
const packageName = 'package';
const filesName = 'files';
const parallelSyncs = 8;
const syncDescriptor = promisify(fsync);

/**
 * Content of packages, addressed by the SHA-256 of the package's bytes: `<home>/<64 hex>/{package, files/…}`.
 * Packages with equal content share a folder. A folder appears by one rename after everything in it was synced, so it is
 * whole or absent. What is being uploaded lies under `incoming/` and does not outlive a restart.
 */
export interface ArtefactStore {
  /** Makes the folders. */
  open(): Promise<void>;
  /** @throws DiskFull when `bytes` more would leave too little space. */
  reserve(bytes: number): Promise<void>;
  /** A path for an upload in a folder of its own. */
  incomingPath(): Promise<string>;
  /** Moves an uploaded file to a folder of its own, where it can be unpacked. */
  stage(file: UploadedFile): Promise<StagedContent>;
  /** Makes staged content permanent under its digest; equal content that is there already wins. */
  keep(staged: StagedContent, digest: Digest): Promise<void>;
  discard(staged: StagedContent): Promise<void>;
  discardIncoming(uploadPath: string): Promise<void>;
  packagePath(digest: Digest): string;
  filesFolder(digest: Digest): string;
  /** @throws NotFound for a path that leaves the folder. */
  filePath(digest: Digest, file: string): string;
  remove(digest: Digest): Promise<void>;
  /** Removes what is not in `referenced`, and all half uploads; returns digests of `referenced` that are missing. */
  sweep(referenced: ReadonlySet<Digest>): Promise<Digest[]>;
}

export interface StagedContent {
  folder: string;
  /** The package under its own (cleaned) file name. */
  packagePath: string;
  filesFolder: string;
}

export interface ArtefactStoreDependencies {
  /** Made when absent, readable by its owner only. */
  folder: string;
  random: Random;
  log: Logger;
}

export function createArtefactStore({ folder, random, log }: ArtefactStoreDependencies): ArtefactStore {
  const incoming = path.join(folder, incomingFolder);
  const folderOf = (digest: Digest) => path.join(folder, hexOf(digest));

  async function newFolder(): Promise<string> {
    const made = path.join(incoming, random.uuid());
    await mkdir(made, { recursive: true, mode: 0o700 });
    return made;
  }

  async function keep(staged: StagedContent, digest: Digest): Promise<void> {
    const target = folderOf(digest);
    if (await exists(target)) return discardFolder(staged.folder);
    await rename(staged.packagePath, path.join(staged.folder, packageName));
    await syncTree(staged.folder);
    await rename(staged.folder, target);
    await syncPath(folder);
  }

  async function sweep(referenced: ReadonlySet<Digest>): Promise<Digest[]> {
    await discardFolder(incoming);
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    const wanted = new Map([...referenced].map((digest) => [hexOf(digest), digest]));
    for (const name of await readdir(folder)) {
      if (name === incomingFolder || wanted.delete(name) || !/^[0-9a-f]{64}$/.test(name)) continue;
      log.info({ folder: name }, 'removed content that no package refers to');
      await discardFolder(path.join(folder, name));
    }
    return [...wanted.values()];
  }

  return {
    open: async () => void (await mkdir(incoming, { recursive: true, mode: 0o700 })),
    reserve: (bytes) => requireSpace(folder, bytes),
    incomingPath: async () => path.join(await newFolder(), packageName),
    async stage(file) {
      // An upload has a folder of its own already; one that is somebody else's is left alone.
      const isUpload = path.dirname(path.dirname(file.path)) === incoming;
      const staged = isUpload ? path.dirname(file.path) : await newFolder();
      const packagePath = path.join(staged, cleanFileName(file.fileName));
      if (packagePath !== file.path) await moveFile(file.path, packagePath);
      return { folder: staged, packagePath, filesFolder: path.join(staged, filesName) };
    },
    keep,
    discard: (staged) => discardFolder(staged.folder),
    discardIncoming: (uploadPath) => discardFolder(path.dirname(uploadPath)),
    packagePath: (digest) => path.join(folderOf(digest), packageName),
    filesFolder: (digest) => path.join(folderOf(digest), filesName),
    filePath: (digest, file) => insideOf(path.join(folderOf(digest), filesName), file),
    remove: (digest) => discardFolder(folderOf(digest)),
    sweep,
  };
}

/** SHA-256 of bytes in the form that content is addressed by. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

function hexOf(digest: Digest): string {
  const hex = digest.startsWith('sha256:') ? digest.slice(7) : digest;
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new SkerryError('Internal', `${digest} is no SHA-256 digest`);
  return hex;
}

function insideOf(folder: string, file: string): string {
  const target = path.resolve(folder, file);
  if (!target.startsWith(folder + path.sep)) throw new SkerryError('NotFound', `The package has no file ${file}`);
  return target;
}

/** Only for people and for the reader's complaints; never a path. */
function cleanFileName(name: string): string {
  const clean = path.posix
    .basename(name.replaceAll('\\', '/'))
    .replace(/[^\w.+-]/g, '_')
    .slice(-100);
  return clean === '' || clean === '.' || clean === '..' || clean === filesName ? packageName : clean;
}

export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - bytes >= reservedBytes) return;
  throw new SkerryError('DiskFull', `The disk of the artefact store has too little room for ${bytes} more bytes`, {
    remedy: 'delete packages that are not needed, or give the controller a larger disk',
    details: { freeBytes: bavail * bsize, neededBytes: bytes + reservedBytes },
  });
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await cp(from, to);
    await rm(from);
  }
}

/** Removes a folder even where a package made parts of it read-only. */
async function discardFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function exists(target: string): Promise<boolean> {
  return stat(target).then(
    () => true,
    () => false,
  );
}

/** Files, then the folders that name them. */
async function syncTree(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const queue = [...files, ...folders, root];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await syncPath(next);
  };
  await Promise.all(Array.from({ length: parallelSyncs }, worker));
}

export async function syncPath(target: string): Promise<void> {
  // Written a moment ago, so that opening it reads nothing from the disk; the way through the thread pool would take longer.
  const descriptor = openSync(target, 'r');
  try {
    await syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
