import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys } from '#controller/keys.ts';
import { agentId, Rig } from './rig.ts';

/** A rig whose agent has reported two slots. */
async function reported(): Promise<Rig> {
  const rig = await new Rig().start();
  await rig.state('a', 'one');
  await rig.state('b', 'one');
  await rig.agree();
  return rig;
}

/** Cuts the link and waits until both sides agree again over the next one. */
async function reconnect(rig: Rig): Promise<void> {
  const welcomes = rig.sent('welcome');
  rig.cut();
  await rig.until(() => rig.sent('welcome') > welcomes, 'a new Welcome');
  await rig.agree();
}

test('a session confirms what did not change, without its being sent', async () => {
  const rig = await reported();
  const { confirmations } = rig.received;
  const sent = rig.sent('state');
  await reconnect(rig);
  assert.equal(rig.sent('state'), sent);
  assert.equal(rig.received.confirmations, confirmations + 1);
  await rig.stop();
});

test('what changed while the link was down comes first, then the rest is confirmed', async () => {
  const rig = await reported();
  const { confirmations } = rig.received;
  const sent = rig.sent('state');
  rig.isReachable = false;
  rig.cut();
  await rig.state('a', 'two');
  await rig.state('c', 'one');
  rig.isReachable = true;
  rig.cutsAt = (frame) => frame.type === 'state';
  await rig.until(() => rig.sent('hello') >= 3, 'another Hello');
  assert.equal(rig.received.confirmations, confirmations, 'not while a newer value is under way');
  rig.cutsAt = () => false;
  await rig.agree();
  await rig.until(() => rig.received.confirmations > confirmations, 'a confirmation');
  assert.equal(rig.sent('state'), sent + 2);
  await rig.stop();
});

test('a slot that the controller lost makes the agent send all of them again', async () => {
  const rig = await reported();
  const { storeId } = rig.holder.identity();
  await rig.controllerStore.commit([{ key: keys.stateSeq(agentId, storeId, 'infra/a'), value: undefined }]);
  const { confirmations } = rig.received;
  const taken = rig.received.states.length;
  await reconnect(rig);
  assert.deepEqual(
    rig.received.states.slice(taken).map(({ key }) => key),
    ['infra/a', 'infra/b'],
  );
  assert.equal(rig.received.confirmations, confirmations, 'each row speaks for itself');
  await reconnect(rig);
  assert.equal(rig.received.confirmations, confirmations + 1, 'and then they agree');
  await rig.stop();
});

test('a restarted agent does not remember what was acknowledged: every slot is taken once more', async () => {
  const rig = await reported();
  const taken = rig.received.states.length;
  await rig.stopAgent();
  await rig.startAgent();
  await rig.agree();
  assert.equal(rig.received.states.length, taken + 2);
  await rig.stop();
});

test('a slot whose object is gone leaves nothing behind, on either side', async () => {
  const rig = await reported();
  await rig.state('a', null);
  await rig.agree();
  const { storeId } = rig.holder.identity();
  const rows = await rig.controllerStore.range({ prefix: keys.stateSeq(agentId, storeId, '') });
  assert.deepEqual(
    rows.map(({ key }) => key),
    [keys.stateSeq(agentId, storeId, 'infra/b')],
  );
  const { confirmations } = rig.received;
  await reconnect(rig);
  assert.equal(rig.received.confirmations, confirmations + 1);
  await rig.stop();
});
