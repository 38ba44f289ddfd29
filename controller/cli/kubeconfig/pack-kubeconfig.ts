import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SkerryError } from '#shared/errors/index.ts';
import {
  asKubeconfigError,
  type ChosenContext,
  Complaint,
  chooseContext,
  openKubeconfig,
  type Place,
  readKubeconfig,
} from '#shared/kubeconfig/index.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';

/** A kubeconfig that needs no file beside it. */
export interface PackedKubeconfig {
  /** One context with its cluster and user, as JSON, which is YAML too. Holds secrets. */
  text: string;
  context: string;
  server: string;
  /** What will not work from elsewhere, or not for long. */
  warnings: string[];
}

const maxFileBytes = 262_144;
const clusterMembers = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'];

/**
 * Reads a kubeconfig on this machine (`-`: standard input), keeps one context of it and takes in the files that it names, so that
 * it works where the agent is. It is checked as the agent will check it.
 *
 * @throws CliError usage that names the file, the place in it and a remedy; never a secret
 */
export async function packKubeconfig(context: CliContext, file: string, wanted?: string): Promise<PackedKubeconfig> {
  try {
    const root = await openKubeconfig(await readText(context, file));
    const chosen = chooseContext(root, wanted);
    const folder = file === '-' ? context.folder : path.dirname(path.resolve(context.folder, file));
    const text = JSON.stringify(await minify(chosen, folder));
    const read = await readKubeconfig(text, { allowExec: true });
    if (!read.ok) throw usage(file, atPlacesOf(chosen, read.error));
    const warnings = [...warningsOf(chosen, read.value.server), ...expiryOf(context, read.value.certificate?.certPem)];
    return { text, context: chosen.name, server: read.value.server, warnings };
  } catch (error) {
    throw error instanceof Complaint ? usage(file, asKubeconfigError(error)) : error;
  }
}

function usage(file: string, { message, remedy }: { message: string; remedy?: string }): CliError {
  return new CliError(exitCodes.usage, `${file}: ${message}`, remedy);
}

/** The packed file has one cluster and one user; the reader knows theirs under other numbers. */
function atPlacesOf({ cluster, user }: ChosenContext, { message, remedy }: SkerryError) {
  const told = message.replace('clusters[0].cluster', cluster.path).replace('users[0].user', user?.path ?? '');
  return { message: told, remedy };
}

async function minify({ name, context, cluster, user }: ChosenContext, folder: string): Promise<object> {
  const namespace = context.at('namespace').text();
  const users = user === undefined ? [] : [{ name: 'user', user: await packUser(user, folder) }];
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name: 'cluster', cluster: await packCluster(cluster, folder) }],
    users,
    contexts: [
      {
        name,
        context: {
          cluster: 'cluster',
          ...(user !== undefined && { user: 'user' }),
          ...(namespace !== undefined && { namespace }),
        },
      },
    ],
  };
}

async function packCluster(cluster: Place, folder: string): Promise<object> {
  return { ...membersOf(cluster, clusterMembers), ...(await takeIn(cluster, 'certificate-authority', folder)) };
}

async function packUser(user: Place, folder: string): Promise<object> {
  const { tokenFile: _, ...members } = membersOf(user, Object.keys((user.value ?? {}) as object));
  const tokenFile = user.at('tokenFile');
  const name = tokenFile.text();
  return {
    ...members,
    ...(await takeIn(user, 'client-certificate', folder)),
    ...(await takeIn(user, 'client-key', folder)),
    // kubectl prefers the file, too.
    ...(name !== undefined && { token: (await readNamed(tokenFile, name, folder)).toString('utf8').trim() }),
  };
}

function membersOf(place: Place, names: readonly string[]): Record<string, unknown> {
  const files = new Set(['certificate-authority', 'client-certificate', 'client-key']);
  const there = names.filter((name) => !files.has(name) && place.at(name).isThere);
  return Object.fromEntries(there.map((name) => [name, place.at(name).value]));
}

/** `<member>-data`, from the file that `<member>` names where there is no data; kubectl prefers the data. */
async function takeIn(owner: Place, member: string, folder: string): Promise<object> {
  const data = owner.at(`${member}-data`).text();
  if (data !== undefined) return { [`${member}-data`]: data };
  const place = owner.at(member);
  const name = place.text();
  if (name === undefined) return {};
  const bytes = await readNamed(place, name, folder);
  if (!bytes.includes('-----BEGIN '))
    throw place.complaint(`names ${path.resolve(folder, name)}, which is no PEM file`, 'convert it with `openssl`');
  return { [`${member}-data`]: bytes.toString('base64') };
}

async function readNamed(place: Place, name: string, folder: string): Promise<Buffer> {
  const file = path.resolve(folder, name);
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const remedy = 'run this on the machine where the kubeconfig works, as the user for whom it does';
    throw place.complaint(`names ${file}, which cannot be read (${code ?? message})`, remedy);
  }
}

async function readText(context: CliContext, file: string): Promise<string> {
  if (file === '-') return await context.readInput();
  try {
    return await readFile(path.resolve(context.folder, file), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(
      exitCodes.usage,
      `${file} cannot be read (${code ?? message})`,
      'name the file that kubectl uses',
    );
  }
}

function warningsOf({ user }: ChosenContext, server: string): string[] {
  const warnings: string[] = [];
  const { hostname } = new URL(server);
  if (/^(localhost|127\..*|\[::1\])$/.test(hostname))
    warnings.push(
      `${server} is an address of this machine: the agent finds the cluster there only if it runs here, too`,
    );
  if (user === undefined) warnings.push('the context names no user: the cluster will know the agent as anonymous');
  const command = user?.at('exec').at('command').text();
  if (command !== undefined)
    warnings.push(
      `the user signs in by running \`${command}\`, which agents do not do; whoever owns the node can turn it on in the ` +
        'environment of the agent: SKERRY_KUBERNETES_EXEC=allow',
    );
  if (user?.at('tokenFile').text() !== undefined)
    warnings.push('the token was read from its file: when it runs out, give the new one with `skerry infra set`');
  return warnings;
}

function expiryOf({ clock }: CliContext, certPem: string | undefined): string[] {
  if (certPem === undefined) return [];
  const { validTo } = new X509Certificate(certPem);
  if (Date.parse(validTo) > clock.now()) return [];
  return [`the client certificate ran out on ${new Date(validTo).toISOString().slice(0, 10)}`];
}
