import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SkerryApi } from '../api.ts';
import type { ChartRepositoryView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { type OutputFormat, printFacts, printRows } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';

export interface RepoOptions {
  type?: 'helm' | 'oci';
  url?: string;
  username?: string;
  passwordFile?: string;
  ca?: string;
  plainHttp?: boolean;
  keyring?: string;
  description?: string;
  output: OutputFormat;
}

export function addRepo(
  context: CliContext,
  { name, url, options }: { name: string; url: string; options: RepoOptions },
): Promise<void> {
  return withSession(context, async (api) => {
    const type = options.type ?? (/^oci:/i.test(url) ? 'oci' : 'helm');
    const repository = await api.createChartRepository({ name, type, url, ...(await accessOf(context, options)) });
    await printRepo(context, repository, options.output);
  });
}

export function listRepos(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    await printRows(context, output, await api.chartRepositories(), [
      { title: 'name', value: (repo) => repo.name },
      { title: 'type', value: (repo) => repo.type },
      { title: 'url', value: (repo) => repo.url },
      { title: 'verified', value: (repo) => (repo.hasKeyring ? 'yes' : 'no') },
      { title: 'description', value: (repo) => repo.description },
    ]);
  });
}

export function showRepo(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => printRepo(context, await findRepo(api, name), output));
}

export function updateRepo(context: CliContext, name: string, options: RepoOptions): Promise<void> {
  return withSession(context, async (api) => {
    const { id } = await findRepo(api, name);
    const patch = { ...(options.url === undefined ? {} : { url: options.url }), ...(await accessOf(context, options)) };
    if (Object.keys(patch).length === 0) throw new CliError(exitCodes.usage, 'nothing to change is given');
    await printRepo(context, await api.updateChartRepository(id, patch), options.output);
  });
}

export function deleteRepo(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const repo = await findRepo(api, name);
    await api.deleteChartRepository(repo.id);
    context.err(`chart repository ${repo.name} is deleted\n`);
  });
}

export function listCharts(
  context: CliContext,
  { name, chart, output }: { name: string; chart: string | undefined; output: OutputFormat },
): Promise<void> {
  return withSession(context, async (api) => {
    const repo = await findRepo(api, name);
    const charts = await api.listedCharts(repo.id, chart);
    if (output !== 'table') return printRows(context, output, charts, []);
    const rows = charts.flatMap((each) =>
      (chart === undefined ? each.versions.slice(0, 1) : each.versions).map((version) => ({ ...version, chart: each })),
    );
    await printRows(context, output, rows, [
      { title: 'chart', value: (row) => `${repo.name}/${row.chart.name}` },
      { title: 'version', value: (row) => row.version },
      { title: 'app version', value: (row) => row.appVersion },
      { title: 'description', value: (row) => row.chart.description },
    ]);
  });
}

async function findRepo(api: SkerryApi, wanted: string): Promise<ChartRepositoryView> {
  return resolveOne('chart repository', await api.chartRepositories(), wanted, (repo) => [repo.name]);
}

/** Members that are given; an empty text takes one away. */
async function accessOf(context: CliContext, options: RepoOptions): Promise<Record<string, unknown>> {
  const { username, ca, keyring, plainHttp, description } = options;
  const password = await passwordOf(context, options);
  const orNull = (text: string) => (text === '' ? null : text);
  return {
    ...(username === undefined ? {} : { username: orNull(username) }),
    ...(password === undefined ? {} : { password: orNull(password) }),
    ...(ca === undefined ? {} : { caPem: ca === '' ? null : (await readGiven(context, ca)).toString('utf8') }),
    ...(keyring === undefined
      ? {}
      : { keyring: keyring === '' ? null : keyringText(await readGiven(context, keyring)) }),
    ...(plainHttp === undefined ? {} : { plainHttp }),
    ...(description === undefined ? {} : { description }),
  };
}

async function passwordOf(context: CliContext, options: RepoOptions): Promise<string | undefined> {
  const { username, passwordFile } = options;
  if (username === '') return '';
  if (passwordFile === '') return '';
  if (passwordFile === '-') return (await context.readInput()).trim();
  if (passwordFile !== undefined) return (await readGiven(context, passwordFile)).toString('utf8').trim();
  if (username === undefined) return undefined;
  if (!context.isInTerminal)
    throw new CliError(exitCodes.usage, 'a user name needs a password', 'give --password-file FILE');
  const { askPassword } = await import('../ask-password.ts');
  return askPassword(`password of ${username}: `, context.signal);
}

function keyringText(bytes: Buffer): string {
  return bytes.includes('-----BEGIN PGP') ? bytes.toString('utf8') : bytes.toString('base64');
}

async function readGiven(context: CliContext, file: string): Promise<Buffer> {
  try {
    return await readFile(path.resolve(context.folder, file));
  } catch (error) {
    throw new CliError(exitCodes.usage, `${file} cannot be read: ${(error as Error).message.split('\n')[0]}`);
  }
}

function printRepo(context: CliContext, repo: ChartRepositoryView, output: OutputFormat): Promise<void> {
  return printFacts(context, output, repo, [
    ['name', repo.name],
    ['id', repo.id],
    ['type', repo.type],
    ['url', repo.url],
    ['user name', repo.username],
    ['password', repo.hasPassword ? 'set' : undefined],
    ['own CA', repo.caPem === undefined ? undefined : 'yes'],
    ['plain HTTP', repo.plainHttp ? 'yes' : undefined],
    ['provenance', repo.hasKeyring ? 'required' : 'not asked for'],
    ['description', repo.description],
  ]);
}
