import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { create } from 'tar';
import { checkNsAgainstVnfs } from '#shared/descriptor/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { readPackage } from '#shared/package/index.ts';
import { type CatalogBench, context, startCatalog } from './testing/catalog-bench.ts';
import { sha256 } from './testing/fake-packages.ts';

const packages = fileURLToPath(new URL('../../../shared/data/packages/', import.meta.url));
const skip = existsSync(packages) ? false : '../shared/data/packages is not here';

/** VNF packages before the NSDs that name them. */
const sound = [
  ['hackfest_basic_vnf', 'vnf-package'],
  ['ubuntu_data_vnf', 'vnf-package'],
  ['openldap_knf', 'vnf-package'],
  ['hackfest_basic_ns', 'nsd'],
  ['ubuntu_data_ns', 'nsd'],
  ['openldap_ns', 'nsd'],
] as const;

describe('catalogue with packages from the field', { skip }, () => {
  let bench: CatalogBench;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'skerry-real-'));
    bench = await startCatalog({ readPackage, checkNs: checkNsAgainstVnfs });
  });
  afterEach(async () => {
    await bench.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function packed(name: string) {
    const file = path.join(folder, `${path.basename(name)}.tar.gz`);
    const cwd = path.join(packages, path.dirname(name));
    await create({ gzip: true, portable: true, cwd, file }, [path.basename(name)]);
    return uploaded(file, 'application/gzip');
  }
  async function uploaded(file: string, contentType: string) {
    const bytes = await readFile(file);
    return { path: file, fileName: path.basename(file), contentType, bytes: bytes.length, sha256: sha256(bytes) };
  }
  const onboard = async (name: string) => bench.catalog.onboard(context, await packed(name), { isRevision: false });

  it('onboards them with models, texts and files', async () => {
    for (const [name, kind] of sound) {
      const { outcome, resource, ...rest } = await onboard(name);
      assert.deepEqual([outcome, rest.kind], ['created', kind], name);
      const listed = resource.files.map((file) => file.path);
      assert.ok(listed.includes(resource.descriptorPath ?? ''), name);
      for (const file of listed) await readFile(bench.catalog.artifact(resource, file));
    }
    const [ubuntu] = (await bench.catalog.vnfPackages()).filter((record) => record.fileName?.startsWith('ubuntu'));
    const stored = await bench.catalog.vnfModel(ubuntu!.id, 1);
    const { cloudInit } = stored.model.vdus[0]!;
    assert.ok(cloudInit !== undefined && 'file' in cloudInit);
    assert.match(stored.texts[cloudInit.file] ?? '', /cloud-config/);
  });

  it('onboards every legacy package with a report of what was translated', async () => {
    const names = (await readdir(path.join(packages, 'legacy-r8'))).sort((left, right) =>
      left.endsWith('_ns') === right.endsWith('_ns') ? left.localeCompare(right) : left.endsWith('_ns') ? 1 : -1,
    );
    for (const name of names) {
      const { resource } = await onboard(`legacy-r8/${name}`);
      assert.equal(resource.onboardingReport?.format, 'legacy-osm', name);
      assert.notEqual(resource.onboardingReport?.translated.length, 0, name);
    }
  });

  it('onboards a bare descriptor, whose only file is itself', async () => {
    const source = path.join(packages, 'hackfest_basic_vnf/hackfest_basic_vnfd.yaml');
    const file = path.join(folder, 'hackfest_basic_vnfd.yaml');
    await writeFile(file, await readFile(source));
    const { resource } = await bench.catalog.onboard(context, await uploaded(file, 'application/yaml'), {
      isRevision: false,
    });
    assert.deepEqual(
      resource.files.map((one) => one.path),
      [resource.descriptorPath],
    );
    const artifact = bench.catalog.artifact(resource, resource.descriptorPath ?? '');
    assert.deepEqual(await readFile(artifact), await readFile(source));
  });

  it('places the complaint when an NSD names a connection point that its VNFD has not', async () => {
    await onboard('hackfest_basic_vnf');
    const source = path.join(packages, 'hackfest_basic_ns/hackfest_basic_nsd.yaml');
    const text = (await readFile(source, 'utf8')).replace('vnf-cp0-ext', 'vnf-cp9-ext');
    const file = path.join(folder, 'nsd.yaml');
    await writeFile(file, text);
    await assert.rejects(
      bench.catalog.onboard(context, await uploaded(file, 'application/yaml'), { isRevision: false }),
      (error) => {
        assert.ok(isSkerryError(error));
        assert.equal(error.code, 'InvalidDescriptor');
        const complaints = error.details['complaints'] as { severity: string; line: number; message: string }[];
        const found = complaints.find((complaint) => complaint.severity === 'error');
        assert.match(found?.message ?? '', /vnf-cp9-ext/);
        assert.ok((found?.line ?? 0) > 0);
        return true;
      },
    );
  });

  it('refuses what is no package, and a damaged one, with complaints', async () => {
    const file = path.join(folder, 'noise.tar.gz');
    await writeFile(file, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7]));
    await assert.rejects(
      bench.catalog.onboard(context, await uploaded(file, 'application/gzip'), { isRevision: false }),
      (error) => isSkerryError(error) && error.code === 'InvalidPackage' && Array.isArray(error.details['complaints']),
    );
    assert.deepEqual(await readdir(path.join(bench.folder, 'incoming')), []);
  });
});
