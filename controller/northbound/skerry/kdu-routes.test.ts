import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createMemoryStore } from '#shared/store/index.ts';
import { principal } from '../../catalog/testing/catalog-bench.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import type { Lcm, LcmQueries } from '../../lcm/lcm.ts';
import { type NorthboundBench, startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { skerryPlugin } from './index.ts';

const revision = (no: number, values: object) => ({
  ...{ revision: no, cause: 'upgrade', chart: 'stable/web', values, replicas: {}, at: 1000, operationId: `op${no}` },
});
const facts = {
  addresses: { http: ['10.0.0.9'] },
  release: { name: 'web-1', revision: 3, status: 'deployed', chart: 'web', version: 2 },
  workloads: [{ kind: 'Deployment', namespace: 'n', name: 'web', desired: 2, available: -1, junk: 1 }, 'x', null],
  pods: { not: 'a list' },
  services: [
    { name: 'http', type: 'ClusterIP', clusterIps: ['10.0.0.9', 7], externalAddresses: 3, ports: [{ port: 80 }] },
  ],
};

describe('/skerry/v1 KDUs', () => {
  let bench: NorthboundBench;
  let asked: unknown[];
  beforeEach(async () => {
    asked = [];
    const kdu = { kduName: 'web', key: 'helm-release/1', replicas: { web: 2 } };
    const revisions = [revision(2, { port: 80, dbPassword: 'hush' }), revision(1, {})];
    const vnf = { vnfInstanceId: 'v1', profileId: '1', name: 'edge-1', kdus: [{ ...kdu, revisions }] };
    const unit = {
      ...{
        key: 'helm-release/1',
        kind: 'helm-release',
        part: 'web',
        index: 0,
        phase: 'ready',
        ready: true,
        message: '',
      },
      ...{ platformId: 'p', addresses: facts.addresses, facts, ageMs: 5000, fresh: false },
    };
    const view = {
      ns: { id: 'ns1', projectId: principal.projectId, desired: { vnfs: [vnf] } },
      vnfs: [{ vnf: { id: 'v1' }, siteName: 'site-a', isSiteConnected: false, infraName: 'k8s', units: [unit] }],
    };
    const queries = { ns: async () => view } as unknown as LcmQueries;
    const lcm = {
      actOnKdu: async (_context: unknown, _id: string, body: unknown) => {
        asked.push(body);
        return { id: 'op9' };
      },
    } as unknown as Lcm;
    const plugin = skerryPlugin({
      store: createMemoryStore(),
      enrolment: {} as Enrolment,
      telemetry: { latest: async () => undefined },
    });
    bench = await startNorthbound([plugin], { queries, lcm });
  });
  afterEach(() => bench.stop());

  it('starts an action and names its operation', async () => {
    const body = { vnf: '1', kdu: 'web', action: 'upgrade', params: { values: { a: 1 }, timeout: 60 } };
    const answer = await bench.call('POST', '/skerry/v1/ns_instances/ns1/actions', { body });
    assert.equal(answer.status, 202, answer.text);
    assert.match(String(answer.headers['location']), /\/nslcm\/v2\/ns_lcm_op_occs\/op9$/);
    assert.deepEqual(asked, [body]);
    for (const wrong of [{ ...body, action: 'explode' }, { ...body, params: { kduModel: 'x' } }, { kdu: 'web' }])
      assert.equal((await bench.call('POST', '/skerry/v1/ns_instances/ns1/actions', { body: wrong })).status, 400);
  });

  it('shows what is wanted and what was reported, with its age, also when the site is away', async () => {
    const [kdu] = (await bench.call('GET', '/skerry/v1/ns_instances/ns1/kdus')).json;
    assert.deepEqual([kdu.name, kdu.vnfProfileId, kdu.siteConnected, kdu.fresh], ['web', '1', false, false]);
    assert.ok(Date.parse(kdu.reportedAt) <= Date.now() - 4000);
    assert.deepEqual(kdu.workloads, [{ kind: 'Deployment', namespace: 'n', name: 'web', desired: 2, available: 0 }]);
    assert.deepEqual(kdu.pods, []);
    assert.deepEqual(kdu.services[0].addresses, ['10.0.0.9']);
    assert.equal(kdu.release.version, '');
    assert.deepEqual([kdu.wanted.revision, kdu.wanted.values], [2, { port: 80, dbPassword: '(hidden)' }]);
  });

  it('shows the history of one KDU', async () => {
    const one = (await bench.call('GET', '/skerry/v1/ns_instances/ns1/kdus/edge-1/web')).json;
    assert.deepEqual(
      one.history.map((each: { revision: number; operationId: string }) => [each.revision, each.operationId]),
      [
        [2, 'op2'],
        [1, 'op1'],
      ],
    );
    assert.equal((await bench.call('GET', '/skerry/v1/ns_instances/ns1/kdus/1/db')).status, 404);
  });
});
