import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys } from '#controller/keys.ts';
import { agentId, Rig } from './rig.ts';

const dayMs = 24 * 3_600_000;

/** Days pass without a link, so that no heartbeat has to be played; whole days, with the sweep of each. */
async function daysPass(rig: Rig, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    await rig.clock.advance(dayMs);
    await rig.clock.settle();
  }
}

const count = async (rig: Rig, prefix: string) => (await rig.controllerStore.range({ prefix })).length;

test('record ids and graves are kept for a year, and then forgotten', async () => {
  const rig = await new Rig().start();
  await rig.put('a', 'b');
  await rig.remove('a');
  await rig.report(1);
  await rig.agree();
  await rig.book.bury(agentId, [{ key: 'infra/a' as never, revision: 2 }]);
  await rig.stopAgent();
  await daysPass(rig, 360);
  assert.equal(await count(rig, keys.recordId(agentId, '')), 1);
  assert.equal(await count(rig, keys.tombstone(agentId, '')), 1);
  await daysPass(rig, 7);
  assert.equal(await count(rig, keys.recordId(agentId, '')), 0);
  assert.equal(await count(rig, keys.tombstone(agentId, '')), 1, 'a grave outlives every certificate');
  await daysPass(rig, 31);
  assert.equal(await count(rig, keys.tombstone(agentId, '')), 0);
  assert.equal((await rig.book.snapshot(agentId)).tombstones.length, 0);
  await rig.startAgent();
  await rig.put('c');
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/b', 'infra/c']);
  await rig.stop();
});

test('of former stores no more is kept than of the newest few', async () => {
  const rig = await new Rig().start();
  await rig.state('a', 'one');
  await rig.report(1);
  await rig.agree();
  await rig.stopAgent();
  const forgotten = keys.mark(agentId, 'store-of-long-ago', 'results');
  const former = keys.stateSeq(agentId, 'store-of-long-ago', 'infra/a');
  const state = { body: { type: 'unit', scope: 'ns' }, storeId: 'store-of-long-ago', at: 0, receivedAt: 0 };
  await rig.controllerStore.commit([
    { key: forgotten, value: { seq: 1, chain: 'x' } },
    { key: former, value: 1 },
    { key: keys.state(agentId, 'compute/gone'), value: state },
  ]);
  const marks = await count(rig, `mark/${agentId}/`);
  await daysPass(rig, 2);
  assert.equal(await count(rig, `mark/${agentId}/`), marks - 1);
  assert.equal(await count(rig, `state-seq/${agentId}/`), 1, 'only of the current store');
  assert.equal(await rig.controllerStore.get(keys.state(agentId, 'compute/gone')), undefined);
  await rig.agentLink.stop();
});
