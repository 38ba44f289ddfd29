import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { ReachedBody, ReportBody } from '#shared/wire/frames.ts';
import { Fleet, request } from './fleet.ts';

const params = { additionalParamsForNs: { hostname: 'h' } };

/** An operation that waits for site-b, whose neighbour site-a is in the hands of somebody else. */
async function waitingForB() {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, params);
  await fleet.answer('site-a', 'site-c');
  const lineage = fleet.book.lineage();
  const say = async (...bodies: ReportBody[]) => {
    await fleet.agent('site-a').send(fleet.side(), bodies);
    await fleet.lcm.idle();
  };
  return { fleet, nsId, operation, lineage, say };
}

test('an agent speaks for itself only: it cannot end, fail or heal what was asked of another', async () => {
  const { fleet, nsId, operation, lineage, say } = await waitingForB();
  const b = fleet.agent('site-b').id;
  const { generation } = await fleet.book.head(b);
  const [object] = await fleet.book.scope(b, nsId);
  const { key, revision } = object!;
  await say({ type: 'reached', lineage, generation, scope: nsId, objects: [], removed: [] });
  await say({
    type: 'unit-failed',
    lineage,
    generation,
    scope: nsId,
    key,
    revision,
    code: 'x',
    message: 'not mine',
  });
  assert.equal(await fleet.state(operation), 'PROCESSING');
  assert.deepEqual(await fleet.store.range<UnitFailureRecord>({ prefix: 'unit-failure/' }), []);
  await fleet.answer('site-b');
  assert.equal(await fleet.state(operation), 'COMPLETED');
  const heal = await fleet.lcm.commands.heal(request, nsId, { healNsData: { degreeHealing: 'all' } });
  const foreign = heal.oneShots.find((action) => action.agentId === b)!;
  await say({ type: 'operation-result', lineage, opId: foreign.opId, scope: nsId, result: 'done', message: '' });
  assert.deepEqual(await fleet.store.range({ prefix: 'one-shot/' }), []);
  await fleet.stop();
});

test('a generation that was never given, another lineage, another scope: dropped', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, params);
  const lineage = fleet.book.lineage();
  const reached: Pick<ReachedBody, 'type' | 'objects' | 'removed'> = { type: 'reached', objects: [], removed: [] };
  const { generation } = await fleet.book.head(fleet.agent('site-a').id);
  await fleet.agent('site-a').send(fleet.side(), [
    { ...reached, lineage, generation: generation + 1, scope: nsId },
    { ...reached, lineage, generation: Number.MAX_SAFE_INTEGER, scope: nsId },
    { ...reached, lineage, generation: Number.NaN, scope: nsId },
    { ...reached, lineage: 'another', generation, scope: nsId },
    { ...reached, lineage, generation, scope: 'no-such-ns' },
    { ...reached, lineage, generation, scope: '../ns' },
  ]);
  assert.deepEqual(await fleet.store.range({ prefix: 'reached/' }), []);
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.stop();
});

test('it cannot report another agent’s infra, units that were not asked for, or more than its share', async () => {
  const { fleet, say, lineage, nsId } = await waitingForB();
  const infra = await fleet.infraOf('site-b');
  const huge = { vcpus: 1e9, memoryMib: 1e9, storageGib: 1e9 };
  await fleet.reportCapacity('site-a', infra, huge);
  assert.equal((await fleet.infraOf('site-b')).status.facts?.capacity.total.vcpus, 16);
  const before = (await fleet.store.range({ prefix: 'state/' })).length;
  const body = { type: 'unit' as const, scope: nsId, generation: 1, revision: 1, ready: true, observed: null };
  const states = Array.from({ length: 50 }, (_, index) => ({
    key: `compute/invented-${index}`,
    seq: index,
    at: 0,
    body: { ...body, message: '', attempts: 0 },
  }));
  await fleet.agent('site-a').send(fleet.side(), [], states);
  assert.equal((await fleet.store.range({ prefix: 'state/' })).length, before);
  const message = 'x'.repeat(100_000);
  const [own] = await fleet.book.scope(fleet.agent('site-a').id, nsId);
  const { key, revision } = own!;
  await say({ type: 'unit-failed', lineage, generation: 1, scope: nsId, key, revision, code: message, message });
  const [failure] = await fleet.store.range<UnitFailureRecord>({ prefix: 'unit-failure/' });
  assert.ok(JSON.stringify(failure).length < 4_000);
  await fleet.stop();
});

test('shapes that no agent sends are dropped, never thrown: the others of the batch count', async () => {
  const { fleet, nsId, lineage } = await waitingForB();
  const a = fleet.agent('site-a');
  const { generation } = await fleet.book.head(a.id);
  const wrong = [
    { type: 'reached', lineage, generation, scope: nsId, objects: 'many', removed: null },
    { type: 'reached', lineage, generation, scope: nsId, objects: [null, 7, { key: 3 }], removed: [] },
    { type: 'unit-failed', lineage, scope: nsId, key: null as unknown as ObjectKey },
    { type: 'operation-result', lineage, opId: {}, scope: nsId },
    { type: 'alarm', alarmId: ['x'], raised: 'yes' },
    { type: 'orphan', key: '../../ns', present: true },
    { type: 'nonsense' },
  ] as unknown as ReportBody[];
  await a.send(fleet.side(), wrong);
  const states = [
    { key: 'agent', seq: 1, at: 0, body: 'text' },
    { key: 'compute/x', seq: 1, at: 0, body: { type: 'unit' } },
    { key: 'infra/x', seq: 1, at: 0, body: { type: 'infra', infraId: { a: 1 }, facts: [] } },
    { key: '__proto__', seq: 1, at: 0, body: { type: 'agent' } },
  ] as never;
  await a.send(fleet.side(), [], states);
  await fleet.answer();
  assert.equal((await fleet.ns(nsId)).state, 'INSTANTIATED');
  await fleet.lcm.queries.ns(nsId);
  await fleet.stop();
});

test('a certificate of nobody changes nothing', async () => {
  const { fleet } = await waitingForB();
  const revision = await fleet.store.revision();
  await fleet.room.sink.connection('agent-nobody' as AgentId, true);
  assert.equal(await fleet.store.revision(), revision);
  await fleet.stop();
});
