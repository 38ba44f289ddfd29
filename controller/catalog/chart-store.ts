import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { Logger, Random } from '#shared/runtime/index.ts';
import { digestOf, requireSpace, syncPath } from './artefact-store.ts';

const incomingFolder = 'incoming';

/**
 * Charts and folders of manifests as agents fetch them: `<home>/charts/<64 hex>.tgz`. A file appears by one rename after it was
 * synced, so it is whole or absent.
 */
export interface ChartStore {
  open(): Promise<void>;
  /** Keeps bytes under their digest; synced when it returns. @throws DiskFull */
  put(bytes: Buffer): Promise<Digest>;
  has(digest: Digest): Promise<boolean>;
  path(digest: Digest): string;
  remove(digest: Digest): Promise<void>;
  /** An empty folder for work under way; does not outlive a restart. */
  workFolder(): Promise<string>;
  /** Removes what is not in `referenced`, and all that was under way; returns digests of `referenced` that are missing. */
  sweep(referenced: ReadonlySet<string>): Promise<string[]>;
}

export function createChartStore({ folder, random, log }: { folder: string; random: Random; log: Logger }): ChartStore {
  const incoming = path.join(folder, incomingFolder);
  const pathOf = (digest: Digest) => path.join(folder, `${hexOf(digest)}.tgz`);
  const has = (digest: Digest) =>
    stat(pathOf(digest)).then(
      (found) => found.isFile(),
      () => false,
    );

  return {
    open: async () => void (await mkdir(incoming, { recursive: true, mode: 0o700 })),
    async put(bytes) {
      const digest = digestOf(bytes);
      if (await has(digest)) return digest;
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      await requireSpace(folder, bytes.length);
      const part = path.join(incoming, random.uuid());
      try {
        await writeSynced(part, bytes);
        await rename(part, pathOf(digest));
      } catch (error) {
        await rm(part, { force: true });
        throw diskError(error);
      }
      await syncPath(folder);
      return digest;
    },
    has,
    path: pathOf,
    remove: (digest) => rm(pathOf(digest), { force: true }),
    async workFolder() {
      const made = path.join(incoming, random.uuid());
      await mkdir(made, { recursive: true, mode: 0o700 });
      return made;
    },
    async sweep(referenced) {
      await rm(incoming, { recursive: true, force: true });
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      const wanted = new Map([...referenced].map((digest) => [`${hexOf(digest)}.tgz`, digest]));
      for (const name of await readdir(folder)) {
        if (wanted.delete(name) || !/^[0-9a-f]{64}\.tgz$/.test(name)) continue;
        log.info({ file: name }, 'removed a chart that nothing refers to');
        await rm(path.join(folder, name), { force: true });
      }
      return [...wanted.values()];
    },
  };
}

async function writeSynced(target: string, bytes: Buffer): Promise<void> {
  const file = await open(target, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function diskError(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new SkerryError('DiskFull', 'The disk of the chart store is full', {
    remedy: 'delete packages that are not needed, or give the controller a larger disk',
    cause: error,
  });
}

function hexOf(digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (match?.[1] === undefined) throw new SkerryError('Internal', `${digest} is no SHA-256 digest`);
  return match[1];
}
