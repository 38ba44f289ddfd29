import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rig } from './rig.ts';

const heartbeatMs = 30_000;

test('a link on which nothing passes any more is given up by both sides within three heartbeats', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  rig.swallows = 'both';
  rig.isReachable = false;
  const began = rig.clock.mono();
  await rig.until(() => rig.link.status().state !== 'connected', 'the agent gives up', 3 * heartbeatMs);
  const agentMs = rig.clock.mono() - began;
  await rig.until(() => rig.agentLink.sessions().length === 0, 'the controller gives up', 3 * heartbeatMs);
  const controllerMs = rig.clock.mono() - began;
  for (const tookMs of [agentMs, controllerMs])
    assert.ok(tookMs >= heartbeatMs && tookMs <= 3 * heartbeatMs, `${tookMs} ms`);
  assert.deepEqual(rig.received.connected, [true, false], 'the site is known to be away');
  rig.swallows = undefined;
  rig.isReachable = true;
  await rig.put('b');
  await rig.agree();
  await rig.stop();
});

for (const direction of ['up', 'down'] as const) {
  test(`a link that is deaf one way (${direction}) does not last either`, async () => {
    const rig = await new Rig().start();
    await rig.agree();
    rig.swallows = direction;
    rig.isReachable = false;
    await rig.until(() => rig.agentLink.sessions().length === 0, 'the session ends', 3 * heartbeatMs);
    await rig.until(() => rig.link.status().state !== 'connected', 'for both', 3 * heartbeatMs);
    rig.swallows = undefined;
    rig.isReachable = true;
    await rig.agree();
    await rig.stop();
  });
}

test('a controller that takes the link and never says Welcome is given up', async () => {
  const rig = new Rig();
  await rig.startController();
  rig.swallows = 'down';
  await rig.startAgent();
  await rig.until(() => rig.sent('hello') >= 3, 'the agent tries again', 120_000);
  rig.swallows = undefined;
  await rig.agree();
  await rig.stop();
});

test('an agent that dials and never says Hello holds nothing', async () => {
  const rig = await new Rig().start();
  rig.swallows = 'up';
  rig.cut();
  await rig.clock.advance(60_000);
  assert.equal(rig.agentLink.sessions().length, 0);
  rig.swallows = undefined;
  await rig.agree();
  await rig.stop();
});

test('a link that breaks at once, every time, is dialled ever more seldom', async () => {
  const rig = new Rig();
  await rig.startController();
  rig.cutsAt = (frame) => frame.type === 'ping';
  await rig.startAgent();
  await rig.clock.advance(600_000);
  const dials = rig.sent('hello');
  assert.ok(dials > 100 && dials < 2_000, `${dials} dials in ten minutes: a Welcome alone resets nothing`);
  rig.cutsAt = () => false;
  await rig.agree();
  await rig.clock.advance(60_000);
  rig.cut();
  const cutAt = rig.clock.mono();
  await rig.until(() => rig.link.status().state === 'connected' && rig.sent('hello') > dials, 'it is back');
  assert.ok(rig.clock.mono() - cutAt < 1_000, 'a link that lasted is dialled again at once');
  await rig.stop();
});
