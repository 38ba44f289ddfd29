import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { defaultPackageLimits, type PackageLimits, readPackage } from './index.ts';
import { buildTar, buildTarGz, buildZip, type TarItem } from './testing/build-archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'skerry-hostile-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const descriptor: TarItem = { path: 'p/vnfd.yaml', content: 'vnfd: {id: a, df: [{id: d}]}\n' };
let count = 0;

/** Reads in a folder of its own, in which nothing but the source and the target may appear. */
async function codesOf(bytes: Buffer, limits: Partial<PackageLimits> = {}): Promise<string[]> {
  count += 1;
  const own = join(folder, String(count));
  const { mkdirSync } = await import('node:fs');
  mkdirSync(own);
  writeFileSync(join(own, 'source'), bytes);
  const target = join(own, 'target');
  const read = await readPackage(join(own, 'source'), target, { ...defaultPackageLimits, ...limits });
  assert.deepEqual(
    readdirSync(own).filter((name) => name !== 'target'),
    ['source'],
  );
  const codes = read.complaints.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  if (codes.length > 0) assert.equal(read.descriptor.model, undefined);
  return codes;
}

const hostile: [string, TarItem[], string][] = [
  ['climbing path', [{ path: 'p/../../evil', content: 'x' }], 'UnsafePath'],
  ['absolute path', [{ path: '/tmp/evil', content: 'x' }], 'UnsafePath'],
  ['backslashes', [{ path: 'p/..\\evil', content: 'x' }], 'UnsafePath'],
  ['control characters', [{ path: 'p/a\nb', content: 'x' }], 'UnsafePath'],
  ['link out of the package', [{ path: 'p/l', type: '2', target: '../../etc' }], 'UnsafeLink'],
  ['absolute link', [{ path: 'p/l', type: '2', target: '/etc/passwd' }], 'UnsafeLink'],
  [
    'link in a circle',
    [
      { path: 'p/l', type: '2', target: 'm' },
      { path: 'p/m', type: '2', target: 'l' },
    ],
    'UnsafeLink',
  ],
  [
    'two links that climb together',
    [
      { path: 'p/a/b/l', type: '2', target: '../..' },
      { path: 'p/m', type: '2', target: 'a/b/l/../..' },
    ],
    'UnsafeLink',
  ],
  [
    'writing through a link',
    [
      { path: 'p/l', type: '2', target: 'd' },
      { path: 'p/l/x', content: 'x' },
    ],
    'UnsafeLink',
  ],
  [
    'writing over a link',
    [
      { path: 'p/l', type: '2', target: 'd' },
      { path: 'p/l', content: 'x' },
    ],
    'DuplicateEntry',
  ],
  ['hard link to nowhere', [{ path: 'p/h', type: '1', target: '../../etc/passwd' }], 'UnsafePath'],
  ['device', [{ path: 'p/d', type: '3' }], 'UnsafeEntry'],
  ['pipe', [{ path: 'p/d', type: '6' }], 'UnsafeEntry'],
  [
    'same file twice',
    [
      { path: 'p/a', content: '1' },
      { path: './p/a', content: '2' },
    ],
    'DuplicateEntry',
  ],
  [
    'file where a folder is',
    [
      { path: 'p/a/b', content: '1' },
      { path: 'p/a', content: '2' },
    ],
    'DuplicateEntry',
  ],
];

for (const [what, items, code] of hostile) {
  test(`tar: ${what}`, async () => {
    assert.deepEqual(await codesOf(buildTarGz([descriptor, ...items])), [code]);
  });
}

test('bombs are stopped by ratio, size and count', async () => {
  const zeros = Buffer.alloc(20 * 2 ** 20);
  assert.deepEqual(await codesOf(buildTarGz([descriptor, { path: 'p/z', content: zeros }])), ['TooLarge']);
  assert.deepEqual(await codesOf(await buildZip({ 'vnfd.yaml': 'vnfd: {id: a}', z: zeros })), ['TooLarge']);
  const many = Array.from({ length: 50 }, (_, at) => ({ path: `p/${at}`, content: '' }));
  assert.deepEqual(await codesOf(buildTarGz(many), { maxFiles: 20 }), ['TooLarge']);
  assert.deepEqual(await codesOf(buildTarGz([descriptor]), { maxPackageBytes: 10 }), ['TooLarge']);
  assert.deepEqual(
    await codesOf(buildTarGz([descriptor, { path: 'p/x', content: 'y'.repeat(9000) }]), { maxUnpackedBytes: 5000 }),
    ['TooLarge'],
  );
  assert.deepEqual(await codesOf(buildTarGz([descriptor]), { maxDescriptorBytes: 5 }), ['TooLarge']);
});

test('truncated and damaged archives are told apart', async () => {
  const gzip = buildTarGz([
    descriptor,
    { path: 'p/x', content: Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251)) },
  ]);
  assert.deepEqual(await codesOf(gzip.subarray(0, gzip.length - 100)), ['Truncated']);
  const badCrc = Buffer.from(gzip);
  badCrc.writeUInt32LE(12345, gzip.length - 8);
  assert.deepEqual(await codesOf(badCrc), ['DamagedArchive']);
  const tar = buildTar([descriptor]);
  assert.deepEqual(await codesOf(tar.subarray(0, 530)), ['Truncated']);
  const zip = await buildZip({ 'vnfd.yaml': 'vnfd: {id: a}'.repeat(40) });
  assert.deepEqual(await codesOf(zip.subarray(0, zip.length - 10)), ['DamagedArchive']);
});

test('zip: climbing paths are refused', async () => {
  const zip = await buildZip({ 'aa/aa/evil': 'x', 'vnfd.yaml': 'vnfd: {id: a}' });
  const climbing = Buffer.from(zip.toString('latin1').replaceAll('aa/aa/evil', '../../evil'), 'latin1');
  const [code] = await codesOf(climbing);
  assert.ok(code === 'UnsafePath' || code === 'DamagedArchive');
});

test('no bytes make it throw or leave something beside the target', async () => {
  const base = buildTarGz([descriptor, { path: 'p/a', content: 'a' }]);
  const mutation = fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      const bytes = Buffer.from(base);
      for (const [at, value] of mutations) bytes[at] = value;
      await codesOf(bytes);
    }),
    { numRuns: 100 },
  );
  const tar = buildTar([descriptor, { path: 'p/l', type: '2', target: 'x' }]);
  await fc.assert(
    fc.asyncProperty(fc.nat(tar.length - 1), fc.integer({ min: 0, max: 255 }), async (at, value) => {
      const bytes = Buffer.from(tar);
      bytes[at] = value;
      await codesOf(bytes);
    }),
    { numRuns: 100 },
  );
  assert.ok(existsSync(folder));
});
