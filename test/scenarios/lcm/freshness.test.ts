import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet, request } from './fleet.ts';

const hour = 3_600_000;

/** Is every unit shown as fresh, and is every site shown as connected? */
async function shown(fleet: Fleet, nsId: Parameters<Fleet['ns']>[0]) {
  const { vnfs } = await fleet.lcm.queries.ns(nsId);
  return {
    fresh: vnfs.every((vnf) => vnf.units.every((unit) => unit.fresh)),
    connected: vnfs.every((vnf) => vnf.isSiteConnected === true),
  };
}

test('a unit is fresh while a session lives that brought or confirmed its state', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  await fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } });
  await fleet.lcm.idle();
  await fleet.answer('site-a', 'site-b', 'site-c');
  assert.deepEqual(await shown(fleet, nsId), { fresh: true, connected: true });
  await fleet.clock.advance(5 * hour);
  assert.deepEqual(
    await shown(fleet, nsId),
    { fresh: true, connected: true },
    'nothing changed, and the agent is there',
  );
  const { sink } = fleet.room;
  const agentId = fleet.agent('site-b').id;
  await sink.connection(agentId, false);
  assert.deepEqual(await shown(fleet, nsId), { fresh: false, connected: false });
  await sink.connection(agentId, true);
  assert.deepEqual(await shown(fleet, nsId), { fresh: false, connected: true }, 'it has said nothing of its units yet');
  await sink.stateConfirmed?.(agentId);
  assert.deepEqual(await shown(fleet, nsId), { fresh: true, connected: true });
  await sink.connection(agentId, true);
  assert.equal((await shown(fleet, nsId)).fresh, false, 'a confirmation ends with its session');
  await sink.connection(agentId, true, true);
  assert.equal((await shown(fleet, nsId)).fresh, true);
  await fleet.stop();
});
