import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { SnapshotContent } from './raw-store.ts';

const names = ['snapshot-a', 'snapshot-b'] as const;
const magic = 'skerry-agent-snapshot 1';

/**
 * A snapshot is a text file: `skerry-agent-snapshot 1 <batch> <count>`, one line of JSON `[key, record]` each, and
 * `sha256 <hash of all before>`. There are two; a new one replaces the older, so that one is always whole.
 */
export async function writeSnapshotFile(folder: string, content: SnapshotContent): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [a, b] = await Promise.all(names.map((name) => headerBatch(path.join(folder, name))));
  const target = path.join(folder, (a ?? 0) <= (b ?? 0) ? names[0] : names[1]);
  const file = await open(`${target}.new`, 'w', 0o600);
  try {
    await writeLines(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${target}.new`, target);
  await syncFolder(folder);
}

async function writeLines(file: FileHandle, content: SnapshotContent): Promise<void> {
  const hash = createHash('sha256');
  let chunk = `${magic} ${content.batch} ${content.records.length}\n`;
  const flush = async () => {
    hash.update(chunk);
    await file.appendFile(chunk);
    chunk = '';
  };
  for (const record of content.records) {
    chunk += `${JSON.stringify(record)}\n`;
    if (chunk.length > 256 * 1024) await flush();
  }
  await flush();
  await file.appendFile(`sha256 ${hash.digest('hex')}\n`);
}

export async function newestSnapshotBatch(folder: string): Promise<number> {
  const batches = await Promise.all(names.map((name) => headerBatch(path.join(folder, name))));
  return Math.max(0, ...batches.map((batch) => batch ?? 0));
}

export async function readNewestSnapshot(folder: string): Promise<SnapshotContent | undefined> {
  const contents = await Promise.all(names.map((name) => readSnapshotFile(path.join(folder, name))));
  return contents.filter((content) => content !== undefined).sort((x, y) => y.batch - x.batch)[0];
}

async function readSnapshotFile(file: string): Promise<SnapshotContent | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const end = text.lastIndexOf('sha256 ');
  const header = parseHeader(text);
  if (header === undefined || end < 0) return undefined;
  const body = text.slice(0, end);
  if (text.slice(end).trim() !== `sha256 ${createHash('sha256').update(body).digest('hex')}`) return undefined;
  const lines = body.split('\n').slice(1, -1);
  return { batch: header.batch, records: lines.map((line) => JSON.parse(line) as [string, string]) };
}

async function headerBatch(file: string): Promise<number | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(80), 0, 80, 0);
    return parseHeader(buffer.toString('utf8', 0, bytesRead))?.batch;
  } finally {
    await handle.close();
  }
}

function parseHeader(text: string): { batch: number } | undefined {
  const match = /^skerry-agent-snapshot 1 (\d+) \d+\n/.exec(text);
  return match === null ? undefined : { batch: Number(match[1]) };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
