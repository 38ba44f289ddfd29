import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { parseImageReference } from './image-reference.ts';
import { pushImage } from './push-image.ts';
import { type FakeRegistry, startFakeRegistry } from './testing/fake-registry.ts';
import { dockerArchive, ociLayout, sha256 } from './testing/image-archives.ts';

const home = await mkdtemp(path.join(tmpdir(), 'skerry-images-'));
after(() => rm(home, { recursive: true, force: true }));
let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
});
afterEach(() => registry.close());

let count = 0;
async function archive(bytes: Buffer): Promise<string> {
  const file = path.join(home, `${count++}.tar`);
  await writeFile(file, bytes);
  return file;
}

const failsWith =
  (code: string, words = /./) =>
  (error: unknown) =>
    isSkerryError(error) && error.code === code && words.test(error.message);
const layers = [randomBytes(700_000), Buffer.from('small')];

test('names of images are split as engines do, without their registry', () => {
  assert.deepEqual(parseImageReference('edge/web:1.2'), { repository: 'edge/web', tag: '1.2' });
  assert.deepEqual(parseImageReference('registry.example:5000/edge/web'), { repository: 'edge/web', tag: 'latest' });
  assert.deepEqual(parseImageReference('localhost/web:1'), { repository: 'web', tag: '1' });
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.deepEqual(parseImageReference(`web@${digest}`), { repository: 'web', digest });
  assert.deepEqual(parseImageReference(`web:1@${digest}`), { repository: 'web', tag: '1', digest });
  for (const wrong of ['', 'Web:1', 'web:', 'a/../b', '../web', 'web?x=1', 'a/web:1/2', '/web', 'web@sha256:1', 'a b'])
    assert.throws(() => parseImageReference(wrong), failsWith('PlatformRefused'), wrong);
});

test('a docker archive becomes an image of the registry', async () => {
  const { bytes, config } = dockerArchive({ tags: ['edge/web:1'], layers });
  const options = { archivePath: await archive(bytes), reference: 'hub.example/edge/web:1', registry };
  const pushed = await pushImage(options);
  assert.deepEqual([pushed.repository, pushed.tag, pushed.uploadedBlobs], ['edge/web', '1', 3]);
  const stored = registry.manifests.get('edge/web:1');
  assert.equal(sha256(stored?.bytes ?? ''), pushed.digest);
  const manifest = JSON.parse(stored?.bytes.toString('utf8') ?? '');
  assert.equal(manifest.config.digest, sha256(config));
  assert.deepEqual(
    manifest.layers.map((layer: { digest: string }) => layer.digest),
    layers.map(sha256),
  );
  assert.deepEqual(registry.blobs.get(sha256(layers[0] ?? '')), layers[0]);
});

test('what is there is not sent again: one request for a whole image, only the rest of half a one', async () => {
  const { bytes } = dockerArchive({ tags: ['edge/web:1'], layers });
  const options = { archivePath: await archive(bytes), reference: 'edge/web:1', registry };
  await pushImage(options);
  registry.seen = [];
  assert.equal((await pushImage(options)).uploadedBlobs, 0);
  assert.deepEqual(registry.seen, ['HEAD /v2/edge/web/manifests/1']);
  registry.manifests.clear();
  registry.blobs.delete(sha256(layers[1] ?? ''));
  assert.equal((await pushImage(options)).uploadedBlobs, 1);
});

test('compressed layers keep their bytes and say what they are', async () => {
  const { bytes, stored } = dockerArchive({ tags: ['web:1'], layers, isCompressed: true });
  await pushImage({ archivePath: await archive(bytes), reference: 'web:1', registry });
  const manifest = JSON.parse(registry.manifests.get('web:1')?.bytes.toString('utf8') ?? '');
  assert.deepEqual(
    manifest.layers.map((layer: { digest: string }) => layer.digest),
    stored.map(sha256),
  );
  assert.match(manifest.layers[0].mediaType, /gzip$/);
});

test('a layer that is not what the config says is never whole in the registry', async () => {
  const { bytes } = dockerArchive({ tags: ['web:1'], layers, wrongDiffId: true });
  const archivePath = await archive(bytes);
  await assert.rejects(
    pushImage({ archivePath, reference: 'web:1', registry }),
    failsWith('PlatformRefused', /is not sha256/),
  );
  assert.equal(registry.manifests.size, 0);
  assert.ok(!registry.blobs.has(sha256('other')));
});

test('an OCI layout is pushed with all its platforms', async () => {
  const { bytes, top, images } = ociLayout({ name: 'hub.example/edge/web:2', platforms: ['amd64', 'arm64'] });
  const pushed = await pushImage({ archivePath: await archive(bytes), reference: 'hub.example/edge/web:2', registry });
  assert.equal(pushed.digest, top.digest);
  assert.deepEqual(
    [...registry.manifests.keys()].sort(),
    [...images.map(({ digest }) => `edge/web:${digest}`), 'edge/web:2'].sort(),
  );
  assert.equal(registry.blobs.size, 4);
});

test('of an index whose other platforms were not saved, what is there is pushed', async () => {
  const one = ociLayout({ name: 'web:1', platforms: ['amd64', 'arm64'], missing: ['arm64'] });
  const pushed = await pushImage({ archivePath: await archive(one.bytes), reference: 'web:1', registry });
  assert.equal(pushed.digest, one.images[0]?.digest);
  const none = ociLayout({ name: 'web:2', platforms: ['amd64', 'arm64'], missing: ['amd64', 'arm64'] });
  const archivePath = await archive(none.bytes);
  await assert.rejects(
    pushImage({ archivePath, reference: 'web:2', registry }),
    failsWith('PlatformRefused', /no platform/),
  );
});

test('of several images the named one is taken, and one that is not there is refused', async () => {
  const { bytes } = ociLayout({ platforms: ['amd64'] });
  const only = await pushImage({ archivePath: await archive(bytes), reference: 'any/name:1', registry });
  assert.equal(only.tag, '1');
  const wanted = `web@sha256:${'a'.repeat(64)}`;
  const archivePath = await archive(bytes);
  await assert.rejects(
    pushImage({ archivePath, reference: wanted, registry }),
    failsWith('PlatformRefused', /not sha256:aaa/),
  );
  const odd = await archive(Buffer.from('no archive'));
  await assert.rejects(
    pushImage({ archivePath: odd, reference: 'web:1', registry }),
    failsWith('PlatformRefused', /not sound/),
  );
});

test('a registry that wants a login gets one, and says so when it is wrong', async () => {
  registry.login = { username: 'site', password: 'right' };
  const { bytes } = dockerArchive({ tags: ['web:1'], layers });
  const archivePath = await archive(bytes);
  const push = (password?: string) =>
    pushImage({
      archivePath,
      reference: 'web:1',
      registry: { url: registry.url, ...(password === undefined ? {} : { username: 'site', password }) },
    });
  await assert.rejects(push(), failsWith('PlatformAuth'));
  await assert.rejects(push('wrong'), failsWith('PlatformAuth'));
  assert.equal((await push('right')).uploadedBlobs, 3);
});

test('a registry that is away or in trouble is tried again later, one that refuses is not', async () => {
  const { bytes } = dockerArchive({ tags: ['web:1'], layers });
  const archivePath = await archive(bytes);
  const push = (url = registry.url) => pushImage({ archivePath, reference: 'web:1', registry: { url } });
  await assert.rejects(push('http://127.0.0.1:1'), failsWith('PlatformUnavailable'));
  registry.order = ({ method }) => (method === 'PUT' ? 503 : undefined);
  await assert.rejects(push(), failsWith('PlatformUnavailable'));
  registry.order = ({ method }) => (method === 'PUT' ? 413 : undefined);
  await assert.rejects(push(), failsWith('PlatformRefused', /413/));
  await assert.rejects(push('ftp://x'), failsWith('PlatformRefused'));
  registry.order = undefined;
  const stopped = AbortSignal.abort(new Error('stopped'));
  await assert.rejects(pushImage({ archivePath, reference: 'web:1', registry, signal: stopped }), /stopped/);
  assert.equal((await push()).uploadedBlobs, 3);
});
