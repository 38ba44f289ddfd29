import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';

const timeLimitMs = 60_000;
const maxOutputBytes = 16 * 2 ** 20;
const maxErrorBytes = 64 * 1024;
/** A chart and the index of its repository. */
const maxFolderBytes = 256 * 2 ** 20;
const watchMs = 250;

export interface HelmProgramOptions {
  /** `helm`, or a path. */
  program: string;
  /** PATH, proxies and certificates of the machine; nothing else of the environment is passed on. */
  environment: Record<string, string>;
  clock: Clock;
}

export interface HelmRun {
  /** Helm's own homes; all that it reads and writes. */
  home: string;
  args: readonly string[];
  signal?: AbortSignal;
}

/** What Helm said. `code` 0: it did what it should. */
export interface HelmResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program `helm` (3 or 4), never through a shell, with limits on time, output and what it writes. */
export class HelmProgram {
  readonly #options: HelmProgramOptions;

  constructor(options: HelmProgramOptions) {
    this.#options = options;
  }

  /** @throws SkerryError Unavailable (no such program), Timeout, TooLarge, Aborted */
  async run({ home, args, signal }: HelmRun): Promise<HelmResult> {
    const { program, environment, clock } = this.#options;
    const child = spawn(program, [...args], {
      cwd: home,
      env: { ...environment, ...homes(home) },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
    });
    let failure: SkerryError | undefined;
    const end = (error: SkerryError) => {
      failure ??= error;
      child.kill('SIGKILL');
    };
    const stdout = gather(child.stdout, maxOutputBytes, () => end(tooMuch('says')));
    const stderr = gather(child.stderr, maxErrorBytes, undefined);
    const cancelLimit = clock.timer(timeLimitMs, () =>
      end(new SkerryError('Timeout', `helm ${args[0]} took longer than ${timeLimitMs / 1000} s`)),
    );
    const cancelWatch = watchFolder(clock, home, () => end(tooMuch('fetches')));
    const abort = () => end(new SkerryError('Aborted', 'Fetching a chart was aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    try {
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', (cause) => reject(notStarted(program, cause)));
        child.once('close', (exit) => resolve(exit ?? 1));
      });
      if (failure !== undefined) throw failure;
      return { code, stdout: stdout(), stderr: stderr() };
    } finally {
      cancelLimit();
      cancelWatch();
      signal?.removeEventListener('abort', abort);
    }
  }
}

/** Where Helm 3 and 4 look for what is theirs. */
function homes(home: string): Record<string, string> {
  return {
    HOME: home,
    HELM_CACHE_HOME: path.join(home, 'cache'),
    HELM_CONFIG_HOME: path.join(home, 'config'),
    HELM_DATA_HOME: path.join(home, 'data'),
    HELM_PLUGINS: path.join(home, 'plugins'),
    HELM_REGISTRY_CONFIG: path.join(home, 'registry.json'),
    HELM_REPOSITORY_CONFIG: path.join(home, 'repositories.yaml'),
    HELM_REPOSITORY_CACHE: path.join(home, 'repository'),
    DOCKER_CONFIG: path.join(home, 'docker'),
  };
}

function gather(stream: NodeJS.ReadableStream, maxBytes: number, onExcess: (() => void) | undefined): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else onExcess?.();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Helm has no limit of its own on what it downloads. */
function watchFolder(clock: Clock, folder: string, onExcess: () => void): () => void {
  let isEnded = false;
  let cancel = () => {};
  const look = async () => {
    const bytes = await folderBytes(folder).catch(() => 0);
    if (isEnded) return;
    if (bytes > maxFolderBytes) onExcess();
    else cancel = clock.timer(watchMs, () => void look());
  };
  cancel = clock.timer(watchMs, () => void look());
  return () => {
    isEnded = true;
    cancel();
  };
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += await stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}

function tooMuch(does: string): SkerryError {
  return new SkerryError('TooLarge', `Helm ${does} more than is taken`, { remedy: 'see what the repository holds' });
}

function notStarted(program: string, cause: NodeJS.ErrnoException): SkerryError {
  const isMissing = cause.code === 'ENOENT' || cause.code === 'EACCES';
  return new SkerryError(
    'Unavailable',
    isMissing ? `The program ${program} is not there` : `${program} cannot be started: ${cause.message}`,
    {
      remedy: 'install Helm 3 or 4 on the machine of the controller, or name it with SKERRY_HELM',
      cause,
    },
  );
}
