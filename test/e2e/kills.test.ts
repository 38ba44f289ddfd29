import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { loadCredentials } from '#agent/link/index.ts';
import { openAgentStore } from '#agent/store/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { SeededRandom } from '#shared/runtime/seeded-random.ts';
import { openLevelStore } from '#shared/store/index.ts';
import { killAtRandom } from './killer.ts';
import { Rig } from './rig.ts';
import { edgeService } from './service.ts';
import { Workload } from './workload.ts';

const kills = 50;
const controllerKills = 15;
const siteNames = ['site-a', 'site-b'];

test(`${kills} times kill -9 of agents and controller while services come, grow, heal and go`, async (t) => {
  const seed = Number(process.env['SKERRY_E2E_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed}: SKERRY_E2E_SEED=${seed} orders the same kills`);
  const random = new SeededRandom(seed);
  const rig = await Rig.start(t, { sites: siteNames, infra: { latencyMs: { call: 5, boot: 60 } } });
  const agents = siteNames.map((name) => rig.site(name));
  const enrolled = agents.map((site) => site.agentId);
  const works = siteNames.map((name) => new Workload(rig, name));

  const victims = agents.map((site) => ({ child: site.agent, start: () => site.start() }));
  const controller = { child: rig.controller, start: () => rig.startController() };
  let isKilling = true;
  const killers = Promise.all([
    killAtRandom({ random: random.fork(), kills: kills - controllerKills, longestLifeMs: 500, victims }),
    killAtRandom({ random: random.fork(), kills: controllerKills, longestLifeMs: 1800, victims: [controller] }),
  ]).finally(() => {
    isKilling = false;
  });
  await Promise.all([killers, ...works.map((work) => work.run(() => isKilling))]);
  const done = works.map((work) => work.completed);
  t.diagnostic(`completed: ${JSON.stringify(done)}`);
  for (const completed of done) assert.ok((completed['TERMINATE'] ?? 0) >= 1, 'at least one whole life was lived');

  await t.test('all is as it was asked for, and was made exactly once', async () => {
    for (const [index, work] of works.entries()) {
      const site = agents[index];
      if (site === undefined) throw new Error('a workload without a site');
      assert.deepEqual(site.effects().kinds(), {}, 'what was terminated is gone');
      const id = await work.bringUp(`${site.name}-last`);
      const effects = await site.standing(edgeService.instantiated);
      effects.assertExact(work.healed);
      assert.equal((await rig.ns(id)).nsState, 'INSTANTIATED');
      await work.terminate(id);
      assert.deepEqual(site.effects().kinds(), {});
    }
  });

  await t.test('nothing is held, nobody enrolled again', async () => {
    for (const infra of await rig.api.infras())
      assert.deepEqual(infra.ledger?.reserved, { vcpus: 0, memoryMib: 0, storageGib: 0 }, infra.name);
    const known = await rig.api.agents();
    assert.deepEqual(known.map((agent) => agent.id).sort(), [...enrolled].sort());
    assert.deepEqual(
      agents.map((site) => site.agentId),
      enrolled,
    );
    for (const site of agents) {
      const status = await site.local.status();
      assert.deepEqual(status.store, { opened: 'clean', damage: [] });
      assert.equal(status.deletionsHeld, 0);
    }
  });

  await t.test('stores and certificates are whole', async () => {
    await Promise.all([...agents.map((site) => site.agent.stop()), rig.controller.stop()]);
    for (const site of agents) {
      const tools = { clock: systemClock, random: systemRandom, log: silentLogger };
      const store = await openAgentStore(path.join(site.home, 'store'), tools);
      assert.equal(store.health.opened, 'clean');
      await store.close();
      assert.equal(loadCredentials(path.join(site.home, 'identity'))?.agentId, site.agentId);
    }
    const store = await openLevelStore(path.join(rig.controllerHome, 'store'));
    assert.ok((await store.revision()) > 0);
    await store.close();
  });
});
