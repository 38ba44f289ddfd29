import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import type { ChartStore } from '../../catalog/index.ts';
import { createChartRoom } from '../../charts/index.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import { createSecretBox } from '../../notify/index.ts';
import { startNorthbound } from '../catalog/testing/northbound-bench.ts';
import { skerryPlugin } from './index.ts';

const root = '/skerry/v1/chart_repositories';

test('chart repositories are registered, changed, shown without secrets, and deleted', async (t) => {
  const store = createMemoryStore();
  const tools = { clock: systemClock, random: systemRandom, log: silentLogger };
  const charts = createChartRoom({
    store,
    charts: {} as ChartStore,
    box: createSecretBox(new Uint8Array(32), systemRandom),
    helm: { program: 'no-such-helm', environment: {} },
    ...tools,
  });
  const telemetry = { latest: async () => undefined };
  const plugin = skerryPlugin({ store, enrolment: {} as Enrolment, telemetry, charts });
  const bench = await startNorthbound([plugin], {}, { store });
  t.after(() => bench.stop());

  const body = { name: 'stable', type: 'helm', url: 'https://charts.example', username: 'u', password: 'geheim' };
  const made = await bench.call('POST', root, { body });
  assert.deepEqual([made.status, made.json.hasPassword, made.json.hasKeyring], [201, true, false], made.text);
  assert.ok(!made.text.includes('geheim') && !made.text.includes('sealed'));
  assert.equal((await bench.call('POST', root, { body })).status, 409);
  const wrong = [
    { ...body, name: '../x' },
    { ...body, type: 'git' },
    { ...body, name: 'b', sealedPassword: 'x' },
    { ...body, name: 'b', keyring: 'no key' },
  ];
  for (const each of wrong) assert.equal((await bench.call('POST', root, { body: each })).status, 400);
  assert.equal((await bench.call('POST', root, { body: { ...body, name: 'b', url: 'file:///etc' } })).status, 422);
  assert.deepEqual(
    (await bench.call('GET', root)).json.map(({ name }: { name: string }) => name),
    ['stable'],
  );
  const patched = await bench.call('PATCH', `${root}/stable`, { body: { description: 'ours', password: null } });
  assert.deepEqual([patched.json.description, patched.json.hasPassword], ['ours', false]);
  assert.equal((await bench.call('GET', `${root}/${made.json.id}`)).json.name, 'stable');
  assert.equal((await bench.call('DELETE', `${root}/stable`)).status, 204);
  assert.equal((await bench.call('GET', `${root}/stable`)).status, 404);
});
