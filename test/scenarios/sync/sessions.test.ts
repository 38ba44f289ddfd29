import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentKeys } from '#agent/store/index.ts';
import { keys } from '#controller/keys.ts';
import { MemoryDisk } from '#shared/store/index.ts';
import type { DownFrame, UpFrame } from '#shared/wire/frames.ts';
import { agentId, Rig } from './rig.ts';

type FrameType = (UpFrame | DownFrame)['type'];

test('connects, follows commits by deltas, delivers reports in order', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  await rig.put('a', 'b');
  await rig.put('b:1');
  await rig.remove('a');
  for (let n = 1; n <= 3; n++) await rig.report(n);
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/b']);
  assert.deepEqual([...rig.holder.tombstones()], [{ key: 'infra/a', revision: 3, scope: '', opId: 'op-1' }]);
  assert.deepEqual(rig.numbers(), [1, 2, 3]);
  assert.equal(rig.sent('snapshot-begin'), 1, 'only the first contact is a snapshot');
  assert.equal(rig.received.acked.at(-1), 3);
  assert.deepEqual(rig.received.connected, [true]);
  await rig.stop();
  assert.deepEqual(rig.received.connected, [true, false]);
});

test('what happened apart arrives once, whoever was away', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  rig.isReachable = false;
  rig.cut();
  for (let n = 1; n <= 300; n++) await rig.report(n);
  for (const name of ['b', 'c', 'd']) await rig.put(name);
  await rig.remove('b');
  const deltas = rig.sent('delta');
  rig.isReachable = true;
  await rig.agree();
  assert.equal(rig.sent('delta'), deltas + 1, 'one cumulative delta');
  assert.deepEqual(rig.names(), ['infra/a', 'infra/c', 'infra/d']);
  assert.deepEqual(
    rig.numbers(),
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  await rig.stop();
});

const phases: FrameType[] = [
  'hello',
  'welcome',
  'delta',
  'intent-ack',
  'snapshot-begin',
  'snapshot-part',
  'snapshot-end',
  'report',
  'report-ack',
  'state',
  'state-ack',
  'ping',
];
for (const phase of phases) {
  test(`a cut at ${phase}, up to thrice, costs nothing and doubles nothing`, async () => {
    const rig = new Rig();
    let left = 3;
    rig.cutsAt = (frame) => frame.type === phase && left-- > 0;
    await rig.start();
    await rig.put('a', 'b');
    for (let n = 1; n <= 5; n++) await rig.report(n);
    await rig.store.transact((tx) =>
      rig.outbox.state(tx, 'infra/x', { type: 'infra', infraId: 'x' as never, facts: null, message: '' }),
    );
    await rig.agree();
    await rig.put('c');
    await rig.remove('a');
    await rig.report(6);
    await rig.agree();
    assert.ok(left < 3, 'the cut happened');
    assert.deepEqual(rig.numbers(), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(rig.names(), ['infra/b', 'infra/c']);
    assert.equal(rig.received.states.at(-1)?.key, 'infra/x');
    await rig.stop();
  });
}

test('either side may be restarted at any time', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.report(1);
  await rig.agree();
  const { storeId } = rig.holder.identity();
  for (let round = 2; round <= 4; round++) {
    await rig.crashController();
    await rig.report(round);
    await rig.startController();
    await rig.put(`r${round}`);
    await rig.stopAgent();
    await rig.startAgent();
    await rig.agree();
  }
  assert.deepEqual(rig.numbers(), [1, 2, 3, 4]);
  assert.equal(rig.holder.identity().storeId, storeId, 'a restart is no rebirth');
  assert.equal(rig.sent('snapshot-begin'), 1);
  await rig.stop();
});

test('a full disk acknowledges nothing; with room again everything goes on', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  rig.medium.isFull = true;
  const acks = rig.sent('intent-ack');
  await rig.put('a');
  await rig.clock.advance(2_000);
  assert.equal(rig.sent('intent-ack'), acks);
  assert.deepEqual(rig.names(), []);
  rig.medium.isFull = false;
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/a']);
  await rig.stop();
});

test('an acknowledgement leaves only after the fsync', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  const acks = rig.sent('intent-ack');
  let release = () => {};
  rig.medium.beforeWrite = () => new Promise<void>((resolve) => (release = resolve));
  await rig.put('a');
  await rig.clock.advance(100);
  assert.equal(rig.sent('intent-ack'), acks);
  rig.medium.beforeWrite = undefined;
  release();
  await rig.agree();
  await rig.stop();
});

test('a disk that was set back is reborn, and no record is lost or doubled', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.report(1);
  await rig.agree();
  const image = rig.medium.image();
  const { storeId } = rig.holder.identity();
  await rig.report(2);
  await rig.agree();
  await rig.stopAgent();
  rig.medium.restore(image);
  await rig.stopAgent();
  rig.isReachable = false;
  await rig.startAgent();
  await rig.report(3);
  await rig.report(4);
  rig.isReachable = true;
  await rig.agree();
  assert.deepEqual(rig.numbers(), [1, 2, 3, 4]);
  assert.notEqual(rig.holder.identity().storeId, storeId);
  assert.deepEqual(rig.names(), ['infra/a']);
  await rig.stop();
});

test('a disk set back to an equal number with another record is found by its chain', async () => {
  const rig = await new Rig().start();
  await rig.report(1);
  await rig.agree();
  const image = rig.medium.image();
  await rig.stopAgent();
  await rig.startAgent();
  await rig.report(2);
  await rig.agree();
  await rig.stopAgent();
  rig.medium.restore(image);
  rig.isReachable = false;
  await rig.startAgent();
  await rig.report(3);
  // The same epoch as the truth, as if only the outbox had been set back: nothing but the chain can tell.
  const session = await rig.controllerStore.get<{ epochConfirmed: number }>(keys.agentSession(agentId));
  await rig.store.transact((tx) =>
    tx.put(agentKeys.identity, { ...rig.holder.identity(), lastEpoch: session!.value.epochConfirmed }),
  );
  rig.isReachable = true;
  await rig.agree();
  assert.deepEqual(rig.numbers(), [1, 2, 3]);
  await rig.stop();
});

test('a lost disk is amnesia: new streams, a whole snapshot with its tombstones and graves', async () => {
  const rig = await new Rig().start();
  await rig.put('a', 'b', 'c');
  await rig.remove('a');
  await rig.remove('b');
  await rig.report(1);
  await rig.agree();
  await rig.store.transact((tx) => {
    rig.outbox.append(tx, 'results', {
      type: 'reached',
      lineage: rig.holder.head().lineage,
      generation: 3,
      scope: '',
      objects: [],
      removed: [{ key: 'infra/a' as never, revision: 2 }],
    });
    rig.holder.bury(tx, [{ key: 'infra/a', revision: 2 }]);
  });
  await rig.agree();
  assert.deepEqual(
    [...rig.holder.tombstones()].map(({ key }) => key),
    ['infra/b'],
  );
  const grave = await rig.controllerStore.get<{ removedAt?: number }>(keys.tombstone(agentId, 'infra/a'));
  assert.ok(grave?.value.removedAt, 'the controller keeps a grave');
  await rig.stopAgent();
  rig.medium.restore({ entries: new Map(), snapshots: [] });
  await rig.startAgent();
  await rig.report(2);
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/c']);
  assert.deepEqual(
    [...rig.holder.tombstones()].map(({ key }) => key),
    ['infra/a', 'infra/b'],
    'what was ever deleted stays deleted on a disk that does not know it',
  );
  assert.deepEqual(rig.numbers(), [1, 2]);
  await rig.stop();
});

test('a flipped byte is repaired, and the store is reborn before it speaks', async () => {
  const rig = await new Rig().start();
  await rig.put('a', 'b');
  await rig.report(1);
  await rig.agree();
  const { storeId } = rig.holder.identity();
  await rig.stopAgent();
  rig.medium.flipByte('intent/infra/a');
  await rig.startAgent();
  assert.notEqual(rig.holder.identity().storeId, storeId);
  await rig.report(2);
  await rig.agree();
  assert.deepEqual(rig.names(), ['infra/a', 'infra/b']);
  assert.deepEqual(rig.numbers(), [1, 2]);
  await rig.stop();
});

test('damage at equal history is mended by the buckets that differ', async () => {
  const rig = await new Rig().start();
  await rig.put('a', 'b', 'c');
  await rig.agree();
  await rig.stopAgent();
  await rig.startAgent();
  await rig.agree();
  const object = rig.holder.object('infra/a')!;
  await rig.store.transact((tx) => tx.put(agentKeys.intent('infra/a'), { ...object, scope: 'wrong' }));
  await rig.stopAgent();
  await rig.startAgent();
  const snapshots = rig.sent('snapshot-begin');
  await rig.agree();
  assert.equal(rig.holder.object('infra/a')?.scope, '');
  assert.equal(rig.sent('bucket-objects'), 1);
  assert.equal(rig.sent('snapshot-begin'), snapshots);
  await rig.stop();
});

test('a controller set back behind our back sends nothing and says so', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  await rig.crashController();
  const backup = copyDisk(rig.disk);
  await rig.startController();
  await rig.put('a:1');
  await rig.agree();
  const kept = rig.holder.head();
  await rig.crashController();
  rig.disk = backup;
  await rig.startController();
  await rig.put('a:2');
  const deltas = rig.sent('delta') + rig.sent('bucket-objects') + rig.sent('snapshot-begin');
  await rig.until(() => rig.received.alarms.length > 0, 'an alarm');
  await rig.clock.advance(120_000);
  assert.equal(rig.received.alarms[0]?.alarm, 'RewindSuspected');
  assert.equal(rig.sent('delta') + rig.sent('bucket-objects') + rig.sent('snapshot-begin'), deltas);
  assert.deepEqual(rig.holder.head(), kept);
  assert.equal(rig.link.status().state, 'refused', rig.link.status().message);
  assert.equal(rig.received.alarms.length, 1, 'told once, however often the agent comes');
  await rig.stop();
});

test('an alarm of the link is cleared when its cause is over, also across a restart of the controller', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  rig.isReachable = false;
  await rig.crashController();
  await rig.startController();
  const record = (await rig.controllerStore.get<object>(keys.agentSession(agentId)))!.value;
  const alarms = ['RewindSuspected'];
  await rig.controllerStore.commit([{ key: keys.agentSession(agentId), value: { ...record, alarms } }]);
  await rig.crashController();
  await rig.startController();
  rig.isReachable = true;
  await rig.agree();
  const told = () => rig.received.alarms.map(({ alarm, raised }) => `${alarm} ${raised}`);
  assert.deepEqual(told(), ['RewindSuspected false']);
  rig.cut();
  await rig.clock.advance(1_000);
  await rig.agree();
  assert.equal(told().length, 1);
  await rig.stop();
});

test('another lineage is refused by both sides', async () => {
  const rig = await new Rig().start();
  await rig.put('a');
  await rig.agree();
  await rig.crashController();
  rig.disk = new MemoryDisk();
  await rig.startController();
  await rig.put('z');
  await rig.until(() => rig.received.alarms.length > 0, 'an alarm');
  assert.equal(rig.received.alarms[0]?.alarm, 'LineageRefused');
  assert.deepEqual(rig.names(), ['infra/a']);
  await rig.stop();
});

test('a deposed controller is refused', async () => {
  const rig = new Rig();
  rig.term = 2;
  await rig.start();
  await rig.put('a');
  await rig.agree();
  await rig.crashController();
  rig.term = 1;
  await rig.startController();
  await rig.put('b');
  await rig.clock.advance(5_000);
  assert.deepEqual(rig.names(), ['infra/a']);
  await rig.crashController();
  rig.term = 3;
  await rig.startController();
  await rig.agree();
  assert.equal(rig.holder.head().term, 3);
  await rig.stop();
});

test('a large document comes in parts; a large change too', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  const filler = 'x'.repeat(400);
  await rig.put(...Array.from({ length: 2_000 }, (_, n) => `o${n}:${filler}`));
  await rig.agree();
  assert.ok(rig.sent('snapshot-part') > 3);
  assert.equal(rig.names().length, 2_000);
  await rig.stop();
});

test('a document above what one message may hold arrives whole, also when the link breaks on the way', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  const filler = 'x'.repeat(5_000);
  let left = 3;
  rig.cutsAt = (frame) => frame.type === 'snapshot-part' && frame.part === 5 && left-- > 0;
  await rig.put(...Array.from({ length: 1_000 }, (_, n) => `o${n}:${filler}`));
  await rig.agree();
  assert.ok(left < 0, 'the cuts happened');
  const parts = rig.frames.filter((frame) => frame.type === 'snapshot-part');
  assert.ok(parts.length >= 20);
  assert.equal(rig.names().length, 1_000);
  await rig.stop();
});

test('an object that no frame can hold is refused when it is committed', async () => {
  const rig = new Rig();
  await rig.startController();
  await assert.rejects(
    rig.put(`huge:${'x'.repeat(1_100_000)}`),
    (error) => (error as { code: string }).code === 'TooLarge',
  );
  assert.equal((await rig.book.head(agentId)).generation, 0);
  await rig.agentLink.stop();
});

test('an idle link lives on heartbeats, a silent one is given up', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  await rig.clock.advance(200_000);
  assert.equal(rig.sent('hello'), 1);
  assert.ok(rig.sent('ping') >= 12);
  rig.cutsAt = () => false;
  await rig.stop();
});

function copyDisk(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  copy.revision = disk.revision;
  copy.documents = new Map(disk.documents);
  copy.log = new Map(disk.log);
  copy.terms = new Map(disk.terms);
  return copy;
}
