import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CliContext } from './cli-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** `login.json`, mode 0600: where the controller is, whom to trust there, and who we are. */
export interface Login {
  url: string;
  /** CA certificate, PEM; absent for plain HTTP. */
  caPem?: string;
  username: string;
  project?: string;
  token: string;
  /** Epoch milliseconds. */
  expiresAt: number;
  /** The demo keeps its own made-up password beside the login, so that tokens renew by themselves. */
  passwordFile?: string;
}

/**
 * Where the login is kept: SKERRY_HOME when set, else a demo's `.skerry` in the working folder or above it,
 * else the user's configuration folder.
 */
export function loginPath(context: CliContext): string {
  const { SKERRY_HOME: home, XDG_CONFIG_HOME: configuration } = context.environment;
  if (home) return path.resolve(context.folder, home, 'login.json');
  const demo = findDemoHome(context.folder);
  if (demo !== undefined) return path.join(demo, 'login.json');
  return path.join(configuration || path.join(context.homeFolder, '.config'), 'skerry', 'login.json');
}

/** The `.skerry` of the working folder, or of the nearest folder above that holds a demo. */
export function findDemoHome(start: string): string | undefined {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, '.skerry');
    if (existsSync(path.join(candidate, 'login.json'))) return candidate;
    if (folder === path.dirname(folder)) return undefined;
  }
}

export async function readLogin(context: CliContext): Promise<Login> {
  const file = loginPath(context);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new CliError(
      exitCodes.forbidden,
      `not logged in: there is no ${file}`,
      'run `skerry login URL`, or `npm start` for the demo',
    );
  }
  return parseLogin(text, file);
}

function parseLogin(text: string, file: string): Login {
  const broken = new CliError(exitCodes.forbidden, `${file} is not a login file`, 'remove it and run `skerry login`');
  let value: Partial<Login>;
  try {
    value = JSON.parse(text) as Partial<Login>;
  } catch {
    throw broken;
  }
  if (typeof value.url !== 'string' || typeof value.token !== 'string' || typeof value.username !== 'string')
    throw broken;
  return { ...value, url: value.url, token: value.token, username: value.username, expiresAt: value.expiresAt ?? 0 };
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export async function writeLogin(file: string, login: Login): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
