import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { StoredVnfModel } from '#shared/model/catalog.ts';
import type { Digest, VnfPackageId } from '#shared/model/ids.ts';
import { readChartArchive, readPackage } from '#shared/package/index.ts';
import { buildTar, buildTarGz } from '#shared/package/testing/build-archives.ts';
import { keys } from '../keys.ts';
import type { UploadedFile } from './catalog.ts';
import { context, startCatalog } from './testing/catalog-bench.ts';

const chartYaml = 'apiVersion: v2\nname: web-chart\nversion: 1.2.3\nappVersion: "9"\n';
const archive = buildTarGz([{ path: 'db/Chart.yaml', content: 'name: db\nversion: 0.1.0\n' }]);
const image = buildTar([
  { path: 'blobs/a', content: 'layer' },
  { path: 'manifest.json', content: JSON.stringify([{ Config: 'c', RepoTags: ['edge/web:1'], Layers: ['blobs/a'] }]) },
]);

const vnfd = `vnfd:
  id: knf
  product-name: knf
  provider: x
  version: '1.0'
  software-version: '1.0'
  mgmt-cp: mgmt
  ext-cpd:
  - id: mgmt
    k8s-cluster-net: net
  k8s-cluster:
    nets:
    - id: net
  kdu:
  - name: web
    helm-chart: web
  - name: db
    helm-chart: db
  - name: plain
    manifests: manifests
  - name: remote
    helm-chart: stable/openldap:1.2.7
  df:
  - id: default
`;

const files: Record<string, string | Buffer> = {
  'knf_vnfd.yaml': vnfd,
  'helm-charts/web/Chart.yaml': chartYaml,
  'helm-charts/web/templates/a.yaml': 'kind: Pod',
  'helm-charts/db.tgz': archive,
  'manifests/kustomization.yaml': 'resources: [a.yaml]',
  'manifests/a.yaml': 'kind: Pod',
  'images/web.tar': image,
  'images/odd.tar': 'no image',
};

async function bench() {
  const made = await startCatalog({ readPackage });
  const home = path.dirname(made.folder);
  const uploadOf = async (content: typeof files): Promise<UploadedFile> => {
    const bytes = buildTarGz(Object.entries(content).map(([name, text]) => ({ path: `knf/${name}`, content: text })));
    const file = path.join(home, 'upload.tar.gz');
    await writeFile(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { path: file, fileName: 'knf.tar.gz', contentType: 'application/gzip', bytes: bytes.length, sha256 };
  };
  const charts = path.join(home, 'charts');
  const stored = async () => (await readdir(charts)).filter((name) => name.endsWith('.tgz'));
  return { ...made, home, uploadOf, stored };
}

async function onboarded(made: Awaited<ReturnType<typeof bench>>, content = files, isRevision = false) {
  const { resource } = await made.catalog.onboard(context, await made.uploadOf(content), { isRevision });
  return { id: resource.id as VnfPackageId, revision: resource.revision, warnings: resource.warnings };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

test('charts, folders and images of a package are kept under digests that have files', async (t) => {
  const made = await bench();
  t.after(() => made.catalog.stop());
  const { id, revision, warnings } = await onboarded(made);
  const { charts = {}, images = [] } = await made.catalog.vnfModel(id, revision);

  assert.deepEqual(Object.keys(charts).sort(), ['db', 'plain', 'web']);
  assert.deepEqual(
    { ...charts['web'], digest: '' },
    { digest: '', kind: 'helm', name: 'web-chart', version: '1.2.3', appVersion: '9' },
  );
  assert.deepEqual(
    { ...charts['plain'], digest: '' },
    { digest: '', kind: 'folder', name: 'manifests', version: '', appVersion: '' },
  );
  for (const { digest } of Object.values(charts)) {
    const file = await made.catalog.carriedFile(digest);
    const bytes = await readFile(file ?? '');
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, digest);
  }
  const pathOf = async (kdu: string) => (await made.catalog.carriedFile(charts[kdu]?.digest as Digest)) ?? '';
  assert.deepEqual(await readFile(await pathOf('db')), archive, 'an archive is kept as it is');
  const web = await readChartArchive(chunks(await readFile(await pathOf('web'))), 'web');
  assert.equal(web.top, 'web-chart');
  assert.deepEqual(web.paths, ['Chart.yaml', 'templates/a.yaml']);
  assert.ok(gunzipSync(await readFile(await pathOf('plain'))).length > 0);

  assert.deepEqual(
    images.map(({ file, format, references }) => ({ file, format, references })),
    [{ file: 'images/web.tar', format: 'docker-archive', references: ['edge/web:1'] }],
  );
  assert.deepEqual(await readFile((await made.catalog.carriedFile(images[0]?.digest as Digest)) ?? ''), image);
  assert.ok(warnings.some(({ code, file }) => code === 'BadImage' && file === 'images/odd.tar'));
  assert.equal(await made.catalog.carriedFile(`sha256:${'0'.repeat(64)}` as Digest), undefined);
});

test('charts go with the last package that refers to them', async (t) => {
  const made = await bench();
  t.after(() => made.catalog.stop());
  const first = await onboarded(made);
  const other = { ...files, 'knf_vnfd.yaml': vnfd.replace('id: knf', 'id: other') };
  const second = await onboarded(made, other);
  const count = (await made.stored()).length;
  assert.equal(count, 3);
  const drop = async (id: VnfPackageId) => {
    await made.catalog.modifyVnfPackage(context, id, { operationalState: 'DISABLED' });
    await made.catalog.deleteVnfPackage(context, id);
  };
  await drop(first.id);
  assert.equal((await made.stored()).length, count);
  await drop(second.id);
  assert.equal((await made.stored()).length, 0);
});

test('a restart removes charts that nothing refers to, and keeps those that were fetched', async (t) => {
  const made = await bench();
  t.after(() => made.catalog.stop());
  await onboarded(made);
  const charts = path.join(made.home, 'charts');
  const [stray, fetched] = ['1'.repeat(64), '2'.repeat(64)];
  for (const hex of [stray, fetched]) await writeFile(path.join(charts, `${hex}.tgz`), 'x');
  await made.store.commit([{ key: keys.fetchedChart(fetched), value: {} }]);
  await made.catalog.start();
  const names = await made.stored();
  assert.equal(names.length, 4);
  assert.ok(names.includes(`${fetched}.tgz`) && !names.includes(`${stray}.tgz`));
});

test('a package of before gets its charts when it is read, or goes on without them', async (t) => {
  const made = await bench();
  t.after(() => made.catalog.stop());
  const { id, revision } = await onboarded(made);
  const key = keys.vnfModel(id, revision);
  const { charts, contentDigest, ...model } =
    (await made.store.get<StoredVnfModel>(key))?.value ?? ({} as StoredVnfModel);
  const before = { ...model, chartDigests: { web: 'sha256:00' as Digest } };
  await made.store.commit([{ key, value: before }]);
  await rm(path.join(made.home, 'charts'), { recursive: true });
  const [one, two] = await Promise.all([made.catalog.vnfModel(id, revision), made.catalog.vnfModel(id, revision)]);
  assert.deepEqual(one.charts, charts);
  assert.deepEqual(two, one);
  assert.equal((await made.stored()).length, 3);

  await made.store.commit([{ key, value: before }]);
  await rm(made.folder, { recursive: true });
  assert.equal((await made.catalog.vnfModel(id, revision)).charts, undefined);
});
