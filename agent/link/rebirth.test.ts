import assert from 'node:assert/strict';
import { test } from 'node:test';
import { id } from '#shared/model/ids.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createIntentHolder } from '../intent/index.ts';
import { createOutbox } from '../report/index.ts';
import { agentKeys, memoryMedium, openAgentStoreOn } from '../store/index.ts';
import { rebirth, rebirthIfDue } from './rebirth.ts';

async function bench() {
  const tools = { clock: new VirtualClock(), random: new SeededRandom(1), log: silentLogger };
  const store = await openAgentStoreOn(memoryMedium(), tools);
  const holder = createIntentHolder({ store, ...tools });
  await holder.ensureIdentity(id('agent-1'), id('site-1'));
  const outbox = createOutbox({ store, ...tools });
  await store.transact((tx) => {
    tx.put(agentKeys.operation('op-1'), { opId: 'op-1', status: 'finished', result: 'done', from: '2-b' });
    tx.put(agentKeys.operation('op-2'), { opId: 'op-2', status: 'finished', result: 'done' });
    tx.put(agentKeys.operation('op-3'), { opId: 'op-3', status: 'begun' });
    for (const opId of ['op-1', 'op-3']) tx.put(agentKeys.intent(`operation/${opId}`), { scope: 'ns-1' });
  });
  const results = () => {
    const told: unknown[] = [];
    for (let at = outbox.next('results', 0, ''); at !== undefined; at = outbox.next('results', at.seq, ''))
      told.push(at.body);
    return told;
  };
  return { store, holder, outbox, results };
}

test('after a repair the result of every operation that is still asked for is told again', async () => {
  const { results, ...parts } = await bench();
  const before = parts.holder.identity().storeId;
  await parts.store.transact((tx) => tx.put(agentKeys.rebirthDue, { damage: ['x'] }));
  const storeId = await rebirth(parts, 'the store was repaired');
  assert.notEqual(storeId, before);
  assert.deepEqual(results(), [
    {
      type: 'operation-result',
      lineage: '',
      opId: 'op-1',
      scope: 'ns-1',
      result: 'done',
      message: 'told again after the store was repaired',
      incarnation: '2-b',
    },
  ]);
});

test('it comes before anything is appended: a lost stream head must not let a record take the place of another', async () => {
  const { results, ...parts } = await bench();
  const { store, outbox } = parts;
  const reached = (generation: number) => ({
    type: 'reached' as const,
    lineage: '',
    generation,
    scope: 'ns-1',
    objects: [],
    removed: [],
  });
  await store.transact((tx) => outbox.append(tx, 'results', reached(1)));
  await store.transact((tx) => {
    tx.delete(agentKeys.streamHead('results'));
    tx.put(agentKeys.rebirthDue, { damage: ['x'] });
  });
  await rebirthIfDue(parts);
  await store.transact((tx) => outbox.append(tx, 'results', reached(2)));
  const generations = results().flatMap((body) => (body as { generation?: number }).generation ?? []);
  assert.deepEqual(generations, [1, 2]);
  assert.equal(store.get(agentKeys.rebirthDue), undefined);
});

test('a disk that was only set back is whole: nothing is told twice', async () => {
  const { results, ...parts } = await bench();
  await rebirth(parts, 'set back');
  assert.deepEqual(results(), []);
});
