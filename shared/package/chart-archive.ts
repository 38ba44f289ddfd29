import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type ChartFile, chartLimits, readChartFile } from './chart-file.ts';
import { entryParts } from './entry-path.ts';
import { PackageFault } from './package-fault.ts';
import { type TarEntry, tarEntries } from './tar-stream.ts';

/** A chart's .tgz, or that of a folder of manifests, as it was read through. */
export interface ChartArchive {
  /** Absent: a folder without a Chart.yaml. */
  chart?: ChartFile;
  /** Name of the one folder at the top. */
  top: string;
  /** Paths of files below it. */
  paths: string[];
}

/**
 * Reads a .tgz through: gzip and tar are sound, everything lies in one folder, nothing leaves it, no links, no special files.
 * @param file name for complaints
 * @throws PackageFault
 */
export async function readChartArchive(chunks: AsyncIterable<Buffer>, file: string): Promise<ChartArchive> {
  const reading = new ChartReading(file);
  const gunzip = pipeline(Readable.from(chunks), createGunzip(), () => undefined);
  try {
    for await (const entry of tarEntries(reading.counted(gunzip as AsyncIterable<Buffer>))) await reading.take(entry);
    return reading.finished();
  } catch (error) {
    throw translate(error, file);
  } finally {
    gunzip.destroy();
  }
}

class ChartReading {
  readonly #file: string;
  readonly #paths: string[] = [];
  #top: string | undefined;
  #chart: ChartFile | undefined;
  #bytes = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async *counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      // Headers and padding count too; what a chart may hold is far from this limit.
      if (this.#bytes > chartLimits.maxUnpackedBytes) throw tooLarge(this.#file);
      yield chunk;
    }
  }

  async take(entry: TarEntry): Promise<void> {
    const parts = entryParts(entry.path, chartLimits.maxPathLength);
    const [top] = parts;
    if (top === undefined || entry.kind === 'folder') return;
    const shown = parts.join('/').slice(0, 120);
    if (entry.kind !== 'file')
      throw this.#fault('UnsafeEntry', `'${shown}' is a link or a special file`, 'store the file itself');
    if (parts.length === 1)
      throw this.#fault('BadLayout', `'${shown}' lies in no folder`, 'archive the folder, as `helm package` does');
    this.#top ??= top;
    if (this.#top !== top) throw this.#fault('BadLayout', `a second folder '${top}'`, 'archive one folder alone');
    if (this.#paths.length >= chartLimits.maxFiles) throw tooManyFiles(this.#file);
    const path = parts.slice(1).join('/');
    this.#paths.push(path);
    if (path === 'Chart.yaml') this.#chart = readChartFile(await contentOf(entry), `${this.#file}:${shown}`);
  }

  finished(): ChartArchive {
    if (this.#top === undefined) throw this.#fault('BadChart', 'the archive is empty', 'archive the folder');
    return { top: this.#top, paths: this.#paths, ...(this.#chart === undefined ? {} : { chart: this.#chart }) };
  }

  #fault(code: string, message: string, remedy: string): PackageFault {
    return new PackageFault(code, this.#file, message, remedy);
  }
}

export function tooLarge(file: string): PackageFault {
  const message = `a chart may have ${chartLimits.maxUnpackedBytes} bytes at most, unpacked`;
  return new PackageFault('TooLarge', file, message, 'leave images and archives out of it');
}

export function tooManyFiles(file: string): PackageFault {
  const message = `a chart may have ${chartLimits.maxFiles} files at most`;
  return new PackageFault('TooLarge', file, message, 'split it');
}

async function contentOf(entry: TarEntry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry.content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function translate(error: unknown, file: string): unknown {
  const fault = (message: string) => new PackageFault('NotAnArchive', file, message, 'build it with `helm package`');
  if (error instanceof PackageFault) return error.complaint.file === '' ? fault(error.complaint.message) : error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return code.startsWith('Z_') ? fault('no sound gzip file') : error;
}
