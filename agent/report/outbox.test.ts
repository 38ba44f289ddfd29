import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { id } from '#shared/model/ids.ts';
import { type Clock, silentLogger, systemRandom } from '#shared/runtime/index.ts';
import type { AlarmBody, InfraState, ReportStream, UnitState } from '#shared/wire/frames.ts';
import { chainAfter } from '#shared/wire/report-chain.ts';
import { type AgentStore, agentKeys, memoryMedium, openAgentStoreOn } from '../store/index.ts';
import { createOutbox, type LinkedOutbox } from './index.ts';

const clock: Clock = { now: () => 1_000, mono: () => 0, timer: () => () => undefined };
const limits = { records: 10, shedAtOnce: 4 };

async function open(medium = memoryMedium()): Promise<{ store: AgentStore; outbox: LinkedOutbox }> {
  const store = await openAgentStoreOn(medium, { clock, random: systemRandom, log: silentLogger });
  return { store, outbox: createOutbox({ store, clock, random: systemRandom, log: silentLogger, limits }) };
}

function alarm(n: number): AlarmBody {
  return {
    type: 'alarm',
    alarmId: String(n),
    key: '',
    scope: '',
    severity: 'MAJOR',
    eventType: 'x',
    probableCause: '',
    raised: true,
  };
}

const append = (store: AgentStore, outbox: LinkedOutbox, stream: ReportStream, n: number) =>
  store.transact((tx) => outbox.append(tx, stream, alarm(n)));

/** A controller's mark that follows the rules; returns what it counted. */
function drain(outbox: LinkedOutbox, stream: ReportStream, mark = { seq: 0, chain: '' }): (number | string)[] {
  const seen: (number | string)[] = [];
  for (;;) {
    const report = outbox.next(stream, mark.seq, mark.chain);
    if (report === undefined) return seen;
    const from = report.body.type === 'gap' ? report.body.from : report.seq;
    assert.ok(from <= mark.seq + 1 && report.seq > mark.seq, 'contiguous');
    if (from === mark.seq + 1) assert.equal(report.prevHash, mark.chain);
    if (report.body.type === 'gap') seen.push(`gap ${report.seq - mark.seq}`);
    else if (report.body.type === 'alarm') seen.push(Number(report.body.alarmId));
    mark.seq = report.seq;
    mark.chain = chainAfter(report);
  }
}

test('records are contiguous, chained, and pruned only up to safe', async () => {
  const { store, outbox } = await open();
  for (let n = 1; n <= 4; n++) await append(store, outbox, 'results', n);
  const mark = { seq: 0, chain: '' };
  assert.deepEqual(drain(outbox, 'results', mark), [1, 2, 3, 4]);
  assert.equal(mark.chain, outbox.head('results').chain);
  assert.equal(await outbox.acknowledge('results', { ...mark, safe: 2 }), 'ok');
  assert.equal(outbox.head('results').prunedSeq, 2);
  const second = outbox.next('results', 2, '');
  assert.deepEqual(
    drain(outbox, 'results', { seq: 2, chain: second!.prevHash }),
    [3, 4],
    'what is not safe can be sent again',
  );
});

test('an acknowledgement off the own chain, or past its end, is a mismatch', async () => {
  const { store, outbox } = await open();
  await append(store, outbox, 'results', 1);
  const head = outbox.head('results');
  assert.equal(await outbox.acknowledge('results', { seq: 1, chain: 'other', safe: 1 }), 'mismatch');
  assert.equal(await outbox.acknowledge('results', { seq: 2, chain: head.chain, safe: 2 }), 'mismatch');
  assert.equal(outbox.next('results', 0, '')?.seq, 1, 'nothing was pruned');
});

test('a controller set back past what is kept gets one Gap and the rest', async () => {
  const { store, outbox } = await open();
  for (let n = 1; n <= 3; n++) await append(store, outbox, 'decisions', n);
  const second = outbox.next('decisions', 1, '')!;
  await outbox.acknowledge('decisions', { seq: 2, chain: chainAfter(second), safe: 2 });
  assert.deepEqual(drain(outbox, 'decisions'), ['gap 2', 3]);
});

test('over quota the oldest become a counted Gap; results are never shed', async () => {
  const { store, outbox } = await open();
  for (let n = 1; n <= 25; n++) {
    await append(store, outbox, 'alarms', n);
    await append(store, outbox, 'results', n);
  }
  const seen = drain(outbox, 'alarms');
  assert.ok(outbox.head('alarms').held <= limits.records);
  const counted = Number(String(seen[0]).slice(4));
  assert.deepEqual(
    seen.slice(1),
    Array.from({ length: 25 - counted }, (_, index) => counted + index + 1),
  );
  assert.equal(drain(outbox, 'results').length, 25);
});

test('the mark may lie inside what was shed afterwards: the Gap counts from mark + 1, and its hash is still known', async () => {
  const { store, outbox } = await open();
  for (let n = 1; n <= 3; n++) await append(store, outbox, 'alarms', n);
  const first = outbox.next('alarms', 0, '')!;
  const mark = { seq: 1, chain: chainAfter(first) };
  for (let n = 4; n <= 12; n++) await append(store, outbox, 'alarms', n);
  assert.equal(await outbox.acknowledge('alarms', { ...mark, safe: 1 }), 'ok');
  assert.match(String(drain(outbox, 'alarms', mark)[0]), /^gap/);
  assert.equal(outbox.judge({ ...emptyPositions(), alarms: { seq: 1, chain: 'wrong', safe: 1 } }), 'mismatch');
});

test('a rebirth carries what is held, in order, with its recordId, under new numbers', async () => {
  const medium = memoryMedium();
  const { store, outbox } = await open(medium);
  for (let n = 1; n <= 5; n++) await append(store, outbox, 'results', n);
  const before = [1, 2, 3, 4].map((seq) => outbox.next('results', seq, '')!.recordId);
  await outbox.acknowledge('results', { seq: 1, chain: outbox.next('results', 1, '')!.prevHash, safe: 1 });
  await store.transact((tx) => outbox.rebirth(tx));
  const again = await open(medium);
  assert.deepEqual(drain(again.outbox, 'results'), [2, 3, 4, 5]);
  const carried = [0, 1, 2, 3].map((seq) => again.outbox.next('results', seq, '')!);
  assert.deepEqual(
    carried.map((report) => report.recordId),
    before,
  );
  assert.ok(carried.every((report) => report.carried));
});

test('a rebirth numbers the slots anew: a counter that a damaged disk lost must not hide what comes later', async () => {
  const { store, outbox } = await open();
  const infra = (infraId: string): InfraState => ({ type: 'infra', infraId: id(infraId), facts: null, message: '' });
  for (const key of ['a', 'b', 'c']) await store.transact((tx) => outbox.state(tx, key, infra(key)));
  await store.transact((tx) => tx.delete(agentKeys.stateCounter));
  await store.transact((tx) => outbox.rebirth(tx));
  const last = outbox.pendingStates(0).at(-1)!.seq;
  await store.transact((tx) => outbox.state(tx, 'a', infra('new')));
  assert.deepEqual(
    outbox.pendingStates(last).map(({ key }) => key),
    ['a'],
  );
});

test('a state acknowledged beyond what was ever drawn: this disk was set back', async () => {
  const { store, outbox } = await open();
  const infra: InfraState = { type: 'infra', infraId: id('a'), facts: null, message: '' };
  await store.transact((tx) => outbox.state(tx, 'a', infra));
  assert.equal(await outbox.acknowledgeState('a', 2), 'mismatch');
  assert.equal(await outbox.acknowledgeState('gone', 2), 'mismatch');
  assert.equal(await outbox.acknowledgeState('gone', 1), 'ok');
  assert.equal(outbox.pendingStates(0).length, 1);
  assert.equal(await outbox.acknowledgeState('a', 1), 'ok');
  assert.equal(outbox.pendingStates(0).length, 0);
});

test('state: one slot per key, equal values dropped, an acknowledgement frees only the number it names', async () => {
  const { store, outbox } = await open();
  const unit = (ready: boolean): UnitState => ({
    type: 'unit',
    scope: '',
    generation: 1,
    revision: 1,
    ready,
    observed: null,
    message: '',
    attempts: 0,
  });
  const put = (key: string, body: UnitState | null) => store.transact((tx) => outbox.state(tx, key, body));
  await put('p', unit(false));
  await put('q', unit(true));
  await put('p', unit(false));
  assert.deepEqual(
    outbox.pendingStates(0).map(({ key, seq }) => [key, seq]),
    [
      ['p', 1],
      ['q', 2],
    ],
  );
  await put('p', unit(true));
  await outbox.acknowledgeState('p', 1);
  assert.deepEqual(
    outbox.pendingStates(0).map(({ key, seq }) => [key, seq]),
    [
      ['q', 2],
      ['p', 3],
    ],
  );
  await put('q', null);
  await outbox.acknowledgeState('q', 4);
  await put('q', unit(true));
  assert.equal(outbox.pendingStates(3)[0]?.seq, 5, 'numbers of a freed key are not used again');
});

test('whatever is appended, acknowledged and shed, a drain is contiguous and misses nothing unsaid', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('append', 'ack', 'rebirth', 'restart'), { maxLength: 40 }),
      async (steps) => {
        const medium = memoryMedium();
        let { store, outbox } = await open(medium);
        let made = 0;
        let mark = { seq: 0, chain: '' };
        let taken = 0;
        for (const step of steps) {
          if (step === 'append') await append(store, outbox, 'alarms', ++made);
          if (step === 'restart') ({ store, outbox } = await open(medium));
          if (step === 'ack') {
            for (const seen of drain(outbox, 'alarms', mark))
              taken += typeof seen === 'number' ? 1 : Number(seen.slice(4));
            assert.equal(await outbox.acknowledge('alarms', { ...mark, safe: mark.seq }), 'ok');
          }
          if (step === 'rebirth') {
            await store.transact((tx) => outbox.rebirth(tx));
            mark = { seq: 0, chain: '' };
          }
        }
        for (const seen of drain(outbox, 'alarms', mark)) taken += typeof seen === 'number' ? 1 : Number(seen.slice(4));
        assert.equal(taken, made);
      },
    ),
    { numRuns: 60 },
  );
});

function emptyPositions() {
  const none = { seq: 0, chain: '', safe: 0 };
  return { results: none, decisions: none, alarms: none };
}
