import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys } from '#controller/keys.ts';
import { clusterLimits } from '#shared/model/clusters.ts';
import { ClusterFleet } from './cluster-fleet.ts';

const web = { chart: 'repo/web', version: '1.0.0', values: { replicas: 2 } };
const settings = { manifests: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: {} }] };
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

async function attached(...sites: string[]): Promise<ClusterFleet> {
  const here = await ClusterFleet.open();
  await here.clusters.createProfile({ name: 'edge' });
  for (const site of sites) await here.clusters.attach(here.id(site), 'edge');
  return here;
}

test('an application reaches every attached cluster; a site that is away catches up', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  here.fleet.cut('south');
  assert.equal((await clusters.putApplication('edge', 'web', web)).outcome, 'created');
  await here.pass();
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready', 'web@south': 'pending' });
  const [away] = await clusters.clusterStatus(here.id('south'));
  assert.equal(away?.message, 'the site cannot be reached; it goes on when it is back');
  assert.equal(away?.connected, false);
  assert.equal(here.running('south').length, 0);
  await here.restore('south');
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready', 'web@south': 'ready' });
  assert.equal(here.running('south').length, 1);
});

test('a change updates what runs in place; an equal one changes nothing', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  const before = here.running('north').map(({ key, incarnation }) => ({ key, incarnation }));
  const head = await here.fleet.living().core.book.head(here.fleet.agents.get('north')!.agentId);
  assert.equal((await clusters.putApplication('edge', 'web', web)).outcome, 'unchanged');
  const { application, outcome } = await clusters.putApplication('edge', 'web', { ...web, version: '2.0.0' });
  assert.deepEqual([outcome, application.revision], ['changed', 2]);
  await here.pass();
  const [after] = here.running('north');
  assert.deepEqual([{ key: after?.key, incarnation: after?.incarnation }], before);
  assert.equal(after?.spec['version'], '2.0.0');
  const next = await here.fleet.living().core.book.head(here.fleet.agents.get('north')!.agentId);
  assert.equal(next.generation, head.generation + 1, 'one change, one generation');
});

test('lower orders are ready before higher ones begin', async () => {
  const here = await attached('north');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', { ...web, order: 2 });
  await clusters.putApplication('edge', 'settings', { ...settings, order: 1 });
  const { id } = await clusters.profile('edge');
  const { agentId } = here.fleet.agents.get('north')!;
  const objects = await here.fleet.living().core.book.scope(agentId, `profile:${id}:${here.id('north')}`);
  const [upper, lower] = ['helm-release', 'manifests'].map((kind) => objects.find(({ key }) => key.startsWith(kind)));
  assert.deepEqual([lower?.dependsOn, upper?.dependsOn], [[], [lower?.key]]);
  await here.pass();
  assert.deepEqual(await here.states('edge'), { 'settings@north': 'ready', 'web@north': 'ready' });
  assert.deepEqual(
    here.running('north').map(({ kind }) => kind),
    ['manifests', 'helm-release'],
  );
});

test('an application that is removed goes everywhere, also where the site is away; its name may be used again', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  here.fleet.cut('south');
  await clusters.removeApplication('edge', 'web');
  await here.pass();
  assert.deepEqual([here.running('north').length, here.running('south').length], [0, 1]);
  await here.restore('south');
  assert.equal(here.running('south').length, 0);
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  assert.deepEqual([here.running('north').length, here.running('south').length], [1, 1]);
});

test('five applications at once pass the brake, for an operation names them', async () => {
  const here = await attached('north');
  const { clusters } = here;
  for (let count = 0; count < 5; count += 1) await clusters.putApplication('edge', `web-${count}`, web);
  await here.pass();
  assert.equal(here.running('north').length, 5);
  assert.equal(await clusters.detach(here.id('north'), 'edge'), 'detaching');
  await here.pass();
  assert.equal(here.running('north').length, 0);
  assert.deepEqual(await clusters.attachedProfiles(here.id('north')), []);
  assert.equal((await clusters.profile('edge')).clusterCount, 0);
});

test('detaching waits for a site that is away, and refuses another attachment until it is done', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  here.fleet.cut('south');
  assert.equal(await clusters.detach(here.id('south'), 'edge'), 'detaching');
  assert.equal(await clusters.detach(here.id('south'), 'edge'), 'detaching');
  await here.pass();
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready', 'web@south': 'removing' });
  await assert.rejects(clusters.attach(here.id('south'), 'edge'), code('Conflict'));
  await here.restore('south');
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready' });
  await clusters.attach(here.id('south'), 'edge');
  await here.pass();
  assert.equal(here.running('south').length, 1);
});

test('detaching with keep leaves what runs, at once', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  here.fleet.cut('south');
  assert.equal(await clusters.detach(here.id('south'), 'edge', { keep: true }), 'detached');
  await here.restore('south');
  await here.pass(3_600_000);
  assert.deepEqual([here.running('south').length, here.removals('south')], [1, 0]);
  assert.deepEqual(await clusters.attachedProfiles(here.id('south')), []);
});

test('a move between two profiles of one cluster touches nothing there; elsewhere it removes and adds', async () => {
  const here = await attached('north', 'south');
  const { clusters } = here;
  await clusters.createProfile({ name: 'core' });
  await clusters.attach(here.id('north'), 'core');
  await clusters.putApplication('edge', 'web', web);
  await here.pass();
  const before = here.running('north').map(({ key, incarnation }) => ({ key, incarnation }));
  await clusters.moveApplication('edge', 'web', { profile: 'core' });
  await here.pass();
  assert.deepEqual(
    here.running('north').map(({ key, incarnation }) => ({ key, incarnation })),
    before,
  );
  assert.equal(here.removals('north'), 0);
  assert.equal(here.running('south').length, 0);
  assert.deepEqual(await here.states('core'), { 'web@north': 'ready' });
  await clusters.removeApplication('core', 'web');
  await here.pass();
  assert.equal(here.running('north').length, 0);
});

test('a copy is a release of its own', async () => {
  const here = await attached('north');
  const { clusters } = here;
  await clusters.putApplication('edge', 'web', web);
  const copy = await clusters.cloneApplication('edge', 'web', { name: 'web-2' });
  assert.deepEqual([copy.releaseName, copy.namespace], ['web-2', 'web-2']);
  await assert.rejects(clusters.cloneApplication('edge', 'web', { name: 'web-2' }), code('Conflict'));
  await here.pass();
  assert.equal(here.running('north').length, 2);
});

test('what is given up says why, and is tried again when it is told to', async () => {
  const here = await attached('north');
  const { clusters, fleet } = here;
  const control = () => new Map(fleet.agents.get('north')!.platform.controls).get(here.id('north'))!;
  await control().fault({
    verb: 'ensure',
    effect: 'fail',
    code: 'PlatformRefused',
    message: 'no such chart',
    times: 1,
  });
  await clusters.putApplication('edge', 'web', web);
  await here.pass(5_000);
  const [status] = await clusters.clusterStatus(here.id('north'));
  assert.deepEqual([status?.state, /no such chart/.test(status?.message ?? '')], ['given-up', true]);
  await clusters.retryApplication('edge', 'web');
  await here.pass();
  assert.deepEqual(await here.states('edge'), { 'web@north': 'ready' });
});

test('what cannot be is refused with a word on what to do', async () => {
  const here = await attached('north');
  const { clusters, inventory } = here;
  await assert.rejects(clusters.createProfile({ name: 'edge' }), code('Conflict'));
  await assert.rejects(clusters.deleteProfile('edge'), code('Conflict'));
  await assert.rejects(clusters.attach((await inventory.infra('infra-north')).id, 'edge'), code('Unprocessable'));
  await assert.rejects(clusters.putApplication('edge', 'web', {}), code('Unprocessable'));
  await assert.rejects(clusters.putApplication('edge', 'web', { ...web, ...settings }), code('Unprocessable'));
  await assert.rejects(
    clusters.putApplication('edge', 'web', { ...web, namespace: 'kube-system' }),
    code('Unprocessable'),
  );
  await assert.rejects(clusters.putApplication('edge', 'Web_', web), code('Unprocessable'));
  const large = 'x'.repeat(clusterLimits.applicationBytes);
  await assert.rejects(clusters.putApplication('edge', 'web', { ...web, values: { large } }), code('TooLarge'));
  await clusters.putApplication('edge', 'web', web);
  await assert.rejects(clusters.putApplication('edge', 'web', web, { mustBeNew: true }), code('Conflict'));
  const twin = { ...web, releaseName: 'web', namespace: 'web' };
  await assert.rejects(clusters.putApplication('edge', 'other', twin), code('Conflict'));
  await assert.rejects(inventory.deleteInfra(undefined as never, here.id('north')), code('Conflict'));
});

test('a change is brought to all clusters, also when the controller dies between two parts of it', async () => {
  const here = await attached('north', 'south');
  const { fleet } = here;
  const { id } = await here.clusters.profile('edge');
  await here.clusters.putApplication('edge', 'web', web);
  await here.pass();
  // As a death after the first part leaves it: the change is durable, not every cluster has it.
  const { store, life } = fleet.living();
  const entry = (await store.get<object>(keys.profile(id)))!;
  const application = (await store.get<object>(keys.application(id, 'web')))!;
  await store.commit([
    { key: entry.key, value: { ...entry.value, generation: 2 } },
    { key: application.key, value: { ...application.value, version: '3.0.0' } },
  ]);
  life.end();
  await fleet.startController();
  await here.pass();
  for (const site of ['north', 'south']) assert.equal(here.running(site)[0]?.spec['version'], '3.0.0');
  const profile = await here.clusters.profile('edge');
  assert.equal(profile.appliedGeneration, profile.generation);
});
