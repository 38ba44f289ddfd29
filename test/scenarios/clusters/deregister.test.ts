import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys } from '#controller/keys.ts';
import type { Allocation } from '#shared/model/inventory.ts';
import { ClusterFleet, operator } from './cluster-fleet.ts';

const web = { chart: 'repo/web', version: '1.0.0' };
const hour = 3_600_000;
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

async function serving(): Promise<ClusterFleet> {
  const here = await ClusterFleet.open();
  const { clusters } = here;
  for (const profile of ['edge', 'core']) {
    await clusters.createProfile({ name: profile });
    await clusters.putApplication(profile, `web-${profile}`, web);
    for (const site of ['north', 'south']) await clusters.attach(here.id(site), profile);
  }
  await here.pass();
  assert.deepEqual([here.running('north').length, here.running('south').length], [2, 2]);
  return here;
}

for (const isAway of [false, true])
  test(`deregistering removes nothing, now and later${isAway ? ', also at a site that hears of it afterwards' : ''}`, async () => {
    const here = await serving();
    const cluster = here.id('north');
    const { agentId } = here.fleet.agents.get('north')!;
    if (isAway) here.fleet.cut('north');
    assert.equal(await here.clusters.deregister(operator, cluster, 'keep'), 'deregistered');
    await assert.rejects(here.inventory.infra(cluster), code('NotFound'));
    if (isAway) await here.restore('north');
    await here.pass();
    const agent = here.fleet.agents.get('north')!;
    assert.deepEqual(
      agent.core?.seek.infras().map(({ kind }) => kind),
      ['simulated'],
      'the agent has let go of it',
    );
    // A restart, a removal of the applications and of the profiles: none of it reaches what was kept.
    agent.life?.end();
    await here.fleet.reviveAll();
    await here.clusters.removeApplication('edge', 'web-edge');
    assert.equal(await here.clusters.detach(here.id('south'), 'core'), 'detaching');
    await here.pass(2 * hour);
    await here.clusters.deleteProfile('core');
    assert.equal(here.running('north', cluster).length, 2);
    assert.equal(here.removals('north', cluster), 0);
    assert.equal(here.running('south').length, 0);
    // Nothing is owed and nothing is left over.
    const { store } = here.fleet.living();
    for (const prefix of ['deregistration/', keys.clusterProfile(cluster, ''), `state/${agentId}/helm-release/`])
      assert.deepEqual(await store.range({ prefix }), []);
    assert.equal(agent.core?.seek.appliedGeneration(), (await here.fleet.living().core.book.head(agentId)).generation);
  });

test('with workloads=remove it leaves when all is gone, and nothing new comes meanwhile', async () => {
  const here = await serving();
  const cluster = here.id('north');
  here.fleet.cut('north');
  assert.equal(await here.clusters.deregister(operator, cluster, 'remove'), 'deregistering');
  assert.equal((await here.inventory.infra(cluster)).schedulable, false);
  await here.clusters.createProfile({ name: 'more' });
  await assert.rejects(here.clusters.attach(cluster, 'more'), code('Conflict'));
  await here.pass();
  assert.equal((await here.clusters.deregistration(cluster))?.workloads, 'remove');
  await here.restore('north');
  await here.pass();
  assert.equal(here.running('north', cluster).length, 0);
  await assert.rejects(here.inventory.infra(cluster), code('NotFound'));
  assert.equal(await here.clusters.deregistration(cluster), undefined);
  assert.equal(here.running('south').length, 2);
});

test('a removal that waits for an absent site can be turned into keeping: nothing is removed any more', async () => {
  const here = await serving();
  const cluster = here.id('north');
  here.fleet.cut('north');
  assert.equal(await here.clusters.deregister(operator, cluster, 'remove'), 'deregistering');
  assert.equal(await here.clusters.deregister(operator, cluster, 'keep'), 'deregistered');
  await assert.rejects(here.inventory.infra(cluster), code('NotFound'));
  await here.restore('north');
  await here.pass(hour);
  assert.deepEqual([here.running('north', cluster).length, here.removals('north', cluster)], [2, 0]);
});

test('a deregistration goes on after the controller died in the middle of it', async () => {
  const here = await serving();
  const cluster = here.id('north');
  const value = { infraId: cluster, workloads: 'keep', startedAt: 0, username: 'ada', message: '' };
  const { store, life } = here.fleet.living();
  await here.clusters.detach(cluster, 'core', { keep: true });
  await store.commit([{ key: keys.deregistration(cluster), value }]);
  life.end();
  await here.fleet.startController();
  await here.pass();
  await assert.rejects(here.inventory.infra(cluster), code('NotFound'));
  assert.deepEqual([here.running('north', cluster).length, here.removals('north', cluster)], [2, 0]);
});

test('NS instances refuse it by name', async () => {
  const here = await serving();
  const cluster = here.id('north');
  const amount = { vcpus: 1, memoryMib: 1, storageGib: 1 };
  const allocation = { infraId: cluster, nsInstanceId: 'ns-1', vnfInstanceId: 'vnf-1', amount };
  const { store } = here.fleet.living();
  await store.commit([
    { key: keys.allocation(cluster, 'vnf-1'), value: allocation as unknown as Allocation },
    { key: keys.ns('ns-1'), value: { id: 'ns-1', name: 'telephony' } },
  ]);
  for (const workloads of ['keep', 'remove'] as const)
    await assert.rejects(
      here.clusters.deregister(operator, cluster, workloads),
      (error: { code?: string; message: string }) =>
        error.code === 'Conflict' && /telephony \(ns-1\)/.test(error.message),
    );
  assert.equal((await here.inventory.infra(cluster)).schedulable, true);
  assert.equal(here.running('north').length, 2);
});

test('a cluster that is registered again gets units under keys of their own', async () => {
  const here = await serving();
  const former = here.id('north');
  await here.clusters.deregister(operator, former, 'keep');
  await here.pass();
  const cluster = await here.register('north', 'cluster-north');
  await here.clusters.attach(cluster, 'edge');
  await here.pass();
  const [fresh] = here.running('north', cluster);
  const kept = here.running('north', former);
  assert.equal(kept.length, 2);
  assert.ok(fresh !== undefined && !kept.some(({ key }) => key === fresh.key));
  assert.equal(here.removals('north', former), 0);
  const left = kept.find(({ spec }) => spec['name'] === fresh.spec['name']);
  assert.deepEqual(fresh.spec['adopts'], [left?.key], 'it may go on with what was kept of the same application');
});

test('what was removed, or is another application under the same name, is not taken over', async () => {
  const here = await serving();
  const cluster = here.id('north');
  const { clusters } = here;
  const adopts = () => here.running('north').map(({ spec }) => spec['adopts']);
  await clusters.detach(cluster, 'edge');
  await clusters.detach(cluster, 'core', { keep: true });
  await here.pass();
  await clusters.removeApplication('core', 'web-core');
  await clusters.putApplication('core', 'web-core', web);
  for (const profile of ['edge', 'core']) await clusters.attach(cluster, profile);
  await here.pass();
  assert.deepEqual(adopts(), [undefined, undefined, undefined], 'one is kept, two are new');
});

test('an application that moves to another profile takes along what it may go on with', async () => {
  const here = await serving();
  const { clusters } = here;
  const cluster = here.id('north');
  await clusters.detach(cluster, 'edge', { keep: true });
  await clusters.attach(cluster, 'edge');
  await here.pass();
  const wanted = () => here.running('north').filter(({ spec }) => spec['adopts'] !== undefined);
  const before = wanted();
  assert.equal(before.length, 1);
  await clusters.moveApplication('edge', 'web-edge', { profile: 'core' });
  await here.pass();
  assert.deepEqual(wanted(), before);
});
