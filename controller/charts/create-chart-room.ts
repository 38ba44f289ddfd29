import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ChartRef, ChartRepository, ChartSource, ListedChart, StoredChart } from '#shared/model/charts.ts';
import type { Digest } from '#shared/model/ids.ts';
import { readChartArchive } from '#shared/package/chart-archive.ts';
import { PackageFault } from '#shared/package/package-fault.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import { isLoopback } from '#shared/runtime/loopback.ts';
import { isPrivateAddress } from '#shared/runtime/private-address.ts';
import type { Store } from '#shared/store/store.ts';
import type { ChartStore } from '../catalog/index.ts';
import { keys } from '../keys.ts';
import type { SecretBox } from '../notify/index.ts';
import { type ChartAddress, chartAddress, isExact } from './chart-address.ts';
import { ChartRepositories } from './chart-repositories.ts';
import { HelmClient, nameOf } from './helm-client.ts';
import { HelmProgram } from './helm-program.ts';

/** Programs at once; each may hold an index of many megabytes. */
const parallelRuns = 4;

export interface ChartRoomDependencies {
  store: Store;
  charts: ChartStore;
  box: SecretBox;
  helm: { program: string; environment: Record<string, string> };
  clock: Clock;
  random: Random;
  log: Logger;
}

/** `chart-version/<hash>` */
interface KnownVersion {
  chart: StoredChart;
  fetchedAt: number;
}

export interface ChartRoom extends ChartSource {
  repositories: ChartRepositories;
  /** Charts of a registered Helm repository. @throws NotFound, Unavailable, NotImplemented for OCI registries */
  list(repository: ChartRepository, signal?: AbortSignal): Promise<ListedChart[]>;
}

export function createChartRoom(given: ChartRoomDependencies): ChartRoom {
  return new FetchingCharts(given);
}

class FetchingCharts implements ChartRoom {
  readonly repositories: ChartRepositories;
  readonly #given: ChartRoomDependencies;
  readonly #client: HelmClient;
  readonly #underWay = new Map<string, Promise<StoredChart>>();
  #free = parallelRuns;
  readonly #waiting: (() => void)[] = [];

  constructor(given: ChartRoomDependencies) {
    this.#given = given;
    this.repositories = new ChartRepositories(given);
    const program = new HelmProgram({ ...given.helm, clock: given.clock });
    this.#client = new HelmClient({ program, workFolder: () => given.charts.workFolder() });
  }

  async resolve(ref: ChartRef, signal?: AbortSignal): Promise<StoredChart | undefined> {
    const address = chartAddress(ref, await this.repositories.all());
    if (address === undefined) return undefined;
    if (address.repository === undefined) await requireOpenAddress(address);
    const key = keyOf(address);
    const known = await this.#known(key);
    if (known !== undefined && isExact(address.version) && address.kind !== 'file') return known;
    try {
      return await this.#fetchOnce(address, key, signal);
    } catch (error) {
      if (known === undefined || !isAway(error)) throw error;
      const { log } = this.#given;
      log.warn(
        { chart: nameOf(address), version: known.version, reason: String(error) },
        'a repository is away: what it last gave is used',
      );
      return known;
    }
  }

  async list(repository: ChartRepository, signal?: AbortSignal): Promise<ListedChart[]> {
    if (repository.type === 'oci')
      throw new SkerryError(
        'NotImplemented',
        `${repository.name} is an OCI registry, which does not say what it holds`,
        {
          remedy: 'name charts as repository/chart:version',
        },
      );
    const address: ChartAddress = { kind: 'helm', url: repository.url, chart: '', version: '', repository };
    return this.#inTurn(() => this.#client.list(address, this.repositories.access(repository), signal));
  }

  /** One fetch for all who ask for the same; each may leave without taking it from the others. */
  #fetchOnce(address: ChartAddress, key: string, signal: AbortSignal | undefined): Promise<StoredChart> {
    const present = this.#underWay.get(key);
    const fetching = present ?? this.#inTurn(() => this.#fetch(address, key)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, fetching);
    return signal === undefined ? fetching : leaving(fetching, signal);
  }

  async #fetch(address: ChartAddress, key: string): Promise<StoredChart> {
    const { store, charts, clock, log } = this.#given;
    const { repository } = address;
    const access = repository === undefined ? { plainHttp: false } : this.repositories.access(repository);
    const bytes = await this.#client.pull(address, access);
    const { name, version, appVersion } = await readChart(bytes, address);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
    const chart: StoredChart = { digest, kind: 'helm', name, version, appVersion };
    // Kept before the file is there: nothing may sweep it in between.
    await store.commit([{ key: keys.fetchedChart(digest.slice(7)), value: { chart, from: nameOf(address) } }]);
    await charts.put(bytes);
    const value: KnownVersion = { chart, fetchedAt: clock.now() };
    const exact = address.kind === 'file' ? key : keyOf({ ...address, version });
    await store.commit([...new Set([key, exact])].map((each) => ({ key: each, value })));
    log.info({ chart: nameOf(address), version, digest }, 'a chart was fetched');
    return chart;
  }

  async #known(key: string): Promise<StoredChart | undefined> {
    const entry = await this.#given.store.get<KnownVersion>(key);
    if (entry === undefined || !(await this.#given.charts.has(entry.value.chart.digest))) return undefined;
    return entry.value.chart;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** By the keyring too: what was fetched unverified is not what a keyring asks for. */
function keyOf({ kind, url, chart, version, repository }: ChartAddress): string {
  const facts = [kind, url, kind === 'helm' ? chart : '', version, repository?.keyring ?? ''];
  return keys.chartVersion(createHash('sha256').update(JSON.stringify(facts)).digest('hex'));
}

async function readChart(bytes: Buffer, address: ChartAddress) {
  try {
    const { chart } = await readChartArchive(once(bytes), nameOf(address));
    if (chart !== undefined) return chart;
    throw new PackageFault('BadChart', nameOf(address), 'has no Chart.yaml', 'see what lies there');
  } catch (error) {
    if (!(error instanceof PackageFault)) throw error;
    const { file, message, remedy } = error.complaint;
    throw new SkerryError('Unprocessable', `${file} is no sound chart: ${message}`, { remedy, cause: error });
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** A request's own URL must not lead into the controller's network; what operators registered may. */
async function requireOpenAddress({ url }: ChartAddress): Promise<void> {
  const { protocol, hostname } = new URL(url);
  const refuse = (why: string) =>
    new SkerryError('Unprocessable', `${url} is not fetched: ${why}`, {
      remedy: 'have it registered as a chart repository (skerry repo add)',
    });
  if (protocol === 'http:') throw refuse('plain HTTP is for registered repositories only');
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host)) throw refuse('a private address');
  const addresses = await lookup(host, { all: true }).catch(() => []);
  if (addresses.some(({ address }) => isPrivateAddress(address))) throw refuse('a private address');
}

function isAway(error: unknown): boolean {
  return isSkerryError(error) && ['Unavailable', 'Timeout', 'Aborted'].includes(error.code);
}

function leaving<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
