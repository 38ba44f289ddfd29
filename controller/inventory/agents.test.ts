import assert from 'node:assert/strict';
import { test } from 'node:test';
import { id } from '#shared/model/ids.ts';
import type { AgentState } from '#shared/wire/frames.ts';
import { Fleet } from '#test/scenarios/lcm/fleet.ts';

const host: AgentState['host'] = {
  hostname: 'node-7',
  cpuCount: 8,
  loadPercent: 12,
  memoryTotalMib: 32_768,
  memoryFreeMib: 20_000,
  diskTotalGib: 500,
  diskFreeGib: 321,
  uptimeS: 3600,
};

test('an agent is shown with what it said last of its machine, and when', async () => {
  const fleet = await Fleet.open({ sites: ['site-a'] });
  const agentId = id('agent-site-a');
  assert.equal((await fleet.room.inventory.agent('agent-site-a')).host, undefined);
  const body: AgentState = { type: 'agent', appliedGeneration: 1, host, deletionsHeld: 0, outboxRecords: 0 };
  const changes = await fleet.room.sink.apply(agentId as never, 'store-1', [], [{ key: 'agent', seq: 1, at: 0, body }]);
  await fleet.store.commit(changes);
  const shown = await fleet.room.inventory.agent('agent-site-a');
  assert.deepEqual(shown.host, { ...host, reportedAt: fleet.clock.now() });
  await fleet.stop();
});
