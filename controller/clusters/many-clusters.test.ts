import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentId, type InfraId, id } from '#shared/model/ids.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { createIntentBook } from '../intent-book/index.ts';
import { keys } from '../keys.ts';
import { createClusters } from './index.ts';

const count = 1_500;

test('a profile of more clusters than one commit holds: the first at once, the others soon after', async () => {
  const store = createMemoryStore();
  const tools = { clock: new VirtualClock(), random: new SeededRandom(1), log: silentLogger };
  const book = await createIntentBook({ store, ...tools });
  const room = createClusters({ store, book, removeInfra: async () => undefined, ...tools });
  await room.start();
  const { clusters } = room;
  const { id: profileId } = await clusters.createProfile({ name: 'edge' });
  const infraOf = (index: number) => id<InfraId>(`infra-${index}`);
  const agentOf = (index: number) => id<AgentId>(`agent-${index}`);
  for (let index = 0; index < count; index += 1) {
    const [infraId, agentId] = [infraOf(index), agentOf(index)];
    const infra = { id: infraId, name: infraId, agentId, siteId: 's', kind: 'kubernetes' };
    await store.commit([
      { key: keys.infra(infraId), value: infra },
      { key: keys.agent(agentId), value: { id: agentId, revoked: false } },
      { key: keys.ledger(infraId), value: { infraId } },
    ]);
    await clusters.attach(infraId, 'edge');
  }
  const asked = async () => {
    let sum = 0;
    for (let index = 0; index < count; index += 1)
      sum += (await book.scope(agentOf(index), `profile:${profileId}:${infraOf(index)}`)).length;
    return sum;
  };
  await clusters.putApplication('edge', 'web', { chart: 'repo/web' });
  const first = await asked();
  assert.ok(first > 1_000 && first < count, `${first} of ${count} in the first commit`);
  const half = await clusters.profile('edge');
  assert.ok(half.appliedGeneration < half.generation);
  await room.idle();
  for (let round = 0; round < 10; round += 1) await tools.clock.advance(100);
  await room.idle();
  assert.equal(await asked(), count);
  const whole = await clusters.profile('edge');
  assert.equal(whole.appliedGeneration, whole.generation);
  await clusters.removeApplication('edge', 'web');
  for (let round = 0; round < 10; round += 1) await tools.clock.advance(100);
  await room.idle();
  assert.equal(await asked(), 0);
  await room.stop();
});
