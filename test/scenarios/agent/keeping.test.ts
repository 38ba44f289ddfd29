import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InfraId, id } from '#shared/model/ids.ts';
import { infraId, infraObject, key, unitObject } from './scripted-intent.ts';
import { SimulatedSite } from './simulated-site.ts';

const scope = 'profile:p:c';
const again = id<InfraId>('infra-2');
const day = 86_400_000;

function release(name: string, change: object = {}) {
  const spec = { name, namespace: name, chart: 'repo/web', replicas: {}, services: [] };
  return unitObject({ key: `helm-release/${name}`, scope, kind: 'helm-release', spec, ...change });
}
const keep = (name: string) => ({ key: key(`helm-release/${name}`), scope, opId: 'op-1', keep: true as const });
const noInfra = { key: key(`infra/${infraId}`), scope: '', opId: 'op-1' };

async function running(): Promise<SimulatedSite> {
  const site = new SimulatedSite();
  await site.boot();
  await site.intent.commit([infraObject(), release('web'), release('db')]);
  await site.quiet();
  return site;
}

/** Read by an infra that is opened anew over the same platform. */
async function seeAgain(site: SimulatedSite) {
  await site.intent.commit([infraObject({}, again)]);
  await site.pass(day);
  return site.controlOf(again);
}

test('units that are kept and their infra leave in one change: nothing is called, and all is said to be done', async () => {
  const site = await running();
  await site.intent.commit([], [keep('web'), keep('db'), noInfra]);
  await site.quiet();
  assert.deepEqual(site.seek.infras(), [], 'nothing of ours holds the infra open');
  assert.deepEqual(
    site
      .reports('results', 'reached')
      .filter((body) => body.scope === scope)
      .at(-1)
      ?.removed.map((item) => item.key)
      .sort(),
    ['helm-release/db', 'helm-release/web'],
  );
  const control = await seeAgain(site);
  assert.equal(control.world().units.length, 2);
  assert.ok(Object.values(control.world().effects).every(({ removes, updates }) => removes + updates === 0));
  await site.stop();
});

test('a change that comes while the agent is down keeps all the same, although it no longer has a way to the platform', async () => {
  const site = await running();
  await site.stop();
  await site.boot();
  await site.intent.commit([], [keep('web'), keep('db'), noInfra]);
  await site.stop();
  await site.boot();
  await site.pass(day);
  const control = await seeAgain(site);
  assert.equal(control.world().units.length, 2);
  assert.deepEqual(site.seek.heldDeletions(), []);
  await site.stop();
});

test('a new unit on the same platform leaves the kept one alone, which is reported as an orphan', async () => {
  const site = await running();
  await site.intent.commit([], [keep('web'), keep('db'), noInfra]);
  await site.quiet();
  await site.intent.commit([infraObject({}, again), release('new', { infraId: again })]);
  await site.pass(day);
  const names = site
    .controlOf(again)
    .world()
    .units.map((unit) => unit.key);
  assert.deepEqual(names.sort(), ['helm-release/db', 'helm-release/new', 'helm-release/web']);
  const orphans = site.reports('decisions', 'orphan').filter((body) => body.infraId === again && body.present);
  assert.deepEqual(orphans.map((body) => body.key).sort(), ['helm-release/db', 'helm-release/web']);
  await site.intent.commit([], [{ key: key('helm-release/new'), scope, opId: 'op-2' }]);
  await site.pass(day);
  assert.equal(site.controlOf(again).world().units.length, 2, 'what is removed is what was asked for');
  await site.stop();
});

test('an agent whose disk is lost hears of the kept ones by their tombstones, and keeps them', async () => {
  const site = await running();
  await site.intent.commit([], [keep('web'), keep('db'), noInfra]);
  await site.quiet();
  await site.stop();
  const fresh = new SimulatedSite(2);
  fresh.worldFile = site.worldFile;
  await fresh.boot();
  // As a snapshot brings it: graves are among its tombstones.
  await fresh.intent.commit([infraObject({}, again)], [keep('web'), keep('db')]);
  await fresh.pass(day);
  const { units, effects } = fresh.controlOf(again).world();
  assert.equal(units.length, 2);
  assert.ok(Object.values(effects).every(({ removes }) => removes === 0));
  await fresh.stop();
});

test('what is removed in earnest beside it is removed', async () => {
  const site = await running();
  await site.intent.commit([], [keep('web'), { key: key('helm-release/db'), scope, opId: 'op-1' }]);
  await site.pass(60_000);
  assert.deepEqual(
    site.control.world().units.map((unit) => unit.key),
    ['helm-release/web'],
  );
  await site.stop();
});
