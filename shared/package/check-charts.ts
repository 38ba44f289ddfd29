import type { Complaint } from '../descriptor/complaint.ts';
import { objectsField, textField } from '../descriptor/document-fields.ts';
import type { ParsedDescriptor } from '../descriptor/parsed-descriptor.ts';
import type { JsonObject } from '../model/json.ts';
import { readChartArchive, tooLarge, tooManyFiles } from './chart-archive.ts';
import { type ChartFile, chartLimits, missingDependencies, readChartFile } from './chart-file.ts';
import { type ChartSourceInPackage, chartSources, filesBelow } from './chart-sources.ts';
import { PackageFault } from './package-fault.ts';

/** What the check reads of a package. */
export interface PackageContent {
  descriptorPath: string;
  files: readonly { path: string; bytes: number }[];
  links: readonly string[];
  /** Content of a file; undefined where nothing of it was kept. */
  open(path: string): AsyncIterable<Buffer> | undefined;
}

/** Charts and folders of manifests that the KDUs of a VNFD name and that are in the package: can Helm and the agents take them? */
export async function checkCharts(parsed: ParsedDescriptor, content: PackageContent): Promise<Complaint[]> {
  if (parsed.kind !== 'vnfd' || parsed.document === undefined) return [];
  const kdus = objectsField(parsed.document, 'kdu');
  const named = kdus.map((kdu) => ({
    name: textField(kdu, 'name') ?? '',
    helmChart: textField(kdu, 'helm-chart'),
    manifests: textField(kdu, 'manifests'),
  }));
  const paths = content.files.map(({ path }) => path);
  const complaints: Complaint[] = [];
  for (const [at, kdu] of kdus.entries()) {
    const [source] = chartSources(named.slice(at, at + 1), content.descriptorPath, paths);
    if (source === undefined) continue;
    const place = placeOf(parsed, kdu, source, content.descriptorPath);
    for (const finding of await findingsOf(source, content)) complaints.push({ ...place, ...finding });
  }
  return complaints;
}

type Finding = Pick<Complaint, 'severity' | 'code' | 'message' | 'remedy'>;

async function findingsOf(source: ChartSourceInPackage, content: PackageContent): Promise<Finding[]> {
  try {
    return source.isArchive ? await archiveFindings(source, content) : await folderFindings(source, content);
  } catch (error) {
    if (!(error instanceof PackageFault)) throw error;
    const { code, file, message, remedy } = error.complaint;
    return [{ severity: 'error', code, message: `${file}: ${message}`, remedy }];
  }
}

async function archiveFindings({ path, field }: ChartSourceInPackage, content: PackageContent): Promise<Finding[]> {
  const chunks = content.open(path);
  if (chunks === undefined) return [];
  const { chart, paths } = await readChartArchive(chunks, path);
  return contentFindings({ path, field }, chart, paths);
}

async function folderFindings({ path, field }: ChartSourceInPackage, content: PackageContent): Promise<Finding[]> {
  const own = filesBelow(path, content.files);
  if (own.length > chartLimits.maxFiles) throw tooManyFiles(path);
  if (own.reduce((sum, [, { bytes }]) => sum + bytes, 0) > chartLimits.maxUnpackedBytes) throw tooLarge(path);
  const chunks = field === 'helm-chart' ? content.open(`${path}/Chart.yaml`) : undefined;
  const isThere = own.some(([inside]) => inside === 'Chart.yaml');
  const chart =
    isThere && chunks !== undefined ? readChartFile(await wholeOf(chunks), `${path}/Chart.yaml`) : undefined;
  const link = content.links.find((each) => each.startsWith(`${path}/`));
  const findings = contentFindings(
    { path, field },
    chart,
    own.map(([inside]) => inside),
  );
  if (link !== undefined)
    findings.push(warning('UnsafeLink', `${link}: a link, which is left out`, 'put the file itself there'));
  return findings;
}

function contentFindings(
  { path, field }: Pick<ChartSourceInPackage, 'path' | 'field'>,
  chart: ChartFile | undefined,
  paths: string[],
): Finding[] {
  const findings: Finding[] = [];
  const isChart = field === 'helm-chart' && paths.includes('Chart.yaml');
  if (isChart && chart !== undefined)
    for (const name of missingDependencies(chart, paths))
      findings.push(
        warning(
          'MissingFile',
          `${path}: the chart needs '${name}', which is not in its charts/`,
          'run `helm dependency build` before packing',
        ),
      );
  if (isChart) return findings;
  if (!paths.some((each) => /\.(?:ya?ml|json)$/i.test(each)))
    throw new PackageFault('BadChart', path, 'neither a chart nor manifests: no Chart.yaml, YAML or JSON', 'add them');
  if (field === 'helm-chart')
    findings.push(
      warning(
        'BadChart',
        `${path}: no Chart.yaml, so it is taken as a folder of manifests`,
        'add Chart.yaml, or name the folder with `manifests`',
      ),
    );
  return findings;
}

function warning(code: string, message: string, remedy: string): Finding {
  return { severity: 'warning', code, message, remedy };
}

function placeOf(parsed: ParsedDescriptor, kdu: JsonObject, { field }: ChartSourceInPackage, descriptorPath: string) {
  return parsed.locate?.(kdu, field) ?? { file: descriptorPath, line: 0, column: 0, path: field };
}

async function wholeOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
