import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import type { ListedChart } from '#shared/model/charts.ts';
import { chartLimits } from '#shared/package/chart-file.ts';
import type { ChartAddress } from './chart-address.ts';
import type { HelmProgram, HelmResult } from './helm-program.ts';

/** Names the one repository in Helm's own list. */
const alias = 'repository';
const maxListed = 5_000;

export interface HelmClientDependencies {
  program: HelmProgram;
  /** An empty private folder for one call; removed afterwards. */
  workFolder(): Promise<string>;
}

/** How a repository is entered: what Helm is given in files of mode 0600, never as arguments. */
export interface Access {
  username?: string;
  password?: string;
  caPem?: string;
  plainHttp: boolean;
  /** Binary OpenPGP keys. */
  keyring?: Buffer;
}

/** Fetches charts with Helm. Errors: NotFound, Unprocessable (credentials, provenance), Unavailable, Timeout, TooLarge. */
export class HelmClient {
  readonly #given: HelmClientDependencies;

  constructor(given: HelmClientDependencies) {
    this.#given = given;
  }

  /** Bytes of the chart's archive. */
  pull(address: ChartAddress, access: Access, signal?: AbortSignal): Promise<Buffer> {
    return this.#inFolder(async (home) => {
      await writeAccess(home, address, access);
      const target = path.join(home, 'out');
      await mkdir(target);
      const isEntered = address.kind === 'file' && access.username !== undefined;
      if (address.kind === 'helm') await this.#update(home, address, signal);
      else if (isEntered) await writeOwnIndex(home, address);
      const what = address.kind === 'helm' ? `${alias}/${address.chart}` : isEntered ? `${alias}/chart` : address.url;
      const args = ['pull', `--destination=${target}`, ...accessFlags(home, address, access)];
      if (address.version !== '' && address.kind !== 'file') args.push(`--version=${address.version}`);
      if (access.keyring !== undefined) args.push('--verify', `--keyring=${path.join(home, 'keyring.gpg')}`);
      const result = await this.#run(home, [...args, '--', what], signal);
      if (result.code !== 0) throw pullError(address, result);
      return readPulled(target, address);
    });
  }

  /** Charts of a Helm repository with their versions. */
  list(address: ChartAddress, access: Access, signal?: AbortSignal): Promise<ListedChart[]> {
    return this.#inFolder(async (home) => {
      await writeAccess(home, address, access);
      await this.#update(home, address, signal);
      const result = await this.#run(home, ['search', 'repo', '--versions', '--devel', '--output=json'], signal);
      if (result.code !== 0) throw pullError(address, result);
      return listedCharts(result.stdout);
    });
  }

  async #update(home: string, address: ChartAddress, signal: AbortSignal | undefined): Promise<void> {
    const result = await this.#run(home, ['repo', 'update', alias], signal);
    const index = path.join(home, 'repository', `${alias}-index.yaml`);
    const isThere = await stat(index).then(
      () => true,
      () => false,
    );
    // Helm 3 says on standard output why, and ends well all the same.
    if (!isThere) throw updateError(address, result);
  }

  #run(home: string, args: string[], signal: AbortSignal | undefined): Promise<HelmResult> {
    return this.#given.program.run({ home, args, ...(signal === undefined ? {} : { signal }) });
  }

  async #inFolder<T>(work: (home: string) => Promise<T>): Promise<T> {
    const home = await this.#given.workFolder();
    try {
      return await work(home);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }
}

async function writeAccess(home: string, address: ChartAddress, access: Access): Promise<void> {
  const { username, password = '', caPem, keyring } = access;
  const write = (name: string, content: string | Buffer) => writeFile(path.join(home, name), content, { mode: 0o600 });
  const login = username === undefined ? {} : { username, password };
  const caFile = caPem === undefined ? {} : { caFile: path.join(home, 'ca.pem') };
  const url = address.kind === 'file' ? (address.repository?.url ?? '') : address.url;
  const repositories = address.kind === 'oci' || url === '' ? [] : [{ name: alias, url, ...login, ...caFile }];
  // JSON is YAML.
  await write('repositories.yaml', JSON.stringify({ apiVersion: '', generated: '2000-01-01T00:00:00Z', repositories }));
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const auths = address.kind === 'oci' && username !== undefined ? { [new URL(address.url).host]: { auth } } : {};
  await write('registry.json', JSON.stringify({ auths }));
  if (caPem !== undefined) await write('ca.pem', caPem);
  if (keyring !== undefined) await write('keyring.gpg', keyring);
}

/** Helm enters a repository for what its index names, and for nothing else: an index of this one file. */
async function writeOwnIndex(home: string, { url }: ChartAddress): Promise<void> {
  const chart = [{ apiVersion: 'v2', name: 'chart', version: '0.0.0', urls: [url] }];
  const index = { apiVersion: 'v1', generated: '2000-01-01T00:00:00Z', entries: { chart } };
  await mkdir(path.join(home, 'repository'));
  await writeFile(path.join(home, 'repository', `${alias}-index.yaml`), JSON.stringify(index), { mode: 0o600 });
}

function accessFlags(home: string, { kind }: ChartAddress, { caPem, plainHttp }: Access): string[] {
  const ca = caPem === undefined ? [] : [`--ca-file=${path.join(home, 'ca.pem')}`];
  return kind === 'oci' && plainHttp ? [...ca, '--plain-http'] : ca;
}

async function readPulled(folder: string, address: ChartAddress): Promise<Buffer> {
  const [name, ...others] = (await readdir(folder)).filter((file) => !file.endsWith('.prov'));
  if (name === undefined || others.length > 0)
    throw new SkerryError('Unprocessable', `What ${nameOf(address)} holds is no chart`);
  const file = path.join(folder, name);
  const found = await stat(file);
  if (!found.isFile() || found.size > chartLimits.maxUnpackedBytes)
    throw new SkerryError(
      'Unprocessable',
      `${nameOf(address)} has ${found.size} bytes, which is too large for a chart`,
    );
  return readFile(file);
}

function listedCharts(text: string): ListedChart[] {
  const rows = JSON.parse(text) as { name: string; version: string; app_version: string; description: string }[];
  const charts = new Map<string, ListedChart>();
  for (const row of rows) {
    const name = row.name.slice(alias.length + 1);
    const chart = charts.get(name) ?? { name, description: row.description.slice(0, 500), versions: [] };
    if (charts.size >= maxListed) break;
    charts.set(name, chart);
    chart.versions.push({ version: row.version, appVersion: row.app_version });
  }
  return [...charts.values()].sort((one, two) => (one.name < two.name ? -1 : 1));
}

export function nameOf({ kind, url, chart, version }: ChartAddress): string {
  const where = kind === 'helm' ? `${chart} of ${url}` : url;
  return version === '' || kind === 'file' ? where : `${where} in version ${version}`;
}

function updateError(address: ChartAddress, { stdout, stderr }: HelmResult): SkerryError {
  const said = lastWords(`${stdout}\n${stderr}`);
  if (/\b40[13]\b|unauthorized|forbidden/i.test(said)) return refusedError(address, said);
  return new SkerryError(
    'Unavailable',
    `The chart repository ${address.repository?.url ?? address.url} does not answer as one: ${said}`,
    {
      remedy: 'see whether the controller reaches it, and whether its URL has an index.yaml',
    },
  );
}

function pullError(address: ChartAddress, { stderr }: HelmResult): SkerryError {
  const said = lastWords(stderr);
  const of = nameOf(address);
  if (/provenance|openpgp|signature|keyring|verification|\.prov\b|sha256 sum does not match/i.test(said))
    return new SkerryError(
      'Unprocessable',
      `The provenance of ${of} is not by a key of the repository's keyring: ${said}`,
      {
        remedy: 'have the chart signed by a key that is registered, or register its key',
      },
    );
  if (/\b40[13]\b|unauthorized|forbidden|denied/i.test(said)) return refusedError(address, said);
  if (
    /not found|404|no chart (?:version|name) found|could not locate a version|unknown/i.test(said) &&
    !/no such host/i.test(said)
  )
    return new SkerryError('NotFound', `There is no ${of}: ${said}`, {
      remedy: 'see `skerry repo charts` for what there is',
    });
  if (/improper constraint|invalid (?:chart )?(?:version|reference)/i.test(said))
    return new SkerryError('Unprocessable', `${of} cannot be asked for: ${said}`);
  return new SkerryError('Unavailable', `${of} cannot be fetched: ${said}`, {
    remedy: 'see whether the controller reaches the repository',
  });
}

function refusedError(address: ChartAddress, said: string): SkerryError {
  return new SkerryError('Unprocessable', `${nameOf(address)} is refused: ${said}`, {
    remedy: 'register the repository with a user name and password that may read it',
  });
}

function lastWords(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^(?:Error|level=\w+ msg=)[:\s]*/, '').trim());
  const said = lines
    .filter((line) => line !== '' && !/^\.\.\.|^Hang tight|^Update Complete|^WARNING/i.test(line))
    .join(' ');
  return said.replace(/\/\/[^/@\s]*@/g, '//…@').slice(-500) || 'it said nothing';
}
