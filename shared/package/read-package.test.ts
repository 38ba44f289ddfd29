import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { artifactPath, type ReadPackage, readPackage } from './index.ts';
import { buildTarGz, buildZip, type TarItem } from './testing/build-archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'skerry-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const vnfd = readFileSync(new URL('../../deploy/samples/router_vnf/router_vnfd.yaml', import.meta.url), 'utf8');
const config = '#cloud-config\n';
const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
let count = 0;

async function read(bytes: Buffer | string): Promise<ReadPackage & { target: string }> {
  count += 1;
  const source = join(folder, `package-${count}`);
  writeFileSync(source, bytes);
  const target = join(folder, `target-${count}`);
  return { ...(await readPackage(source, target)), target };
}

const errors = (read: ReadPackage) => read.complaints.filter(({ severity }) => severity === 'error');
const native = (more: TarItem[] = []): TarItem[] => [
  { path: 'router/', type: '5' },
  { path: 'router/router_vnfd.yaml', content: vnfd },
  { path: 'router/cloud_init/router.cfg', content: config },
  ...more,
];

test("OSM's tar.gz: files below the folder, checksums compared", async () => {
  const sums = `${digest('md5', vnfd)}\trouter/router_vnfd.yaml\n${digest('md5', config)}  router/cloud_init/router.cfg\n`;
  const bytes = buildTarGz(native([{ path: 'router/checksums.txt', content: sums }]));
  const package_ = await read(bytes);
  assert.deepEqual(errors(package_), []);
  assert.equal(package_.format, 'osm-targz');
  assert.equal(package_.descriptorPath, 'router_vnfd.yaml');
  assert.equal(package_.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.equal(readFileSync(join(package_.target, 'cloud_init/router.cfg'), 'utf8'), config);
  assert.ok(package_.descriptor.model !== undefined);
  const wrong = await read(
    buildTarGz(native([{ path: 'router/checksums.txt', content: sums.replace(/^./, 'f').replace(/^f./, 'ff') }])),
  );
  assert.equal(errors(wrong)[0]?.code, 'DigestMismatch');
  assert.equal(errors(wrong)[0]?.line, 1);
  assert.equal(wrong.descriptor.model, undefined);
});

test('a file that the descriptor names must be there, and is found', async () => {
  const [error] = errors(await read(buildTarGz(native().slice(0, 2))));
  assert.equal(error?.code, 'MissingFile');
  assert.match(error?.path ?? '', /vdu\[0\]\/cloud-init-file$/);
  assert.ok((error?.line ?? 0) > 0);
  const paths = ['cloud_init/a', 'Scripts/charms/c/metadata.yaml', 'helm-charts/h.tgz'];
  assert.equal(artifactPath('cloud-init', 'a', 'd.yaml', paths), 'cloud_init/a');
  assert.equal(artifactPath('charm', 'c', 'Definitions/d.yaml', paths), 'Scripts/charms/c');
  assert.equal(artifactPath('helm-chart', 'h', 'd.yaml', paths), 'helm-charts/h.tgz');
  assert.equal(artifactPath('cloud-init', '../../x', 'd.yaml', ['x']), undefined);
});

test('links inside the package are kept, and made last', async () => {
  const package_ = await read(
    buildTarGz(
      native([
        { path: 'router/charms/c/hooks/install', type: '2', target: '../src/charm.py' },
        { path: 'router/charms/c/src/charm.py', content: 'run()' },
        { path: 'router/charms/c/copy.py', type: '1', target: 'router/charms/c/src/charm.py' },
      ]),
    ),
  );
  assert.deepEqual(errors(package_), []);
  assert.equal(readFileSync(join(package_.target, 'charms/c/hooks/install'), 'utf8'), 'run()');
  assert.equal(readFileSync(join(package_.target, 'charms/c/copy.py'), 'utf8'), 'run()');
});

test('two descriptors, or none, are refused', async () => {
  const two = await read(buildTarGz(native([{ path: 'router/other.yaml', content: vnfd }])));
  assert.equal(errors(two)[0]?.code, 'SeveralDescriptors');
  assert.equal(errors(await read(buildTarGz([{ path: 'a/README', content: 'x' }])))[0]?.code, 'NoDescriptor');
  const loose = await read(buildTarGz([{ path: 'vnfd.yaml', content: vnfd }]));
  assert.ok(errors(loose).some(({ code }) => code === 'BadLayout'));
});

test('SOL004 with TOSCA-Metadata: entry, manifest and digests', async () => {
  const manifest = (hash: string) =>
    `metadata:\n  vnfd_id: router_vnf\n\nSource: Definitions/vnfd.yaml\nAlgorithm: SHA-256\nHash: ${hash}\n-----BEGIN CMS-----\nx\n-----END CMS-----\n`;
  const meta = `TOSCA-Meta-File-Version: 1.0\nCSAR-Version: 1.1\nEntry-Definitions: Definitions/vnfd.yaml\nEntry-Manifest: router.mf\n
Name: Scripts/cloud_init/router.cfg\nAlgorithm: SHA-512\nHash: ${digest('sha512', config)}\n`;
  const files = {
    'TOSCA-Metadata/TOSCA.meta': meta,
    'Definitions/vnfd.yaml': vnfd,
    'Definitions/types.yaml': 'data_types: {}\n',
    'Scripts/cloud_init/router.cfg': config,
  };
  const sound = await read(await buildZip({ ...files, 'router.mf': manifest(digest('sha256', vnfd)) }));
  assert.deepEqual(errors(sound), []);
  assert.equal(sound.format, 'sol004-csar');
  assert.equal(sound.manifestPath, 'router.mf');
  assert.ok(sound.complaints.some(({ code, severity }) => code === 'SignatureNotVerified' && severity === 'warning'));
  const forged = await read(await buildZip({ ...files, 'router.mf': manifest(digest('sha256', 'other')) }));
  assert.equal(errors(forged)[0]?.code, 'DigestMismatch');
  const changed = await read(await buildZip({ ...files, 'Scripts/cloud_init/router.cfg': '#changed\n' }));
  assert.equal(errors(changed)[0]?.file, 'TOSCA-Metadata/TOSCA.meta');
});

test('SOL004 without metadata, a zipped folder, SOL001', async () => {
  const plain = await read(await buildZip({ 'r.yaml': vnfd, 'r.mf': 'metadata:\n', 'cloud_init/router.cfg': config }));
  assert.deepEqual(errors(plain), []);
  const wrapped = await read(await buildZip({ 'p/r.yaml': vnfd, 'p/cloud_init/router.cfg': config }));
  assert.deepEqual(errors(wrapped), []);
  assert.ok(existsSync(join(wrapped.target, 'r.yaml')));
  const tosca = await read(
    await buildZip({ 'Definitions/d.yaml': 'tosca_definitions_version: tosca_simple_yaml_1_2\n' }),
  );
  assert.equal(errors(tosca)[0]?.code, 'UnsupportedFormat');
  const signed = await read(await buildZip({ 'r.csar': 'PK', 'r.cms': 'x' }));
  assert.equal(errors(signed)[0]?.code, 'UnsupportedFormat');
});

test('a bare descriptor, a folder, and reading without keeping', async () => {
  const bare = await read(vnfd);
  assert.equal(bare.format, 'bare');
  assert.deepEqual(errors(bare), []);
  const sample = fileURLToPath(new URL('../../deploy/samples/cache_vnf', import.meta.url));
  const inPlace = await readPackage(sample, undefined);
  assert.equal(inPlace.format, 'folder');
  assert.deepEqual(inPlace.complaints, [], 'checksums.txt of the sample is up to date');
  const source = join(folder, 'unkept');
  writeFileSync(source, buildTarGz(native()));
  assert.deepEqual(errors(await readPackage(source, undefined)), []);
});

test('an aborted reading throws and leaves nothing', async () => {
  const source = join(folder, 'aborted');
  writeFileSync(source, buildTarGz(native()));
  const target = join(folder, 'aborted-target');
  await assert.rejects(readPackage(source, target, undefined, AbortSignal.abort()), { code: 'Aborted' });
  assert.equal(existsSync(target), false);
});
