import { SkerryError } from '#shared/errors/index.ts';
import type { ChartRef, ChartRepository } from '#shared/model/charts.ts';

/** Where a chart is: all that a client of repositories needs. */
export interface ChartAddress {
  kind: 'helm' | 'oci' | 'file';
  /** Of the repository (helm), of the chart (oci), of the archive (file). */
  url: string;
  /** Name in the repository; of `oci` and `file` for people only. */
  chart: string;
  /** '' for the newest; may be a range. */
  version: string;
  /** Registered: its credentials, certificate and keyring are used. */
  repository?: ChartRepository;
}

const chartPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
/** What Helm takes as a version or a range; nothing that begins like an option. */
const versionPattern = /^[A-Za-z0-9^~<>=*][A-Za-z0-9.+*^~<>=!|, -]{0,127}$/;
const exactPattern = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** An exact version is always the same chart. */
export function isExact(version: string): boolean {
  return exactPattern.test(version);
}

/**
 * What a name means, given the registered repositories.
 * @returns undefined for a name that belongs to none of them and is no URL
 * @throws SkerryError Unprocessable for URLs and versions that are never fetched
 */
export function chartAddress(ref: ChartRef, repositories: readonly ChartRepository[]): ChartAddress | undefined {
  if (/^oci:\/\//i.test(ref.chart)) return ociAddress(ref.chart, ref.version, repositories);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(ref.chart) || /^file:/i.test(ref.chart)) return fileAddress(ref, repositories);
  if (ref.repository !== undefined) return inRepository(ref, ref.repository, repositories);
  const slash = ref.chart.indexOf('/');
  const repository = repositories.find(({ name }) => name === ref.chart.slice(0, slash));
  if (slash < 1 || repository === undefined) return undefined;
  return addressIn(repository.url, ref.chart.slice(slash + 1), ref.version, repository);
}

function inRepository(
  ref: ChartRef,
  wanted: string,
  repositories: readonly ChartRepository[],
): ChartAddress | undefined {
  const named = repositories.find(({ name }) => name === wanted);
  if (named !== undefined) return addressIn(named.url, ref.chart, ref.version, named);
  if (!wanted.includes('://')) return undefined;
  const { href } = checkedUrl(wanted);
  return addressIn(href, ref.chart, ref.version, covering(href, repositories));
}

function addressIn(
  url: string,
  chart: string,
  version: string | undefined,
  repository: ChartRepository | undefined,
): ChartAddress {
  const base = url.replace(/\/+$/, '');
  const [name, stated] = splitVersion(chart);
  if (/^oci:/i.test(url))
    return ociAddress(`${base}/${name}`, version ?? stated, repository === undefined ? [] : [repository]);
  requireChart(name);
  const own = repository === undefined ? {} : { repository };
  return { kind: 'helm', url: base, chart: name, version: checkedVersion(version ?? stated), ...own };
}

function ociAddress(text: string, version: string | undefined, repositories: readonly ChartRepository[]): ChartAddress {
  const [place, stated] = splitVersion(text);
  const url = checkedUrl(place);
  const chart = url.pathname.replace(/^\/+/, '');
  requireChart(chart);
  const repository = covering(url.href, repositories);
  const own = repository === undefined ? {} : { repository };
  return { kind: 'oci', url: `oci://${url.host}/${chart}`, chart, version: checkedVersion(version ?? stated), ...own };
}

function fileAddress({ chart, version }: ChartRef, repositories: readonly ChartRepository[]): ChartAddress {
  const url = checkedUrl(chart);
  const repository = covering(url.href, repositories);
  const own = repository === undefined ? {} : { repository };
  const name = url.pathname.split('/').at(-1) ?? '';
  return { kind: 'file', url: url.href, chart: name, version: checkedVersion(version), ...own };
}

/** The registered repository below whose URL this one lies; the longest. */
function covering(text: string, repositories: readonly ChartRepository[]): ChartRepository | undefined {
  const base = (url: string) => `${url.replace(/\/+$/, '')}/`;
  const found = repositories.filter(({ url }) => `${text.replace(/\/+$/, '')}/`.startsWith(base(url)));
  return found.sort((one, two) => two.url.length - one.url.length)[0];
}

/** `name:1.2.3`; the colon of a port stands before a slash. */
function splitVersion(text: string): [name: string, version: string | undefined] {
  const colon = text.lastIndexOf(':');
  if (colon <= text.lastIndexOf('/')) return [text, undefined];
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** @throws SkerryError Unprocessable: a local file, another scheme, credentials in the URL */
export function checkedUrl(text: string): URL {
  const url = URL.parse(text);
  const isKnown = url !== null && ['http:', 'https:', 'oci:'].includes(url.protocol) && url.host !== '';
  if (isKnown && url.username === '' && url.password === '' && text.length <= 2000) return url;
  throw new SkerryError(
    'Unprocessable',
    `'${text.slice(0, 200).replace(/\/\/[^/@]*@/, '//…@')}' is no place that charts are fetched from`,
    {
      remedy: 'give an https:// or oci:// URL; register a repository for one that needs credentials',
    },
  );
}

function requireChart(name: string): void {
  if (name.length <= 250 && chartPattern.test(name)) return;
  throw new SkerryError('Unprocessable', `'${name.slice(0, 100)}' is no name of a chart`, {
    remedy: 'write repository/chart:version',
  });
}

function checkedVersion(version = ''): string {
  if (version === '' || versionPattern.test(version)) return version;
  throw new SkerryError('Unprocessable', `'${version.slice(0, 100)}' is no version of a chart`, {
    remedy: 'write 1.2.3, or a range as ^1.2',
  });
}
