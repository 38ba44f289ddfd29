import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Complaint } from '../descriptor/complaint.ts';
import { readChartArchive } from './chart-archive.ts';
import { readChartFile } from './chart-file.ts';
import { readPackage } from './read-package.ts';
import { buildTar, buildTarGz, type TarItem } from './testing/build-archives.ts';
import { writeTar } from './write-tar.ts';

const home = await mkdtemp(path.join(tmpdir(), 'skerry-charts-'));
after(() => rm(home, { recursive: true, force: true }));

const chartYaml = 'name: web\nversion: 1.10.0\nappVersion: 2.0\n';

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const chart = (items: TarItem[]) => readChartArchive(chunks(buildTarGz(items)), 'web.tgz');

function vnfd(kdu: string): string {
  return `vnfd:
  id: knf
  product-name: knf
  provider: x
  version: '1.0'
  mgmt-cp: mgmt
  ext-cpd:
  - id: mgmt
    k8s-cluster-net: net
  k8s-cluster:
    nets:
    - id: net
  kdu:
  - name: web
    ${kdu}
  df:
  - id: default
`;
}

/** Complaints about charts in a package that consists of these files, as a folder and as an archive that is not unpacked. */
async function complaintsOf(kdu: string, files: Record<string, string | Buffer>): Promise<string[]> {
  const all: Record<string, string | Buffer> = { 'knf_vnfd.yaml': vnfd(kdu), ...files };
  const folder = await mkdtemp(path.join(home, 'package-'));
  for (const [name, content] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  const archive = `${folder}.tar.gz`;
  await writeFile(
    archive,
    buildTarGz(Object.entries(all).map(([name, content]) => ({ path: `knf/${name}`, content }))),
  );
  const [first = [], ...others] = await Promise.all(
    [
      [folder, undefined],
      [archive, undefined],
      [archive, `${folder}-unpacked`],
    ].map(async ([source = '', target]) => ofCharts((await readPackage(source, target)).complaints)),
  );
  for (const other of others) assert.deepEqual(other, first);
  return first;
}

function ofCharts(complaints: Complaint[]): string[] {
  const own = complaints.filter(({ code }) => code !== 'MissingMandatory');
  return own.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
}

test('a Chart.yaml keeps its versions as text and needs a name and a semantic version', () => {
  assert.deepEqual(readChartFile(Buffer.from(chartYaml), 'Chart.yaml'), {
    name: 'web',
    version: '1.10.0',
    appVersion: '2.0',
    dependencies: [],
  });
  const refused = (text: string, words: RegExp) =>
    assert.throws(() => readChartFile(Buffer.from(text), 'Chart.yaml'), words);
  refused('version: 1.0.0', /no 'name'/);
  refused('name: web', /no 'version'/);
  refused('name: ../web\nversion: 1.0.0', /no name of a chart/);
  refused('name: -web\nversion: 1.0.0', /no name of a chart/);
  refused('name: web\nversion: newest', /no semantic version/);
  refused('name: [', /no YAML/);
});

test('an archive of a chart is read, whatever stands first in it', async () => {
  const read = await chart([
    { path: 'web/templates/a.yaml', content: 'a: 1' },
    { path: 'web/Chart.yaml', content: chartYaml },
  ]);
  assert.equal(read.top, 'web');
  assert.equal(read.chart?.version, '1.10.0');
  assert.deepEqual(read.paths, ['templates/a.yaml', 'Chart.yaml']);
});

test('an archive that leaves its folder, has links, several folders or no gzip is refused', async () => {
  await assert.rejects(chart([{ path: 'web/../../etc/passwd', content: 'x' }]), /\.\./);
  await assert.rejects(chart([{ path: '/etc/passwd', content: 'x' }]), /absolute/);
  await assert.rejects(chart([{ path: 'web/a', type: '2', target: '/etc/passwd' }]), /link/);
  await assert.rejects(chart([{ path: 'web/a', type: '1', target: 'web/b' }]), /link/);
  await assert.rejects(chart([{ path: 'Chart.yaml', content: chartYaml }]), /no folder/);
  await assert.rejects(
    chart([
      { path: 'a/x', content: '' },
      { path: 'b/x', content: '' },
    ]),
    /second folder/,
  );
  await assert.rejects(chart([]), /empty/);
  await assert.rejects(readChartArchive(chunks(buildTar([])), 'web.tgz'), /no sound gzip/);
  const cut = buildTarGz([{ path: 'web/Chart.yaml', content: chartYaml }]).subarray(0, 60);
  await assert.rejects(readChartArchive(chunks(cut), 'web.tgz'), /no sound gzip/);
});

test('an archive that unpacks to more than a chart may have is refused while it is read', async () => {
  const bomb = gzipSync(buildTar([{ path: 'web/a', content: Buffer.alloc(65 * 2 ** 20) }]));
  await assert.rejects(readChartArchive(chunks(bomb), 'web.tgz'), /67108864 bytes at most/);
  const many = Array.from({ length: 5001 }, (_, at) => ({ path: `web/${at}`, content: '' }));
  await assert.rejects(chart(many), /5000 files at most/);
});

test('a package with sound charts and folders of manifests has no complaints about them', async () => {
  const tgz = buildTarGz([{ path: 'web/Chart.yaml', content: chartYaml }]);
  assert.deepEqual(await complaintsOf('helm-chart: web', { 'helm-charts/web/Chart.yaml': chartYaml }), []);
  assert.deepEqual(await complaintsOf('helm-chart: web', { 'helm-charts/web.tgz': tgz }), []);
  assert.deepEqual(await complaintsOf('helm-chart: charts/web', { 'charts/web/Chart.yaml': chartYaml }), []);
  assert.deepEqual(await complaintsOf('manifests: manifests/web', { 'manifests/web/a.yaml': 'kind: Pod' }), []);
});

test('bad charts of a package are named with their file', async () => {
  const one = async (kdu: string, files: Record<string, string | Buffer>) =>
    (await complaintsOf(kdu, files)).join('\n');
  assert.equal(
    await one('helm-chart: web', { 'helm-charts/web/Chart.yaml': 'name: web' }),
    "error BadChart helm-charts/web/Chart.yaml: the chart has no 'version'",
  );
  assert.equal(
    await one('helm-chart: web', { 'helm-charts/web.tgz': 'no archive' }),
    'error NotAnArchive helm-charts/web.tgz: no sound gzip file',
  );
  assert.match(
    await one('helm-chart: web', { 'helm-charts/web/a.yaml': 'kind: Pod' }),
    /^warning BadChart .*no Chart\.yaml/,
  );
  assert.match(
    await one('helm-chart: web', { 'helm-charts/web/README': '' }),
    /^error BadChart .*neither a chart nor manifests/,
  );
  assert.match(await one('manifests: web', {}), /^error MissingFile the folder 'web' is not in the package/);
  const needy = `${chartYaml}dependencies:\n- name: db\n  version: 1.0.0\n- name: cache\n  version: 1.0.0\n`;
  assert.match(
    await one('helm-chart: web', {
      'helm-charts/web/Chart.yaml': needy,
      'helm-charts/web/charts/cache-1.0.0.tgz': 'x',
    }),
    /^warning MissingFile helm-charts\/web: the chart needs 'db'[^\n]*$/,
  );
});

test('a link in a chart is left out, and said so', async () => {
  const folder = await mkdtemp(path.join(home, 'linked-'));
  await mkdir(path.join(folder, 'helm-charts/web'), { recursive: true });
  await writeFile(path.join(folder, 'knf_vnfd.yaml'), vnfd('helm-chart: web'));
  await writeFile(path.join(folder, 'helm-charts/web/Chart.yaml'), chartYaml);
  await symlink('../../knf_vnfd.yaml', path.join(folder, 'helm-charts/web/values.yaml'));
  const { complaints } = await readPackage(folder, undefined);
  assert.deepEqual(ofCharts(complaints), ['warning UnsafeLink helm-charts/web/values.yaml: a link, which is left out']);
});

test('the same files give the same archive, in any order, with names of any length', async () => {
  const files = [
    { path: 'web/Chart.yaml', bytes: Buffer.from(chartYaml) },
    { path: `web/templates/${'long/'.repeat(30)}a.yaml`, bytes: Buffer.alloc(700, 'x') },
  ];
  const tar = writeTar(files);
  assert.deepEqual(writeTar([...files].reverse()), tar);
  const read = await readChartArchive(chunks(gzipSync(tar)), 'web.tgz');
  assert.deepEqual(read.paths, ['Chart.yaml', `templates/${'long/'.repeat(30)}a.yaml`]);
});
