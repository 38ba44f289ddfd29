import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { pushImage } from '#agent/artefacts/index.ts';
import { dockerArchive, ociLayout, sha256 } from '#agent/artefacts/testing/image-archives.ts';
import { registryUrl } from './cluster.ts';

const url = registryUrl;
const skip = url === undefined ? 'set SKERRY_TEST_REGISTRY to a registry that takes pushes' : false;

describe('images of packages in a real registry', { skip }, async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-images-'));
  after(() => rm(home, { recursive: true, force: true }));
  const registry = { url: url ?? '' };
  const types = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const run = randomBytes(4).toString('hex');
  const pulled = async (name: string, kind: string, what: string) => {
    const answer = await fetch(`${url}/v2/${name}/${kind}/${what}`, { headers: { accept: types } });
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  };

  it('takes a docker archive, once', async () => {
    const layers = [randomBytes(3 * 2 ** 20), randomBytes(100)];
    const archivePath = path.join(home, 'docker.tar');
    await writeFile(archivePath, dockerArchive({ tags: [`skerry-test/web:${run}`], layers }).bytes);
    const options = { archivePath, reference: `hub.example/skerry-test/web:${run}`, registry };
    const pushed = await pushImage(options);
    assert.equal(pushed.uploadedBlobs, 3);
    assert.equal(sha256(await pulled('skerry-test/web', 'manifests', run)), pushed.digest);
    assert.deepEqual(await pulled('skerry-test/web', 'blobs', sha256(layers[0] ?? '')), layers[0]);
    assert.equal((await pushImage(options)).uploadedBlobs, 0);
  });

  it('takes an OCI layout with two platforms', async () => {
    const { bytes, top } = ociLayout({ name: `skerry-test/multi:${run}`, platforms: [`amd64-${run}`, `arm64-${run}`] });
    const archivePath = path.join(home, 'oci.tar');
    await writeFile(archivePath, bytes);
    const pushed = await pushImage({ archivePath, reference: `skerry-test/multi:${run}`, registry });
    assert.equal(pushed.digest, top.digest);
    const index = JSON.parse((await pulled('skerry-test/multi', 'manifests', run)).toString('utf8'));
    assert.equal(index.manifests.length, 2);
  });
});
