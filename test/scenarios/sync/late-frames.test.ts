import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys } from '#controller/keys.ts';
import type { DownFrame, Report } from '#shared/wire/frames.ts';
import { connectByHand } from './hand-made-agent.ts';
import { agentId, Rig } from './rig.ts';

function report(seq: number, prevHash: string, more: Partial<Report> = {}): object {
  const body = {
    type: 'alarm',
    alarmId: String(seq),
    key: '',
    scope: '',
    severity: 'MAJOR',
    eventType: '',
    probableCause: '',
    raised: true,
  };
  return {
    type: 'report',
    stream: 'results',
    seq,
    prevHash,
    recordId: `r${seq}`,
    carried: false,
    at: 1,
    body,
    ...more,
  };
}

test('a gap or another past is refused, and ends the session; a duplicate is acknowledged, and applied once', async () => {
  const rig = new Rig();
  await rig.startController();
  const first = await connectByHand(rig);
  await first.say(report(1, ''));
  await first.say(report(1, ''));
  assert.equal(first.received.filter((frame) => frame.type === 'report-ack').length, 2);
  assert.deepEqual(rig.received.reports.length, 1);
  await first.say(report(3, 'x'));
  assert.match(JSON.stringify(first.received.at(-1)), /go-away.*gap/);
  assert.ok(first.isOver());
  await rig.agentLink.stop();
});

test('a newer session fences the older; frames of another epoch or store count for nothing', async () => {
  const rig = new Rig();
  await rig.startController();
  await rig.put('a');
  const older = await connectByHand(rig);
  const { history } = await rig.book.head(agentId);
  const newer = await connectByHand(rig, { lastEpoch: older.welcome!.sessionEpoch });
  assert.ok(newer.welcome!.sessionEpoch > older.welcome!.sessionEpoch);
  assert.ok(older.isOver());
  await older.say({ type: 'intent-ack', generation: 1, history });
  await newer.say({ type: 'intent-ack', generation: 1, history, sessionEpoch: older.welcome!.sessionEpoch });
  await newer.say({ type: 'intent-ack', generation: 1, history, storeId: 'another' });
  assert.deepEqual(rig.received.acked, []);
  await newer.say({ type: 'intent-ack', generation: 1, history });
  assert.deepEqual(rig.received.acked, [1]);
  await rig.agentLink.stop();
});

test('a record carried into a new store is known by its id', async () => {
  const rig = new Rig();
  await rig.startController();
  const first = await connectByHand(rig);
  await first.say(report(1, ''));
  const reborn = await connectByHand(rig, { storeId: 'store-y', lastEpoch: first.welcome!.sessionEpoch });
  assert.equal(reborn.welcome?.acked.results.seq, 0, 'marks are kept per store');
  await reborn.say(report(1, '', { recordId: 'r1', carried: true }));
  assert.equal(rig.received.reports.length, 1);
  assert.equal(reborn.received.filter((frame) => frame.type === 'report-ack').length, 1);
  await rig.agentLink.stop();
});

test('a former store on a disk that was set back is told to be reborn', async () => {
  const rig = new Rig();
  await rig.startController();
  const early = await connectByHand(rig);
  const first = await connectByHand(rig, { lastEpoch: early.welcome!.sessionEpoch });
  await first.say({ type: 'ping', n: 1 });
  const second = await connectByHand(rig, { storeId: 'store-y', lastEpoch: first.welcome!.sessionEpoch });
  await second.say({ type: 'ping', n: 1 });
  const setBack = await connectByHand(rig, { lastEpoch: early.welcome!.sessionEpoch });
  assert.equal(setBack.welcome?.rebirth, true);
  assert.deepEqual(rig.received.alarms, []);
  await rig.agentLink.stop();
});

test('state: a late frame of one key swallows no other, an older one changes nothing', async () => {
  const rig = new Rig();
  await rig.startController();
  const agent = await connectByHand(rig);
  const state = (key: string, seq: number) => ({
    type: 'state',
    key,
    seq,
    at: 1,
    body: { type: 'infra', infraId: key, facts: null, message: String(seq) },
  });
  await agent.say(state('q', 2));
  await agent.say(state('p', 1));
  await agent.say(state('q', 1));
  assert.deepEqual(
    rig.received.states.map(({ key, seq }) => `${key}${seq}`),
    ['q2', 'p1'],
  );
  assert.equal(agent.received.filter((frame) => frame.type === 'state-ack').length, 3);
  await rig.agentLink.stop();
});

test('a Gap that begins below the mark counts from mark + 1', async () => {
  const rig = new Rig();
  await rig.startController();
  const agent = await connectByHand(rig);
  await agent.say(report(1, ''));
  const body = { type: 'gap', from: 1, to: 4, lastChain: 'c4', reason: 'quota' } as const;
  await agent.say(report(4, '', { recordId: 'g', body }));
  await agent.say(report(5, 'c4'));
  assert.deepEqual(rig.numbers(), [1, 'gap 1-4', 5]);
  const mark = await rig.controllerStore.get<{ seq: number }>(keys.mark(agentId, 'store-x', 'results'));
  assert.equal(mark?.value.seq, 5);
  await rig.agentLink.stop();
});

test('the agent answers no frame that is not of its session and store, and each refused one once', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  const epoch = rig.holder.identity().lastEpoch;
  const { storeId } = rig.holder.identity();
  const { lineage, term, generation, history } = rig.holder.head();
  const own = { agentId, storeId, lineage, term, sessionEpoch: epoch };
  const delta = { type: 'delta', frameNo: 99, from: 0, to: generation, history, root: '', upserts: [], tombstones: [] };
  const send = async (frame: object) => {
    rig.channel!.controller.send({ ...own, ...delta, ...frame } as DownFrame);
    await rig.clock.advance(100);
  };
  await send({ sessionEpoch: epoch - 1 });
  await send({ storeId: 'another' });
  await send({ type: 'report-ack', stream: 'results', seq: 9, chain: 'x', safe: 9, storeId: 'another' });
  assert.equal(rig.sent('nack'), 0);
  assert.equal(rig.holder.identity().storeId, storeId, 'an acknowledgement of another store means nothing');
  await send({});
  assert.equal(rig.sent('nack'), 1);
  await send({ to: generation + 1, from: generation, history: 'h', root: 'wrong' });
  assert.equal(rig.sent('nack'), 2);
  assert.equal(rig.holder.head().generation, generation, 'the root is compared before anything is kept');
  await send({ type: 'report-ack', stream: 'results', seq: 9, chain: 'x', safe: 9 });
  assert.notEqual(
    rig.holder.identity().storeId,
    storeId,
    'an acknowledgement past the own end: this disk is an old one',
  );
  await rig.agree();
  await rig.stop();
});
