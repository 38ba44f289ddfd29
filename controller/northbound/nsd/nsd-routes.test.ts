import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { context } from '../../catalog/testing/catalog-bench.ts';
import { fakeNsd, fakeVnf } from '../../catalog/testing/fake-packages.ts';
import { etsiOpenApi } from '../catalog/testing/etsi-openapi.ts';
import { type NorthboundBench, startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { nsdPlugin } from './index.ts';

const root = '/nsd/v2/ns_descriptors';

describe('NSD management', () => {
  let bench: NorthboundBench;
  beforeEach(async () => {
    bench = await startNorthbound([nsdPlugin()]);
  });
  afterEach(() => bench.stop());

  const put = (id: string, fake: object) =>
    bench.call('PUT', `${root}/${id}/nsd_content`, {
      body: JSON.stringify(fake),
      headers: { 'content-type': 'application/zip' },
    });

  const etsi = etsiOpenApi('SOL005-3.7.1-NSDManagement');
  it("answers as ETSI's OpenAPI says", { skip: 'skip' in etsi && etsi.skip }, async () => {
    if ('skip' in etsi) return;
    const created = await bench.call('POST', root, { body: { userDefinedData: { a: '1' } } });
    assert.equal(created.status, 201);
    etsi.validate('NsdInfo', created.json);
    const missing = await put(created.json.id, fakeNsd('edge', ['router']));
    assert.equal(missing.status, 409);
    assert.deepEqual(missing.json.details.missingVnfdIds, ['router']);
    etsi.validate('NsdInfo', (await bench.call('GET', `${root}/${created.json.id}`)).json);
    const upload = await bench.upload(fakeVnf('router'));
    const vnf = await bench.catalog.onboard(context, upload, { isRevision: false });
    const onboarded = await put(created.json.id, fakeNsd('edge', ['router'], { files: { 'icons/a.png': 'x' } }));
    assert.equal(onboarded.status, 202, onboarded.text);
    const view = (await bench.call('GET', `${root}/${created.json.id}`)).json;
    etsi.validate('NsdInfo', view);
    assert.deepEqual(view.vnfPkgIds, [vnf.resource.id]);
    assert.equal(view.artifacts[0].artifactPath, 'icons/a.png');
    for (const item of (await bench.call('GET', root)).json) etsi.validate('NsdInfo', item);
    const disabled = await bench.call('PATCH', `${root}/${view.id}`, { body: { nsdOperationalState: 'DISABLED' } });
    etsi.validate('NsdInfoModifications', disabled.json);
    const data = await bench.call('PATCH', `${root}/${view.id}`, {
      body: { userDefinedData: [{ b: '2' }, { c: '3' }] },
    });
    etsi.validate('NsdInfoModifications', data.json);
    assert.deepEqual(data.json, { userDefinedData: [{ a: '1', b: '2', c: '3' }] });
    const map = await bench.call('PATCH', `${root}/${view.id}`, { body: { userDefinedData: { a: null } } });
    assert.deepEqual(map.json, { userDefinedData: { b: '2', c: '3' } });
    const body = { callbackUri: 'http://127.0.0.1/x', filter: { nsdId: ['edge'] } };
    etsi.validate('NsdmSubscription', (await bench.call('POST', '/nsd/v2/subscriptions', { body })).json);
  });

  it('goes from creation to deletion, in v1 as in v2', async () => {
    for (const major of ['v1', 'v2']) {
      const list = `/nsd/${major}/ns_descriptors`;
      const { id } = (await bench.call('POST', list, { body: {} })).json;
      assert.equal((await bench.call('GET', `${list}/${id}/nsd`)).status, 409);
      assert.equal((await put(id, fakeNsd(`edge-${major}`, []))).status, 202);
      assert.equal((await bench.call('GET', `${list}/${id}/nsd`)).text, 'id: nsd');
      assert.equal((await bench.call('GET', `${list}/${id}/nsd_content`)).status, 200);
      assert.equal((await bench.call('DELETE', `${list}/${id}`)).status, 409);
      const body = { nsdOperationalState: 'DISABLED' };
      assert.equal((await bench.call('PATCH', `${list}/${id}`, { body })).status, 200);
      assert.equal((await bench.call('PATCH', `${list}/${id}`, { body })).status, 409);
      assert.equal((await bench.call('DELETE', `${list}/${id}`)).status, 204);
    }
  });
});
