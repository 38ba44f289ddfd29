import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkerryError } from '#shared/errors/index.ts';
import { agentId, Rig } from './rig.ts';

for (const code of ['DiskFull', 'RevisionConflict', 'Internal'] as const) {
  test(`reports that cannot be committed (${code}) are not acknowledged, and not lost`, async () => {
    const rig = await new Rig().start();
    await rig.put('a');
    await rig.report(1);
    await rig.agree();
    rig.failsCommit = () => new SkerryError(code, 'the commit fails');
    await rig.report(2);
    await rig.report(3);
    await rig.state('a', 'one');
    const acks = rig.sent('report-ack') + rig.sent('state-ack');
    await rig.clock.advance(5_000);
    assert.equal(rig.sent('report-ack') + rig.sent('state-ack'), acks);
    assert.deepEqual(rig.numbers(), [1]);
    rig.failsCommit = undefined;
    await rig.agree();
    assert.deepEqual(rig.numbers(), [1, 2, 3]);
    assert.equal(rig.received.states.at(-1)?.key, 'infra/a');
    await rig.put('b');
    await rig.agree();
    await rig.stop();
  });
}

test('a commit that landed though it was reported as failed doubles nothing', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  let failures = 1;
  rig.failsCommit = () => (failures-- > 0 ? 'after' : undefined);
  await rig.report(1);
  await rig.report(2);
  await rig.agree();
  rig.failsCommit = undefined;
  const rows = await rig.controllerStore.range({ prefix: `record/${agentId}/` });
  assert.equal(rows.length, 2, 'each record once');
  assert.deepEqual(rig.outbox.summary()[0], { stream: 'results', pending: 0, acked: 2, lastSeq: 2 });
  await rig.stop();
});

test('a report that cannot be applied at present comes again', async () => {
  const rig = await new Rig().start();
  await rig.agree();
  rig.failsApply = true;
  await rig.report(1);
  await rig.clock.advance(2_000);
  assert.deepEqual(rig.numbers(), []);
  rig.failsApply = false;
  await rig.agree();
  assert.deepEqual(rig.numbers(), [1]);
  await rig.stop();
});
