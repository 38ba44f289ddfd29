import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runProgram } from '../helm/run-program.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { parseManifests } from '../objects/parse-manifests.ts';
import { findProgram } from './find-program.ts';

const limits = { files: 2000, bytes: 32 * 2 ** 20 };
const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const buildTimeoutMs = 60_000;

/** `kubectl` (kubectl kustomize) or `kustomize`: a name on `path`, or a path. */
export interface KustomizeProgram {
  program: string;
  path: string;
}

/** No program to fetch with is found, and no proxy answers there: bases that lie elsewhere cannot be read. */
const seclusion = { PATH: '', HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };

/**
 * A folder that travelled as .tgz → its objects: built by Kustomize where it has a kustomization, read file by file otherwise.
 * Nothing outside of the folder is read.
 */
export async function renderFolder(
  { program, path: search }: KustomizeProgram,
  archive: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const { x: extract } = await import('tar');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'skerry-folder-'));
  try {
    await extract({ file: archive, cwd: folder, filter: (_, entry) => isPlain(entry), maxReadSize: limits.bytes });
    const root = await rootOf(folder);
    const names = await readdir(root);
    if (names.some((name) => kustomizations.includes(name))) {
      const text = await runProgram({
        program: await findProgram(program, search),
        args: /kustomize$/.test(program) ? ['build', root] : ['kustomize', root],
        environment: { ...seclusion, HOME: folder },
        timeoutMs: buildTimeoutMs,
        maxOutputBytes: limits.bytes,
        signal,
      });
      return (await parseManifests(text, 'the kustomization')).map(({ object }) => object);
    }
    return await readFiles(root);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isPlain(entry: unknown): boolean {
  const { type } = entry as { type?: string };
  return type === 'File' || type === 'Directory' || type === 'OldFile';
}

/** An archive holds the folder itself: one folder at the top is it. */
async function rootOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const [only] = entries;
  return entries.length === 1 && only?.isDirectory() ? path.join(folder, only.name) : folder;
}

async function readFiles(root: string): Promise<KubeObject[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/i.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .slice(0, limits.files);
  const objects: KubeObject[] = [];
  for (const file of files) {
    const parsed = await parseManifests(await readFile(file, 'utf8'), path.relative(root, file));
    objects.push(...parsed.map(({ object }) => object));
  }
  return objects;
}
