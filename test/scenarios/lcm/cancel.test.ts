import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet, request } from './fleet.ts';

async function instantiating(cancelGraceMs = 10_000) {
  const fleet = await Fleet.open({ cancelGraceMs });
  const nsId = await fleet.createNs();
  const operation = await fleet.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: 'h' } });
  return { fleet, nsId, operation };
}

test('a graceful cancel is pending until the sites have had their time; then FAILED_TEMP', async () => {
  const { fleet, operation } = await instantiating();
  const pending = await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  assert.equal(pending.state, 'PROCESSING');
  assert.equal(pending.isCancelPending, true);
  assert.equal(pending.cancelMode, 'GRACEFUL');
  await fleet.clock.advance(9_000);
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.clock.advance(2_000);
  await fleet.lcm.idle();
  const cancelled = await fleet.operation(operation.id);
  assert.equal(cancelled.state, 'FAILED_TEMP');
  assert.equal(cancelled.isCancelPending, false);
  assert.equal(cancelled.error!.title, 'INSTANTIATE cancelled');
  await fleet.stop();
});

test('a pending cancel loses against a good end', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  await fleet.answer();
  const ended = await fleet.operation(operation.id);
  assert.equal(ended.state, 'COMPLETED');
  assert.equal(ended.isCancelPending, false);
  await fleet.stop();
});

test('a forceful cancel ends it at once, a later one overrides a graceful one', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.stop();
});

test('a graceful cancel does not wait for sites that cannot be reached', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.answer('site-a', 'site-c');
  await fleet.room.sink.connection(fleet.agent('site-b').id, false);
  await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.stop();
});

test('cancel while rolling back: FAILED_TEMP again', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  await fleet.lcm.idle();
  await fleet.lcm.commands.rollback(request, operation.id);
  const pending = await fleet.lcm.commands.cancel(request, operation.id, 'FORCEFUL');
  assert.equal(pending.state, 'ROLLING_BACK');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.stop();
});

test('cancel of a heal tells the agents; actions that ended before it keep their results', async () => {
  const fleet = await Fleet.open();
  const nsId = await fleet.instantiated();
  const { vnfs } = (await fleet.ns(nsId)).desired!;
  const operation = await fleet.lcm.commands.heal(request, nsId, {
    healVnfData: vnfs.map(({ vnfInstanceId }) => ({ vnfInstanceId })),
  });
  await fleet.answer('site-a');
  await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  const objects = (
    await Promise.all([...fleet.agents.values()].map((agent) => fleet.book.scope(agent.id, nsId)))
  ).flat();
  const cancelled = objects.flatMap(({ body }) => (body.type === 'operation' ? [body.cancelled] : []));
  assert.deepEqual(cancelled.sort(), [false, true, true]);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.lcm.commands.continue(request, operation.id);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.deepEqual(await fleet.store.range({ prefix: 'one-shot/' }), []);
  await fleet.stop();
});

test('a cancel that was pending when the controller died is carried out by the next one', async () => {
  const { fleet, operation } = await instantiating();
  await fleet.lcm.commands.cancel(request, operation.id, 'GRACEFUL');
  await fleet.reboot();
  await fleet.clock.advance(11_000);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  await fleet.stop();
});
