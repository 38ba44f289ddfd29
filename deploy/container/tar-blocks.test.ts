import assert from 'node:assert/strict';
import test from 'node:test';
import { list, type ReadEntry } from 'tar';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar-blocks.ts';

async function readBack(entries: readonly (TarEntry & { content?: string })[]): Promise<ReadEntry[]> {
  const found: ReadEntry[] = [];
  const parser = list({ onReadEntry: (entry) => found.push(entry) });
  for (const { content = '', ...entry } of entries) {
    const sizeBytes = Buffer.byteLength(content);
    parser.write(tarHeader({ ...entry, sizeBytes }));
    parser.write(Buffer.concat([Buffer.from(content), tarPadding(sizeBytes)]));
  }
  await new Promise<void>((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', reject);
    parser.end(tarEnd);
  });
  return found;
}

test('what is written is read back by another implementation', async () => {
  const long = `${'folder/'.repeat(20)}${'n'.repeat(60)}.js`;
  const found = await readBack([
    { path: 'usr', mode: 0o755, kind: 'folder' },
    { path: 'usr/one', mode: 0o644, ownerId: 10001, kind: 'file', content: 'one' },
    { path: 'usr/two', mode: 0o777, kind: 'link', target: '../one' },
    { path: long, mode: 0o644, kind: 'file', content: 'x'.repeat(512) },
  ]);
  const seen = found.map(({ path, type, size, mode, uid, linkpath }) => ({
    ...{ path, type, size, mode, uid },
    linkpath: linkpath ?? '',
  }));
  assert.deepEqual(seen, [
    { path: 'usr/', type: 'Directory', size: 0, mode: 0o755, uid: 0, linkpath: '' },
    { path: 'usr/one', type: 'File', size: 3, mode: 0o644, uid: 10001, linkpath: '' },
    { path: 'usr/two', type: 'SymbolicLink', size: 0, mode: 0o777, uid: 0, linkpath: '../one' },
    { path: long, type: 'File', size: 512, mode: 0o644, uid: 0, linkpath: '' },
  ]);
});

test('a name that no archive can carry is refused', () => {
  assert.throws(() => tarHeader({ path: 'n'.repeat(120), mode: 0o644, kind: 'file' }), /too long/);
});
