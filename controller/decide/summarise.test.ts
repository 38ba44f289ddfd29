import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AgentId, id, type ObjectKey, type SiteId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc, OneShotRecord } from '#shared/model/ns-lcm.ts';
import { type OneShotStanding, type Standing, summarise, type TargetStanding } from './summarise.ts';

const deadlineAt = 10_000;

function operation(changes: Partial<NsLcmOpOcc> = {}): NsLcmOpOcc {
  const base = { type: 'SCALE', state: 'PROCESSING', stateEnteredAt: 0, startedAt: 0, isCancelPending: false };
  return { ...base, deadlineAt, targets: [], oneShots: [], ...changes } as unknown as NsLcmOpOcc;
}

function target(reachedGeneration: number, changes: Partial<TargetStanding> = {}): TargetStanding {
  const asked = { agentId: id<AgentId>('a'), siteId: id<SiteId>('s'), generation: 5, objectCount: 1 };
  return { target: asked, siteName: 'site-a', reachedGeneration, connected: true, since: 0, ...changes };
}

function oneShot(result: OneShotRecord['result'] | undefined, connected = true): OneShotStanding {
  const record = result && { opId: 'o', scope: '', result, message: 'text', at: 0 };
  return { opId: 'o', siteName: 'site-a', connected, record };
}

function standing(changes: Partial<Standing> = {}): Standing {
  const limits = { reconnectGraceMs: 1_000, cancelGraceMs: 100 };
  return { targets: [], failures: [], oneShots: [], now: 1, limits, ...changes };
}

const failure = { siteName: 'site-a', key: id<ObjectKey>('compute/1'), code: 'X', message: 'no image' };

test('only `reached` of the current target by every site, and the end of every action, completes', () => {
  const generations = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 4 });
  const results = fc.array(fc.constantFrom(undefined, 'done' as const, 'stale' as const), { maxLength: 3 });
  fc.assert(
    fc.property(generations, results, fc.constantFrom('PROCESSING', 'ROLLING_BACK'), (reached, ended, state) => {
      const targets = reached.map((generation) => target(generation));
      const oneShots = ended.map((result) => oneShot(result));
      const { event, waitingFor } = summarise(operation({ state: state as never }), standing({ targets, oneShots }));
      const isDone = reached.every((generation) => generation >= 5) && ended.every((result) => result !== undefined);
      assert.equal(event, isDone ? (state === 'PROCESSING' ? 'completed' : 'rolledBack') : undefined);
      assert.equal(waitingFor.length === 0, isDone);
    }),
  );
});

test('a terminal failure and an action that ended badly fail it, with the reason', () => {
  const failed = summarise(operation(), standing({ targets: [target(0)], failures: [failure, failure] }));
  assert.equal(failed.event, 'failed');
  assert.equal(failed.error!.detail, 'site-a: compute/1 failed: no image (and 1 more)');
  for (const result of ['failed', 'cancelled', 'expired'] as const) {
    const bad = standing({ oneShots: [oneShot(result)] });
    assert.equal(summarise(operation(), bad).event, 'failed');
    assert.equal(summarise(operation({ state: 'ROLLING_BACK' }), bad).event, 'rolledBack');
  }
});

test('a site that is away is never failed, whatever the clock says', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (now, since) => {
      const targets = [target(0, { connected: false, since })];
      const summary = summarise(operation(), standing({ targets, now }));
      assert.equal(summary.event, undefined);
      assert.match(summary.waitingFor[0]!, /^site-a unreachable since .*Z\.$/);
    }),
  );
  assert.equal(summarise(operation(), standing({ oneShots: [oneShot(undefined, false)], now: 1e9 })).event, undefined);
});

test('a site that is there fails it at the deadline; one that came back has its grace', () => {
  const at = (now: number, since: number) => summarise(operation(), standing({ targets: [target(0, { since })], now }));
  assert.equal(at(deadlineAt - 1, 0).lookAgainAt, deadlineAt);
  assert.equal(at(deadlineAt, 0).event, 'failed');
  assert.equal(at(deadlineAt, deadlineAt - 10).lookAgainAt, deadlineAt + 990);
  assert.equal(at(deadlineAt + 990, deadlineAt - 10).event, 'failed');
  assert.equal(at(50_000, 49_500).event, undefined);
  assert.equal(at(50_500, 49_500).event, 'failed');
  assert.equal(summarise(operation({ deadlineAt: 0 }), standing({ targets: [target(0)], now: 1e9 })).event, undefined);
});

test('an action that is overdue at a site that is there fails it', () => {
  const overdue = summarise(operation(), standing({ oneShots: [oneShot(undefined)], now: deadlineAt }));
  assert.equal(overdue.event, 'failed');
  assert.match(overdue.error!.detail, /site-a carries out the action/);
});

test('looks again exactly when the clock alone changes something', () => {
  const asked = { isCancelPending: true, cancelRequestedAt: 500, cancelMode: 'GRACEFUL' as const };
  const pending = summarise(operation(asked), standing({ targets: [target(0)], now: 500 }));
  assert.equal(pending.lookAgainAt, 600);
  const due = summarise(operation(asked), standing({ targets: [target(0)], now: 600 }));
  assert.equal(due.event, 'cancelled');
  assert.equal(due.error!.status, 409);
  const forced = summarise(
    operation({ ...asked, cancelMode: 'FORCEFUL' }),
    standing({ targets: [target(0)], now: 500 }),
  );
  assert.equal(forced.event, 'cancelled');
  const nobody = standing({ targets: [target(0, { connected: false })], now: 500 });
  assert.equal(summarise(operation(asked), nobody).event, 'cancelled');
  assert.equal(summarise(operation(asked), standing({ targets: [target(5)], now: 900 })).event, 'completed');
});
