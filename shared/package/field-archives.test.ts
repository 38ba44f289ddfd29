import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPackage } from './index.ts';
import { buildTar, buildTarGz, buildZip, type TarItem } from './testing/build-archives.ts';

/** Archives as they are built in the field, by tools of many systems. */

const folder = mkdtempSync(join(tmpdir(), 'skerry-archives-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const vnfd = readFileSync(new URL('../../deploy/samples/router_vnf/router_vnfd.yaml', import.meta.url), 'utf8');
const config = '#cloud-config\n';
const chart = `vnfd: {id: k, version: 1, mgmt-cp: m, df: [{id: d}], ext-cpd: [{id: m}], kdu: [{name: a, helm-chart: c}]}\n`;
const native: TarItem[] = [
  { path: 'r/router_vnfd.yaml', content: vnfd },
  { path: 'r/cloud_init/router.cfg', content: config },
];
let count = 0;

async function read(bytes: Buffer | string) {
  count += 1;
  const source = join(folder, `package-${count}`);
  writeFileSync(source, bytes);
  const { complaints, descriptorPath, descriptor } = await readPackage(source, undefined);
  const codes = (severity: string) => complaints.filter((each) => each.severity === severity).map(({ code }) => code);
  const errors = codes('error');
  if (errors.length > 0) assert.equal(descriptor.model, undefined);
  else if (descriptor.kind !== 'pnfd') assert.ok(descriptor.model !== undefined);
  return { errors, warnings: codes('warning'), complaints, descriptorPath };
}

const withMore = (...items: TarItem[]) => buildTarGz([...native, ...items]);

test('what is no package is named for what it is', async () => {
  const files: [string, Buffer][] = [
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['xz', Buffer.from('\xfd7zXZ\0\0\0', 'latin1')],
    ['7z', Buffer.from('7z\xbc\xaf\x27\x1c\0\x04', 'latin1')],
    ['qcow2', Buffer.from('QFI\xfb\0\0\0\x03', 'latin1')],
    ['neither', Buffer.from([1, 2, 0, 0, 3, 4, 0, 0])],
  ];
  for (const [word, bytes] of files) {
    const { errors, complaints } = await read(bytes);
    assert.deepEqual(errors, ['UnsupportedFormat'], word);
    assert.match(complaints[0]?.message ?? '', new RegExp(word));
    assert.match(complaints[0]?.file ?? '', /^package-\d+$/);
  }
});

test('a tar from before ustar has no magic word', async () => {
  const bytes = buildTar(native);
  for (let at = 0; at < bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    const lost = bytes.subarray(at + 257, at + 265).reduce((sum, byte) => sum + byte, 0);
    bytes.fill(0, at + 257, at + 265);
    const sum = Number.parseInt(bytes.toString('latin1', at + 148, at + 154), 8) - lost;
    bytes.write(sum.toString(8).padStart(6, '0'), at + 148);
  }
  assert.deepEqual((await read(bytes)).errors, []);
});

test("GNU's volume label is passed over; a sparse file is named as such", async () => {
  assert.deepEqual((await read(buildTarGz([{ path: 'label', type: 'V' }, ...native]))).errors, []);
  const sparse = await read(withMore({ path: 'r/disk.img', type: 'S' }));
  assert.deepEqual([sparse.errors, sparse.complaints[0]?.message], [['UnsupportedFormat'], 'a sparse file']);
  const pax = await read(
    withMore(
      { path: 'PaxHeaders/disk.img', type: 'x', content: '22 GNU.sparse.major=1\n' },
      { path: 'r/disk.img', content: 'x' },
    ),
  );
  assert.deepEqual(pax.errors, ['UnsupportedFormat']);
});

test('files beside the descriptor: tools and settings are not descriptors', async () => {
  const hidden = await read(withMore({ path: 'r/.travis.yml', content: 'language: c\n' }));
  assert.deepEqual([hidden.errors, hidden.warnings.includes('BadLayout')], [[], false]);
  const values = await read(withMore({ path: 'r/values.yaml', content: 'replicas: 1\n' }));
  assert.deepEqual([values.errors, values.descriptorPath], [[], 'router_vnfd.yaml']);
  assert.ok(values.warnings.includes('BadLayout'));
  const two = await read(withMore({ path: 'r/x_nsd.yaml', content: 'nsd: {id: n}\n' }));
  assert.deepEqual(two.errors, ['SeveralDescriptors']);
});

test('a checksum of a file that is not there is a warning, a wrong one an error', async () => {
  const sums = (line: string) => withMore({ path: 'r/checksums.txt', content: `${'0'.repeat(32)}\t${line}\n` });
  assert.deepEqual((await read(sums('r/icons/osm.png'))).errors, []);
  assert.deepEqual((await read(sums('r/router_vnfd.yaml'))).errors, ['DigestMismatch']);
});

test('a descriptor too deep is pointed at', async () => {
  const deep = await read(buildTarGz(native.map((item) => ({ ...item, path: `top/${item.path}` }))));
  assert.deepEqual(deep.errors, ['NoDescriptor']);
  assert.match(deep.complaints[0]?.remedy ?? '', /r\/router_vnfd\.yaml/);
});

const meta = (entry: string) => `TOSCA-Meta-File-Version: 1.0\r\nCSAR-Version: 1.1\r\nEntry-Definitions: ${entry}\r\n`;
const tosca = 'tosca_definitions_version: tosca_simple_yaml_1_2\n';
const csars: [string, Record<string, string>, string[]][] = [
  ['cloud-init below Files', { 'Definitions/d.yaml': vnfd, 'Files/cloud_init/router.cfg': config }, []],
  ['cloud-init below Files/Scripts', { 'Definitions/d.yaml': vnfd, 'Files/Scripts/cloud_init/router.cfg': config }, []],
  ['backslashes', { 'r\\router_vnfd.yaml': vnfd, 'r\\cloud_init\\router.cfg': config }, []],
  ['byte order marks', { 'TOSCA-Metadata/TOSCA.meta': `\uFEFF${meta('d.yaml')}`, 'd.yaml': `\uFEFF${chart}` }, []],
  ['types beside the descriptor', { 'Definitions/d.yaml': chart, 'Definitions/types.yaml': 'a: b\n' }, []],
  ['SOL001', { 'TOSCA-Metadata/TOSCA.meta': meta('top.yaml'), 'top.yaml': tosca }, ['UnsupportedFormat']],
  ['SOL001 bare', { 'Definitions/top.yaml': tosca, 'Definitions/types.yaml': tosca }, ['UnsupportedFormat']],
];

for (const [name, files, expected] of csars) {
  test(`CSAR: ${name}`, async () => {
    assert.deepEqual((await read(await buildZip(files))).errors, expected);
  });
}

const examples = fileURLToPath(new URL('../../../shared/data/etsi/yang/v4.3.1/example-data/', import.meta.url));
const skip = existsSync(examples) ? false : 'the data folder ../shared/data is not there';

test("CSARs around ETSI's XML descriptors, with and without TOSCA.meta", { skip }, async () => {
  for (const name of readdirSync(examples).filter((each) => each.endsWith('.xml'))) {
    const path = `Definitions/${name}`;
    const content = readFileSync(join(examples, name), 'utf8');
    const plain = await read(await buildZip({ [path]: content }));
    const marked = await read(await buildZip({ [path]: content, 'TOSCA-Metadata/TOSCA.meta': meta(path) }));
    assert.deepEqual([plain.errors, marked.errors, plain.descriptorPath], [[], [], path]);
  }
});

test("charts in the folder of OSM's Helm v3 connector", async () => {
  const { warnings } = await read(
    buildTarGz([
      { path: 'k/k_vnfd.yaml', content: chart },
      { path: 'k/helm-chart-v3s/c/Chart.yaml', content: 'name: c\n' },
    ]),
  );
  assert.ok(!warnings.includes('MissingFile'));
});
