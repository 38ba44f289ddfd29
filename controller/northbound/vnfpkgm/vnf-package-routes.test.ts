import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fakeComplaint, fakeVnf } from '../../catalog/testing/fake-packages.ts';
import { keys } from '../../keys.ts';
import { etsiOpenApi } from '../catalog/testing/etsi-openapi.ts';
import { type NorthboundBench, startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { vnfPackagePlugin } from './index.ts';

const root = '/vnfpkgm/v2/vnf_packages';
const gzip = { 'content-type': 'application/gzip' };
const document = {
  id: 'router',
  'sw-image-desc': [{ id: 'img', name: 'ubuntu', image: 'ubuntu.qcow2', version: 1 }],
};
const router = fakeVnf('router', {
  document,
  files: { 'cloud_init/a.txt': '0123456789', 'images/ubuntu.qcow2': 'disk', 'Definitions/x.mf': 'metadata:' },
});
const text = JSON.stringify(router);

describe('VNF package management', () => {
  let bench: NorthboundBench;
  beforeEach(async () => {
    bench = await startNorthbound([vnfPackagePlugin({ mayReachPrivateAddresses: true, timeoutMs: 5000 })]);
  });
  afterEach(() => bench.stop());

  async function create(): Promise<string> {
    const answer = await bench.call('POST', root, { body: { userDefinedData: { a: '1' } } });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.id;
  }
  async function onboard(body: string = text): Promise<string> {
    const id = await create();
    const answer = await bench.call('PUT', `${root}/${id}/package_content`, { body, headers: gzip });
    assert.equal(answer.status, 202, answer.text);
    return id;
  }

  const etsi = etsiOpenApi('SOL005-3.7.1-VNFPackageManagement');
  it("answers as ETSI's OpenAPI says", { skip: 'skip' in etsi && etsi.skip }, async () => {
    if ('skip' in etsi) return;
    const created = await bench.call('POST', root, { body: {} });
    etsi.validate('VnfPkgInfo', created.json);
    assert.equal(created.headers['location'], `http://localhost:80${root}/${created.json.id}`);
    const id = await onboard();
    const view = (await bench.call('GET', `${root}/${id}`)).json;
    etsi.validate('VnfPkgInfo', view);
    assert.equal(view.softwareImages[0].imagePath, 'images/ubuntu.qcow2');
    assert.deepEqual(
      view.additionalArtifacts.map((artifact: { artifactPath: string }) => artifact.artifactPath).sort(),
      ['Definitions/x.mf', 'cloud_init/a.txt'],
    );
    for (const item of (await bench.call('GET', `${root}?all_fields`)).json) etsi.validate('VnfPkgInfo', item);
    for (const item of (await bench.call('GET', root)).json) {
      etsi.validate('VnfPkgInfo', item);
      assert.equal(item.checksum, undefined);
    }
    const patched = await bench.call('PATCH', `${root}/${id}`, { body: { operationalState: 'DISABLED' } });
    etsi.validate('VnfPkgInfoModifications', patched.json);
    assert.deepEqual(patched.json, { operationalState: 'DISABLED' });
    const filter = { vnfdId: ['router'] };
    const body = { callbackUri: 'http://127.0.0.1/x', filter };
    const subscription = await bench.call('POST', '/vnfpkgm/v2/subscriptions', { body });
    assert.equal(subscription.status, 201, subscription.text);
    etsi.validate('PkgmSubscription', subscription.json);
    const failed = await bench.call('GET', `${root}/${id}x`);
    etsi.validate('ProblemDetails', failed.json);
  });

  it('shows states and failures: ERROR in v2, CREATED in v1', async () => {
    const id = await create();
    assert.equal((await bench.call('GET', `${root}/${id}`)).json.onboardingState, 'CREATED');
    assert.equal((await bench.call('GET', `${root}/${id}/package_content`)).status, 409);
    assert.equal((await bench.call('GET', `${root}/${id}/vnfd`)).status, 409);
    const bad = JSON.stringify({ ...router, complaints: [fakeComplaint('error', 'a'), fakeComplaint('error', 'b')] });
    const refused = await bench.call('PUT', `${root}/${id}/package_content`, { body: bad, headers: gzip });
    assert.equal(refused.status, 422);
    assert.equal(refused.json.details.complaints.length, 2);
    const view = (await bench.call('GET', `${root}/${id}`)).json;
    assert.equal(view.onboardingState, 'ERROR');
    assert.equal(view.onboardingFailureDetails.complaints.length, 2);
    assert.equal((await bench.call('GET', `/vnfpkgm/v1/vnf_packages/${id}`)).json.onboardingState, 'CREATED');
    const again = await bench.call('PUT', `${root}/${id}/package_content`, { body: text, headers: gzip });
    assert.equal(again.status, 202);
    assert.equal((await bench.call('GET', `${root}/${id}`)).json.onboardingState, 'ONBOARDED');
  });

  it('takes every media type, forms, and refuses others', async () => {
    for (const type of ['application/zip', 'application/octet-stream', 'text/plain', 'application/json']) {
      const id = await create();
      const body = JSON.stringify(fakeVnf(`vnf-${type}`));
      const headers = { 'content-type': type };
      assert.equal((await bench.call('PUT', `${root}/${id}/package_content`, { body, headers })).status, 202, type);
    }
    const id = await create();
    const form = [
      '--x',
      'Content-Disposition: form-data; name="file"; filename="my package.tar.gz"',
      'Content-Type: application/gzip',
      '',
      text,
      '--x--',
      '',
    ].join('\r\n');
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await bench.call('PUT', `${root}/${id}/package_content`, { body: form, headers });
    assert.equal(answer.status, 202, answer.text);
    assert.equal((await bench.call('GET', `${root}/${id}`)).json._skerry.fileName, 'my package.tar.gz');
    const other = await create();
    const video = { 'content-type': 'video/mp4' };
    const refused = await bench.call('PUT', `${root}/${other}/package_content`, { body: 'x', headers: video });
    assert.equal(refused.status, 415);
    assert.equal((await bench.call('GET', `${root}/${other}`)).json.onboardingState, 'CREATED');
  });

  it('compares digests', async () => {
    const id = await create();
    const put = (headers: Record<string, string>) =>
      bench.call('PUT', `${root}/${id}/package_content`, { body: text, headers: { ...gzip, ...headers } });
    assert.equal((await put({ 'content-file-md5': '0'.repeat(32) })).status, 409);
    assert.equal((await put({ digest: 'SHA-256=AAAA' })).status, 409);
    assert.equal((await bench.call('GET', `${root}/${id}`)).json.onboardingState, 'CREATED');
    const md5 = createHash('md5').update(text);
    const sha = createHash('sha256').update(text).digest('base64');
    const headers = { 'content-file-md5': md5.digest('hex'), 'content-digest': `sha-256=:${sha}:` };
    assert.equal((await put(headers)).status, 202);
  });

  it('reads content, ranges, descriptor, manifest and artefacts', async () => {
    const id = await onboard();
    const whole = await bench.call('GET', `${root}/${id}/package_content`);
    assert.equal(whole.text, text);
    assert.equal(whole.headers['content-type'], 'application/gzip');
    const artifact = `${root}/${id}/artifacts/cloud_init/a.txt`;
    const ranged = async (range: string) => bench.call('GET', artifact, { headers: { range } });
    const middle = await ranged('bytes=2-4');
    assert.deepEqual([middle.status, middle.text], [206, '234']);
    assert.equal(middle.headers['content-range'], 'bytes 2-4/10');
    assert.equal((await ranged('bytes=7-')).text, '789');
    assert.equal((await ranged('bytes=-2')).text, '89');
    assert.equal((await ranged('bytes=0-1,3-4')).status, 200);
    const outside = await ranged('bytes=10-');
    assert.deepEqual([outside.status, outside.headers['content-range']], [416, 'bytes */10']);
    const descriptor = await bench.call('GET', `${root}/${id}/vnfd`, { headers: { accept: 'text/plain' } });
    assert.equal(descriptor.text, 'id: vnfd');
    assert.equal((await bench.call('GET', `${root}/${id}/manifest`)).status, 404);
    for (const path of ['absent', '../package', '%2e%2e/package', '..%2fpackage']) {
      assert.equal((await bench.call('GET', `${root}/${id}/artifacts/${path}`)).status, 404, path);
    }
  });

  it('honours If-Match and If-None-Match, and asks for it before a revision', async () => {
    const id = await onboard();
    const { headers } = await bench.call('GET', `${root}/${id}`);
    const etag = String(headers['etag']);
    assert.equal((await bench.call('GET', `${root}/${id}`, { headers: { 'if-none-match': etag } })).status, 304);
    const body = { userDefinedData: { b: '2', a: null } };
    const stale = await bench.call('PATCH', `${root}/${id}`, { body, headers: { 'if-match': '"old"' } });
    assert.equal(stale.status, 412);
    const patch = { 'if-match': etag, 'content-type': 'application/merge-patch+json' };
    const changed = await bench.call('PATCH', `${root}/${id}`, { body: JSON.stringify(body), headers: patch });
    assert.deepEqual(changed.json, { userDefinedData: { b: '2' } });
    const next = JSON.stringify({ ...router, files: { a: 'b' } });
    const put = (more: object) =>
      bench.call('PUT', `${root}/${id}/package_content`, { body: next, headers: { ...gzip, ...more } });
    assert.equal((await put({})).status, 409);
    assert.equal((await put({ 'if-match': etag })).status, 412);
    assert.equal((await put({ 'if-match': String(changed.headers['etag']) })).status, 202);
    assert.equal((await bench.call('GET', `${root}/${id}`)).json._skerry.revision, 2);
  });

  it('keeps the rules of disabling and deleting', async () => {
    const id = await onboard();
    const patch = (operationalState: string) => bench.call('PATCH', `${root}/${id}`, { body: { operationalState } });
    assert.equal((await patch('ENABLED')).status, 409);
    assert.equal((await patch('BROKEN')).status, 400);
    assert.equal((await bench.call('PATCH', `${root}/${id}`, { body: {} })).status, 400);
    assert.equal((await bench.call('DELETE', `${root}/${id}`)).status, 409);
    assert.equal((await patch('DISABLED')).status, 200);
    await bench.store.commit([{ key: keys.vnf('v'), value: { vnfPackageId: id } }]);
    assert.equal((await bench.call('GET', `${root}/${id}`)).json.usageState, 'IN_USE');
    assert.equal((await bench.call('DELETE', `${root}/${id}`)).status, 409);
    await bench.store.commit([{ key: keys.vnf('v'), value: undefined }]);
    assert.equal((await bench.call('DELETE', `${root}/${id}`)).status, 204);
    assert.equal((await bench.call('GET', `${root}/${id}`)).status, 404);
  });

  it('filters, and hides what belongs to other projects', async () => {
    const id = await onboard();
    const found = await bench.call('GET', `${root}?filter=(eq,vnfdId,router)`);
    assert.deepEqual(
      found.json.map((item: { id: string }) => item.id),
      [id],
    );
    assert.deepEqual((await bench.call('GET', `${root}?vnfdId=other`)).json, []);
    assert.equal((await bench.call('GET', `${root}?nonsense=1`)).status, 400);
    assert.deepEqual((await bench.call('GET', root, { token: 'stranger' })).json, []);
    assert.equal((await bench.call('GET', `${root}/${id}`, { token: 'stranger' })).status, 404);
    assert.equal((await bench.call('DELETE', `${root}/${id}`, { token: 'stranger' })).status, 404);
    assert.equal((await bench.call('GET', root, { token: 'bad' })).status, 401);
  });

  describe('upload from a URI', () => {
    let server: Server;
    let origin: string;
    beforeEach(async () => {
      server = createServer((request, response) => {
        if (request.url === '/moved') response.writeHead(302, { location: '/router.tar.gz' }).end();
        else if (request.url === '/escape') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
        else if (request.url === '/router.tar.gz') response.writeHead(200, gzip).end(text);
        else response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const fetchInto = (target: NorthboundBench, id: string, addressInformation: string) =>
      target.call('POST', `${root}/${id}/package_content/upload_from_uri`, { body: { addressInformation } });

    it('fetches, follows redirects, and keeps failures on the resource', async () => {
      const id = await create();
      assert.equal((await fetchInto(bench, id, `${origin}/absent`)).status, 202);
      const failed = (await bench.call('GET', `${root}/${id}`)).json;
      assert.equal(failed.onboardingState, 'ERROR');
      assert.match(failed.onboardingFailureDetails.detail, /answered 404/);
      assert.equal((await fetchInto(bench, id, `${origin}/escape`)).status, 202);
      assert.equal((await bench.call('GET', `${root}/${id}`)).json.onboardingState, 'ERROR');
      assert.equal((await fetchInto(bench, id, `${origin}/moved`)).status, 202);
      const view = (await bench.call('GET', `${root}/${id}`)).json;
      assert.equal(view.onboardingState, 'ONBOARDED');
      assert.equal(view._skerry.fileName, 'router.tar.gz');
      assert.equal((await fetchInto(bench, await create(), 'ftp://x/y')).status, 400);
    });

    it('refuses private addresses, by number and by name', async () => {
      const closed = await startNorthbound([vnfPackagePlugin({ mayReachPrivateAddresses: false, timeoutMs: 5000 })]);
      try {
        const { id } = (await closed.call('POST', root, { body: {} })).json;
        for (const address of [
          origin,
          'http://[::ffff:10.0.0.1]/x',
          'http://169.254.169.254/latest',
          'http://2130706433/',
        ]) {
          assert.equal((await fetchInto(closed, id, address)).status, 422, address);
        }
        const port = origin.slice(origin.lastIndexOf(':'));
        assert.equal((await fetchInto(closed, id, `http://localhost${port}/router.tar.gz`)).status, 202);
        const view = (await closed.call('GET', `${root}/${id}`)).json;
        assert.match(view.onboardingFailureDetails.detail, /private address/);
      } finally {
        await closed.stop();
      }
    });
  });
});
