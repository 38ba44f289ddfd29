import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import { fakeNsd, fakeVnf } from '../../catalog/testing/fake-packages.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import type { IntentBook } from '../../intent-book/intent-book.ts';
import { createInventory } from '../../inventory/index.ts';
import { keys } from '../../keys.ts';
import type { LcmQueries, OperationView } from '../../lcm/lcm.ts';
import { type NorthboundBench, startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { skerryPlugin } from './index.ts';

const gzip = { 'content-type': 'application/gzip' };

describe('/skerry/v1', () => {
  let bench: NorthboundBench;
  let store: Store;
  let progress: { total: number; ready: number };
  beforeEach(async () => {
    store = createMemoryStore();
    progress = { total: 4, ready: 1 };
    const common = { store, clock: systemClock, random: systemRandom, log: silentLogger };
    const { inventory } = createInventory({
      ...common,
      book: {} as IntentBook,
      wake: () => {},
      wakeOpen: () => {},
    });
    const operation = async () => (await store.get(keys.operation('o1')))?.value;
    const queries = {
      listNs: async () => [],
      listOperations: async () => ((await operation()) === undefined ? [] : [{ operation: await operation() }]),
      operation: async () =>
        ({ operation: await operation(), progress: { ...progress, sites: [] } }) as unknown as OperationView,
    } as unknown as LcmQueries;
    const enrolment = {
      createToken: async (_context: unknown, input: { siteId: string; agentName?: string }) => ({
        token: 'skerry1.x',
        record: { id: 't1', siteId: input.siteId, agentName: input.agentName ?? '', createdAt: 1, expiresAt: 2 },
      }),
      tokens: async () => [],
    } as unknown as Enrolment;
    const telemetry = { latest: async () => undefined };
    const plugin = skerryPlugin({ store, enrolment, telemetry });
    bench = await startNorthbound([plugin], { inventory, queries }, { store });
  });
  afterEach(() => bench.stop());

  it('keeps sites', async () => {
    const created = await bench.call('POST', '/skerry/v1/sites', { body: { name: 'site-a', labels: { region: 'n' } } });
    assert.equal(created.status, 201, created.text);
    assert.equal((await bench.call('POST', '/skerry/v1/sites', { body: { name: 'site-a' } })).status, 409);
    assert.equal((await bench.call('POST', '/skerry/v1/sites', { body: { name: '../x' } })).status, 400);
    assert.equal((await bench.call('GET', '/skerry/v1/sites/site-a')).json.id, created.json.id);
    const patched = await bench.call('PATCH', '/skerry/v1/sites/site-a', { body: { description: 'north' } });
    assert.equal(patched.json.description, 'north');
    const token = await bench.call('POST', '/skerry/v1/join-tokens', { body: { siteId: 'site-a', agentName: 'a' } });
    assert.deepEqual([token.status, token.json.token, token.json.siteId], [201, 'skerry1.x', created.json.id]);
    assert.equal((await bench.call('DELETE', '/skerry/v1/sites/site-a')).status, 204);
    assert.deepEqual((await bench.call('GET', '/skerry/v1/sites')).json, []);
  });

  it('onboards in one step', async () => {
    const post = (fake: object, query = '') =>
      bench.call('POST', `/skerry/v1/packages${query}`, { body: JSON.stringify(fake), headers: gzip });
    const created = await post(fakeVnf('router'));
    assert.deepEqual([created.status, created.json.outcome, created.json.kind], [201, 'created', 'vnf']);
    assert.match(String(created.headers['location']), /\/vnfpkgm\/v2\/vnf_packages\//);
    assert.deepEqual([created.json.resource.onboardingState, created.json.resource._skerry.revision], ['ONBOARDED', 1]);
    const again = await post(fakeVnf('router'));
    assert.deepEqual([again.status, again.json.outcome, again.json.id], [200, 'unchanged', created.json.id]);
    const other = fakeVnf('router', { files: { a: 'b' } });
    assert.equal((await post(other)).status, 409);
    assert.equal((await post(other, '?new_revision')).json.outcome, 'revised');
    assert.equal((await post(fakeNsd('edge', ['router']))).json.kind, 'ns');
    const status = await bench.call('GET', '/skerry/v1/status');
    assert.deepEqual([status.json.counts.vnfPackages, status.json.counts.nsds], [1, 1]);
  });

  describe('events', () => {
    let address: string;
    beforeEach(async () => {
      await bench.app.listen({ host: '127.0.0.1', port: 0 });
      address = `http://127.0.0.1:${(bench.app.server.address() as AddressInfo).port}/skerry/v1/events`;
    });

    /** Reads events until one passes `last`; the connection is closed then. */
    async function read(
      query: string,
      headers: Record<string, string>,
      last: (text: string) => boolean,
      begin = () => {},
    ) {
      const options = { headers: { authorization: 'Bearer good', accept: 'text/event-stream', ...headers } };
      const request = get(`${address}${query}`, options);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.on('response', resolve).on('error', reject);
      });
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) {
        if (text === '') begin();
        text += chunk;
        if (last(text)) break;
      }
      request.destroy();
      return text;
    }
    const site = (name: string) => ({ key: keys.site(name), value: { id: name, name } });
    const open = { id: 'o1', nsInstanceId: 'n1', projectId: id('default'), type: 'SCALE', state: 'PROCESSING' };

    it('tells what changes, filtered by topic and project, and the progress of open operations', async () => {
      await store.commit([{ key: keys.operation('o1'), value: open }]);
      const text = await read(
        '?topics=op,ns',
        {},
        (seen) => seen.includes('"ready":3'),
        async () => {
          const foreign = { id: 'n2', projectId: 'elsewhere', name: 'hidden' };
          const own = { id: 'n1', projectId: 'default', name: 'shown' };
          await store.commit([
            site('s'),
            { key: keys.ns('n2'), value: foreign },
            { key: keys.ns('n1'), value: own },
            { key: keys.operation('o1'), value: { ...open, isCancelPending: true } },
          ]);
          progress = { total: 4, ready: 3 };
          await store.commit([{ key: keys.state('a1', 'compute/x'), value: { phase: 'ready' } }]);
        },
      );
      assert.match(text, /event: hello/);
      assert.match(text, /"name":"shown"/);
      assert.match(text, /"isCancelPending":true/);
      assert.doesNotMatch(text, /hidden|event: site/);
    });

    it('resumes after Last-Event-ID', async () => {
      const { revision } = await store.commit([site('before')]);
      await store.commit([site('after')]);
      const seen = (text: string) => text.includes('"id":"after"');
      const text = await read('?topics=site', { 'last-event-id': String(revision) }, seen);
      assert.doesNotMatch(text, /"id":"before"/);
      assert.match(text, new RegExp(`id: ${revision + 1}\nevent: site`));
    });

    it('refuses topics and tokens that it does not know', async () => {
      assert.equal((await bench.call('GET', '/skerry/v1/events?topics=weather')).status, 400);
      assert.equal((await bench.call('GET', '/skerry/v1/events', { token: 'bad' })).status, 401);
    });
  });
});
