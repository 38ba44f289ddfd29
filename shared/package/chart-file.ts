import { parseDocument } from 'yaml';
import { PackageFault } from './package-fault.ts';

const maxChartFileBytes = 1024 * 1024;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$/;
const versionPattern = /^v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** What matters of a Chart.yaml. */
export interface ChartFile {
  name: string;
  version: string;
  appVersion: string;
  dependencies: { name: string; version: string }[];
}

/** Charts are kept small: Helm itself stores each release in a Secret. */
export const chartLimits = { maxUnpackedBytes: 64 * 2 ** 20, maxFiles: 5000, maxPathLength: 400 } as const;

/** @throws PackageFault BadChart: no YAML, or without a name or version that Helm takes */
export function readChartFile(bytes: Buffer, file: string): ChartFile {
  const fault = (message: string, remedy: string) => new PackageFault('BadChart', file, message, remedy);
  if (bytes.length > maxChartFileBytes) throw fault(`more than ${maxChartFileBytes} bytes`, 'this is no Chart.yaml');
  // Every scalar as text: a version 1.10 is no number.
  const document = parseDocument(bytes.toString('utf8'), { schema: 'failsafe', logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) throw fault(`no YAML: ${error.message.split('\n')[0]}`, 'mend it');
  const fields = document.toJS({ maxAliasCount: 100 }) as Record<string, unknown> | null;
  const text = (name: string) => textOf(fields?.[name]);
  const name = text('name');
  const version = text('version');
  if (name === '') throw fault("the chart has no 'name'", 'add name: <chart>');
  if (!namePattern.test(name))
    throw fault(`'${name.slice(0, 60)}' is no name of a chart`, 'use letters, digits, dots and dashes');
  if (version === '') throw fault("the chart has no 'version'", 'add version: 0.1.0');
  if (!versionPattern.test(version))
    throw fault(`'${version.slice(0, 60)}' is no semantic version`, 'write it like 1.2.3');
  return { name, version, appVersion: text('appVersion'), dependencies: dependenciesOf(fields?.['dependencies']) };
}

function dependenciesOf(value: unknown): ChartFile['dependencies'] {
  if (!Array.isArray(value)) return [];
  const list = (value as (Record<string, unknown> | null)[]).slice(0, 200);
  return list.map((each) => ({ name: textOf(each?.['name']), version: textOf(each?.['version']) }));
}

/** Dependencies that are in none of the chart's own folders: Helm refuses to install such a chart. `paths` are below the chart. */
export function missingDependencies({ dependencies }: ChartFile, paths: Iterable<string>): string[] {
  const inside = new Set<string>();
  for (const path of paths) {
    const match = /^charts\/([^/]+?)(?:-v?\d[^/]*\.tgz|\.tgz|\/.*)$/.exec(path);
    if (match?.[1] !== undefined) inside.add(match[1]);
  }
  return dependencies.flatMap(({ name }) => (name === '' || inside.has(name) ? [] : [name]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
