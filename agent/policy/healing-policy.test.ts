import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '#shared/runtime/virtual-clock.ts';
import { createHealingPolicy } from './healing-policy.ts';

const healing = { enabled: true, cooldownMs: 1000 };

test('the first death is mended at once, the next ones after a cool-down that doubles', async () => {
  const clock = new VirtualClock();
  const policy = createHealingPolicy({ clock, bootId: 'a' });
  assert.deepEqual(policy.judge(healing, undefined), { kind: 'heal' });
  let deaths = policy.noteDeath(undefined);
  for (const wantedMs of [1000, 2000, 4000]) {
    const verdict = policy.judge(healing, deaths);
    assert.equal(verdict.kind === 'leave' && verdict.afterMs, wantedMs);
    await clock.advance(wantedMs);
    assert.equal(policy.judge(healing, deaths).kind, 'heal');
    deaths = policy.noteDeath(deaths);
  }
  assert.equal(deaths.isAlarmed, false);
  assert.equal(policy.noteDeath(deaths).isAlarmed, true);
});

test('nothing is mended that is not delegated', () => {
  const policy = createHealingPolicy({ clock: new VirtualClock(), bootId: 'a' });
  assert.equal(policy.judge({ enabled: false, cooldownMs: 0 }, undefined).kind, 'leave');
});

test('a restart and a clock that jumps do not cut a cool-down to nothing nor make it endless', async () => {
  const clock = new VirtualClock();
  const deaths = createHealingPolicy({ clock, bootId: 'a' }).noteDeath(undefined);
  const reborn = createHealingPolicy({ clock, bootId: 'b' });
  clock.jumpWall(-10_000_000);
  const verdict = reborn.judge(healing, deaths);
  assert.equal(verdict.kind === 'leave' && verdict.afterMs, 1000);
});

test('a history closes when the unit has been stable', async () => {
  const clock = new VirtualClock();
  const policy = createHealingPolicy({ clock, bootId: 'a', stableMs: 5000 });
  const deaths = policy.noteDeath(undefined);
  await clock.advance(2000);
  assert.deepEqual(policy.judgeRecovery(deaths), { isOver: false, afterMs: 3000 });
  await clock.advance(3000);
  assert.deepEqual(policy.judgeRecovery(deaths), { isOver: true });
});
