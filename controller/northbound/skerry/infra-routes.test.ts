import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import { createIntentBook } from '../../intent-book/index.ts';
import { createInventory } from '../../inventory/index.ts';
import { keys } from '../../keys.ts';
import type { LcmQueries } from '../../lcm/lcm.ts';
import { type NorthboundBench, startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { skerryPlugin } from './index.ts';

const root = '/skerry/v1/infras';
let bench: NorthboundBench;
beforeEach(async () => {
  const store = createMemoryStore();
  const common = { store, clock: systemClock, random: systemRandom, log: silentLogger };
  const book = await createIntentBook(common);
  const { inventory } = createInventory({ ...common, book, wake: () => {}, wakeOpen: () => {} });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const agent = { siteId: 's1', revoked: false };
  await store.commit([
    { key: keys.agent('a1'), value: { ...agent, id: 'a1', name: 'known', publicKey: key } },
    { key: keys.agent('a2'), value: { ...agent, id: 'a2', name: 'shy' } },
  ]);
  const unused = { enrolment: {} as Enrolment, telemetry: { latest: async () => undefined } };
  bench = await startNorthbound(
    [skerryPlugin({ store, ...unused })],
    { inventory, queries: {} as LcmQueries },
    { store },
  );
});
afterEach(() => bench.stop());

const create = (agentId: string) => {
  const settings = { kubeconfig: 'hunter2', context: 'c', auth: [{ password: 'hunter2' }] };
  return bench.call('POST', root, { body: { name: 'k1', agentId, kind: 'kubernetes', settings } });
};

test('an answer holds no secret, sealed or not', async () => {
  const made = await create('known');
  assert.equal(made.status, 201, made.text);
  const shown = { kubeconfig: '(hidden)', context: 'c', auth: [{ password: '(hidden)' }] };
  for (const answer of [made, await bench.call('GET', `${root}/k1`)]) assert.deepEqual(answer.json.settings, shown);
  const changed = await bench.call('PATCH', `${root}/k1`, {
    body: { settings: { kubeconfig: 'swordfish', context: null } },
  });
  assert.deepEqual([changed.status, changed.json.settings], [200, { kubeconfig: '(hidden)', auth: shown.auth }]);
  assert.ok(changed.json.revision > made.json.revision);
});

test('without the key of the agent it says what to do', async () => {
  const refused = await create('shy');
  assert.equal(refused.status, 409);
  assert.match(refused.json.remedy, /connect once/);
});

test('a change is checked: members, placeholders, labels', async () => {
  await create('known');
  const patch = (body: object) => bench.call('PATCH', `${root}/k1`, { body });
  for (const body of [{}, { kind: 'other' }, { labels: { a: 1 } }, { settings: { kubeconfig: '(hidden)' } }])
    assert.equal((await patch(body)).status, 400, JSON.stringify(body));
  assert.equal((await bench.call('PATCH', `${root}/none`, { body: { schedulable: false } })).status, 404);
  await patch({ labels: { a: '1', b: '2' } });
  const { json } = await patch({ labels: { b: null }, schedulable: false });
  assert.deepEqual([json.labels, json.schedulable], [{ a: '1' }, false]);
});
