import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#shared/runtime/index.ts';
import { BackOff } from './back-off.ts';
import { renewalDueAt } from './renewal.ts';

test('a certificate is renewed between half and three quarters of its life', () => {
  assert.equal(renewalDueAt(0, 100, 0), 50);
  assert.ok(renewalDueAt(0, 100, 0.999) < 75);
});

test('only a stable link resets the back-off; the ceiling follows the window of the controller', () => {
  const backOff = new BackOff({ ...new SeededRandom(1), next: () => 1 } as never);
  assert.equal(backOff.nextDelayMs(), 0, 'the first attempt is made at once');
  for (let n = 0; n < 30; n++) backOff.linkEnded(100);
  assert.equal(backOff.nextDelayMs(), 1_500);
  backOff.setWindow(10_000);
  assert.equal(backOff.nextDelayMs(), 40_000);
  backOff.setWindow(1_000_000);
  assert.equal(backOff.nextDelayMs(), 60_000);
  backOff.linkEnded(60_000);
  assert.equal(backOff.nextDelayMs(), 1_000_000);
});
