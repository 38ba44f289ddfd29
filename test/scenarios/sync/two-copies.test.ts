import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import type { Hello } from '#shared/wire/frames.ts';
import { connectByHand } from './hand-made-agent.ts';
import { agentId, Rig } from './rig.ts';

/** The rig's agent and a clone of it: both have been connected, neither was set back. */
async function cloned() {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  const { storeId, lastEpoch } = rig.holder.identity();
  const { lineage, term, generation, history } = rig.holder.head();
  const memory: Partial<Hello> = { storeId, lastEpoch, lineage, term, generation, history, root: rig.holder.root() };
  rig.isReachable = false;
  rig.cut();
  const clone = await connectByHand(rig, memory);
  await clone.say({ type: 'ping', n: 1 });
  rig.isReachable = true;
  await rig.agree();
  assert.notEqual(rig.holder.identity().storeId, storeId, 'the older of the two was told to be reborn');
  const comeBack = () => connectByHand(rig, { ...memory, lastEpoch: clone.welcome!.sessionEpoch });
  return { rig, cloneStore: storeId, comeBack };
}

const raised = (rig: Rig) => rig.received.alarms.map(({ alarm, raised }) => `${alarm} ${raised}`);

test('two live copies: neither gets anything, and an operator is told once', async () => {
  const { rig, comeBack } = await cloned();
  const first = await comeBack();
  assert.equal(first.welcome, undefined);
  await rig.put('b');
  await rig.clock.advance(200_000);
  const again = await comeBack();
  assert.deepEqual(
    again.received.map(({ type }) => type),
    ['go-away'],
  );
  assert.deepEqual(rig.names(), ['infra/a'], 'what runs goes on, nothing new arrives');
  assert.equal(rig.link.status().state, 'refused');
  assert.deepEqual(raised(rig), ['TwoCopies true']);
  await rig.stop();
});

test('the copy that an operator names goes on, the other one is never welcome again', async () => {
  const { rig, comeBack } = await cloned();
  await comeBack();
  await rig.put('b');
  await rig.agentLink.nameTrueStore(agentId, rig.holder.identity().storeId);
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/a', 'infra/b']);
  const other = await comeBack();
  assert.equal(other.welcome, undefined);
  assert.equal(rig.link.status().state, 'connected', 'the true one is not disturbed');
  assert.deepEqual(raised(rig), ['TwoCopies true', 'TwoCopies false']);
  await rig.stop();
});

test('the former store may be the true one; the choice survives a restart of the controller', async () => {
  const { rig, cloneStore, comeBack } = await cloned();
  await comeBack();
  await rig.crashController();
  await rig.startController();
  await rig.agentLink.nameTrueStore(agentId, cloneStore);
  await rig.crashController();
  await rig.startController();
  const clone = await comeBack();
  assert.equal(clone.welcome?.rebirth, false);
  assert.ok(
    clone.received.some(({ type }) => type === 'snapshot-begin'),
    'it gets the whole document',
  );
  await rig.clock.advance(120_000);
  assert.equal(rig.link.status().state, 'refused');
  assert.match(rig.link.status().message, /another copy/);
  await rig.stop();
});

test('a store that is not contested cannot be named', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  const isConflict = (error: unknown) => isSkerryError(error) && error.code === 'Conflict';
  await assert.rejects(rig.agentLink.nameTrueStore(agentId, rig.holder.identity().storeId), isConflict);
  await rig.stop();
});
