import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Complaint } from '#shared/descriptor/complaint.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { CarriedImage, StoredChart } from '#shared/model/charts.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import {
  type ChartSourceInPackage,
  chartSources,
  filesBelow,
  openImageArchive,
  PackageFault,
  type PackageFile,
  packageComplaint,
  readChartArchive,
  readChartFile,
  writeTar,
} from '#shared/package/index.ts';
import type { ChartStore } from './chart-store.ts';
import { imageFiles } from './software-images.ts';

/** An unpacked package: where its files lie, and what was read of it. */
export interface UnpackedPackage {
  folder: string;
  model: VnfModel;
  descriptorPath: string;
  files: readonly PackageFile[];
}

const compress = promisify(gzip);

/**
 * Makes what agents fetch of each KDU whose chart or folder lies in the package: a .tgz as it is, a folder packed so that equal
 * folders give equal files. Synced in the chart store when it returns.
 * @throws DiskFull
 */
export async function carryCharts(store: ChartStore, unpacked: UnpackedPackage): Promise<Record<string, StoredChart>> {
  const { model, descriptorPath, files } = unpacked;
  const charts: Record<string, StoredChart> = {};
  const paths = files.map((file) => file.path);
  for (const source of chartSources(model.kdus, descriptorPath, paths))
    charts[source.kduName] = source.isArchive
      ? await carryArchive(store, unpacked, source)
      : await carryFolder(store, unpacked, source);
  return charts;
}

async function carryArchive(
  store: ChartStore,
  { folder }: UnpackedPackage,
  { path: name, field }: ChartSourceInPackage,
): Promise<StoredChart> {
  const bytes = await readFile(path.join(folder, name));
  const { chart, top } = await readChartArchive(chunksOf(bytes), name);
  const digest = await store.put(bytes);
  if (chart === undefined || field === 'manifests')
    return { digest, kind: 'folder', name: top, version: '', appVersion: '' };
  return { digest, kind: 'helm', name: chart.name, version: chart.version, appVersion: chart.appVersion };
}

async function carryFolder(
  store: ChartStore,
  { folder, files }: UnpackedPackage,
  { path: name, field }: ChartSourceInPackage,
): Promise<StoredChart> {
  const own = filesBelow(name, files);
  const read = (inside: string) => readFile(path.join(folder, name, inside));
  const isChart = field === 'helm-chart' && own.some(([inside]) => inside === 'Chart.yaml');
  const chart = isChart ? readChartFile(await read('Chart.yaml'), `${name}/Chart.yaml`) : undefined;
  const top = chart?.name ?? path.posix.basename(name);
  const packed = [];
  for (const [inside] of own) packed.push({ path: `${top}/${inside}`, bytes: await read(inside) });
  const digest = await store.put(await compress(writeTar(packed)));
  if (chart === undefined) return { digest, kind: 'folder', name: top, version: '', appVersion: '' };
  return { digest, kind: 'helm', name: chart.name, version: chart.version, appVersion: chart.appVersion };
}

/** Container images that the package carries as tars, with warnings about tars that are none. */
export async function carriedImages(
  document: JsonObject,
  { folder, files }: UnpackedPackage,
): Promise<{ images: CarriedImage[]; warnings: Complaint[] }> {
  const images: CarriedImage[] = [];
  const warnings: Complaint[] = [];
  for (const { file, reference } of imageFiles(document, files)) {
    try {
      const archive = await openImageArchive(path.join(folder, file.path));
      await archive.file.close();
      const references = archive.references.length > 0 || reference === undefined ? archive.references : [reference];
      images.push({ digest: `sha256:${file.sha256}` as Digest, file: file.path, format: archive.format, references });
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      const message = `no container image that could be carried to a site: ${error.message}`;
      warnings.push(packageComplaint('warning', 'BadImage', file.path, message, error.complaint.remedy));
    }
  }
  return { images, warnings };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
