import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ObservedUnit } from '#shared/connector/index.ts';
import { type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import { applyRecordStep, emptyRecord } from './apply-step.ts';
import { ordinalOf } from './incarnation.ts';
import { planAll } from './plan-all.ts';
import { planUnit } from './plan-unit.ts';
import { desired, incarnation, infraId, observed, recordOf, situation, unitKey } from './testing-situation.ts';
import { isRecordStep, type Step, type UnitSituation } from './unit-situation.ts';

const dependency = id<ObjectKey>('network/lan');
const keeping = { revision: 2, isHeld: false, isKeeping: true };
const removal = { desired: undefined, tombstone: { revision: 2, isHeld: false } };
const logged = { step: 'create', status: 'LOGGED' } as const;

/** What is done, in order, as `verb ordinal`. */
function told(steps: Step[]): string[] {
  return steps.map((step) => {
    if ('incarnation' in step) return `${step.do} ${ordinalOf(step.incarnation)}`;
    return step.do === 'adopt' ? `adopt ${ordinalOf(step.unit.incarnation)}` : step.do;
  });
}

const cases: [name: string, given: UnitSituation, steps: string[]][] = [
  ['nothing is there: create', situation(), ['create']],
  ['nobody has looked yet: look', situation({ look: undefined }), ['look']],
  ['what it stands on is not ready: wait', situation({ waitsFor: [dependency] }), ['wait']],
  ['ready: nothing', situation({ record: recordOf(1), seen: [observed(1)] }), []],
  ['it boots: look later', situation({ record: recordOf(1), seen: [observed(1, { phase: 'pending' })] }), ['look']],
  [
    'its next step is due: call again',
    situation({ record: recordOf(1), seen: [observed(1, { phase: 'pending', isStepDue: true })] }),
    ['update 1'],
  ],
  [
    'the platform gave this revision up: say so, and leave what runs alone',
    situation({
      record: recordOf(1),
      seen: [observed(1, { specDigest: 'digest-0', givenUp: { revision: 1, reason: 'rolled back' } })],
    }),
    ['fail'],
  ],
  [
    'given up, and changed behind our back: mend what runs',
    situation({
      record: recordOf(1),
      seen: [observed(1, { drifted: true, givenUp: { revision: 1, reason: 'rolled back' } })],
    }),
    ['update 1'],
  ],
  [
    'an earlier revision was given up: try this one',
    situation({
      record: recordOf(1),
      desired: { ...desired, revision: 2 },
      seen: [observed(1, { phase: 'pending', givenUp: { revision: 1, reason: 'never ready' } })],
    }),
    ['update 1'],
  ],
  [
    'a removal in steps: the next one is due',
    situation({ ...removal, record: recordOf(1), seen: [observed(1, { phase: 'removing', isStepDue: true })] }),
    ['condemn 1', 'remove 1'],
  ],
  ['it runs and nothing is known: adopt', situation({ seen: [observed(3)] }), ['adopt 3']],
  [
    'what runs is newer than the disk knows: adopt, and the older goes',
    situation({ record: recordOf(1), seen: [observed(1), observed(2)] }),
    ['condemn 1', 'adopt 2', 'remove 1'],
  ],
  [
    'an older one runs as well: remove it',
    situation({ record: recordOf(2), seen: [observed(1), observed(2)] }),
    ['condemn 1', 'remove 1'],
  ],
  ['a logged create is seen: done', situation({ record: recordOf(1, logged), seen: [observed(1)] }), ['confirm']],
  [
    'a logged create is absent, settled: condemned, and a new one is drawn',
    situation({ record: recordOf(1, logged) }),
    ['condemn 1', 'forget 1', 'create'],
  ],
  [
    'a logged create is absent, but may still land: look later',
    situation({ record: recordOf(1, logged), settleMs: 1000 }),
    ['look'],
  ],
  [
    'a call of this life timed out just now: look later',
    situation({ record: recordOf(1, logged), settleMs: 50, doubtSinceMono: 90 }),
    ['look'],
  ],
  [
    'a logged update has not arrived: it may be repeated',
    situation({
      desired: { ...desired, specDigest: 'digest-2' },
      record: recordOf(1, { step: 'update', status: 'LOGGED', specDigest: 'digest-2' }),
      seen: [observed(1)],
    }),
    ['confirm', 'update 1'],
  ],
  [
    'the spec changed: update',
    situation({ desired: { ...desired, specDigest: 'digest-2' }, record: recordOf(1), seen: [observed(1)] }),
    ['update 1'],
  ],
  ['it drifted: update', situation({ record: recordOf(1), seen: [observed(1, { drifted: true })] }), ['update 1']],
  [
    'no update in place: it goes first, and its replacement waits for that',
    situation({
      desired: { ...desired, specDigest: 'digest-2' },
      record: recordOf(1),
      seen: [observed(1)],
      canUpdateInPlace: false,
    }),
    ['condemn 1', 'remove 1'],
  ],
  [
    'it failed: the dead one goes first',
    situation({ record: recordOf(1), seen: [observed(1, { phase: 'failed' })] }),
    ['condemn 1', 'remove 1'],
  ],
  ['it was made and is missing: it died', situation({ record: recordOf(1) }), ['condemn 1', 'forget 1', 'create']],
  [
    'it died, and policy leaves it: wait',
    situation({ record: recordOf(1), judgeDeath: () => ({ kind: 'leave', why: 'cools down', afterMs: 5 }) }),
    ['wait'],
  ],
  [
    'it was stopped on purpose: nothing',
    situation({ record: { ...recordOf(1), isStopped: true }, seen: [observed(1, { phase: 'failed' })] }),
    [],
  ],
  [
    'it moves to another infra: it goes first',
    situation({
      desired: { ...desired, infraId: id<InfraId>('infra-2') },
      record: recordOf(1),
      seen: [observed(1)],
    }),
    ['condemn 1', 'remove 1'],
  ],
  ['tombstone: remove', situation({ ...removal, record: recordOf(1), seen: [observed(1)] }), ['condemn 1', 'remove 1']],
  ['tombstone, gone: bury', situation({ ...removal, record: recordOf(1) }), ['condemn 1', 'forget 1', 'bury']],
  [
    'tombstone, but the create may still land: look later',
    situation({ ...removal, record: recordOf(1, logged), settleMs: 1000 }),
    ['condemn 1', 'look'],
  ],
  ['tombstone of what was never there: nothing', situation({ ...removal }), []],
  [
    'tombstone, held: wait',
    situation({ ...removal, tombstone: { revision: 2, isHeld: true }, record: recordOf(1), seen: [observed(1)] }),
    ['wait'],
  ],
  [
    'tombstone, others stand on it: wait',
    situation({ ...removal, record: recordOf(1), seen: [observed(1)], dependents: [unitKey] }),
    ['wait'],
  ],
  [
    'tombstone, but to be kept: bury without removing',
    situation({ ...removal, record: { ...recordOf(1), deletePolicy: 'keep' }, seen: [observed(1)] }),
    ['bury'],
  ],
  [
    'tombstone that keeps: bury without removing, although the unit itself may be removed',
    situation({ ...removal, tombstone: keeping, record: recordOf(1), seen: [observed(1)] }),
    ['bury'],
  ],
  [
    'tombstone that keeps, nobody has looked: bury all the same',
    situation({ ...removal, tombstone: keeping, record: recordOf(1), look: undefined }),
    ['bury'],
  ],
  [
    'tombstone that keeps, held by hand, others stand on it: nothing is removed, so nothing is held',
    situation({
      ...removal,
      tombstone: { ...keeping, isHeld: true },
      record: recordOf(1),
      seen: [observed(1)],
      dependents: [unitKey],
    }),
    ['bury'],
  ],
  [
    'tombstone that keeps, and the disk has forgotten what it made: left alone',
    situation({ ...removal, tombstone: keeping, seen: [observed(1)] }),
    [],
  ],
  ['nobody names it: an orphan is left alone', situation({ desired: undefined, seen: [observed(1)] }), []],
  [
    'nobody names what we made: an orphan is left alone',
    situation({ desired: undefined, record: recordOf(2), seen: [observed(1), observed(2)] }),
    [],
  ],
];

describe('planning for one unit', () => {
  for (const [name, given, steps] of cases) test(name, () => assert.deepEqual(told(planUnit(given).steps), steps));
});

const anyObserved: fc.Arbitrary<ObservedUnit> = fc
  .record({
    ordinal: fc.integer({ min: 1, max: 5 }),
    phase: fc.constantFrom('pending', 'ready', 'failed', 'removing'),
    specDigest: fc.constantFrom('digest-1', 'digest-2'),
    drifted: fc.boolean(),
  })
  .map(({ ordinal, ...change }) => observed(ordinal, change as Partial<ObservedUnit>));

const anyRecord: fc.Arbitrary<JournalRecord | undefined> = fc.option(
  fc
    .record({
      ordinal: fc.integer({ min: 1, max: 5 }),
      step: fc.constantFrom('create', 'update', 'none'),
      condemned: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
      hasCurrent: fc.boolean(),
    })
    .map(({ ordinal, step, condemned, hasCurrent }) => {
      const status = step === 'none' ? 'DONE' : 'LOGGED';
      const base = hasCurrent ? recordOf(ordinal, { step: step as 'none', status }) : emptyRecord(desired);
      const entries = condemned
        .filter((other) => !hasCurrent || other !== ordinal)
        .map((other) => ({ incarnation: incarnation(other), reason: 'replaced' as const, bootId: 'boot-2' }));
      return { ...base, condemned: entries, lastOrdinal: 5 };
    }),
  { nil: undefined },
);

const anySituation: fc.Arbitrary<UnitSituation> = fc
  .record({
    seen: fc.uniqueArray(anyObserved, { maxLength: 4, selector: (unit) => unit.incarnation }),
    record: anyRecord,
    wish: fc.constantFrom('wanted', 'wanted', 'tombstone', 'nobody'),
    canUpdateInPlace: fc.boolean(),
  })
  .map(({ wish, ...given }) =>
    situation({ ...given, ...(wish === 'wanted' ? {} : wish === 'tombstone' ? removal : { desired: undefined }) }),
  );

/** What a platform without faults would show, and the journal would hold, after the plan was carried out. */
function carryOut(given: UnitSituation): UnitSituation {
  const plan = planUnit(given);
  let seen = [...(given.look?.units ?? [])].filter((unit) => unit.phase !== 'removing');
  let record = plan.record;
  for (const step of plan.steps) {
    if (step.do === 'remove') seen = seen.filter((unit) => unit.incarnation !== step.incarnation);
    if (step.do === 'update')
      seen = seen.map((unit) => (unit.incarnation === step.incarnation ? observed(ordinalOf(unit.incarnation)) : unit));
    if (step.do === 'create') {
      const ordinal = (record?.lastOrdinal ?? 0) + 1;
      record = { ...recordOf(ordinal), condemned: record?.condemned ?? [], lastOrdinal: ordinal };
      seen = [...seen, observed(ordinal)];
    }
    if (step.do === 'look') seen = seen.map((unit) => (unit.phase === 'pending' ? { ...unit, phase: 'ready' } : unit));
  }
  return { ...given, record, look: { infraId, startedAtMono: 100, units: seen } };
}

describe('planning, whatever is found', () => {
  test('comes to an end, and then plans nothing', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        let now = given;
        for (let round = 0; round < 12; round += 1) now = carryOut(now);
        assert.deepEqual(planUnit(now).steps, []);
        if (given.desired !== undefined) {
          assert.equal(planUnit(now).isReady, true);
          assert.equal(now.look?.units.length, 1, 'exactly one unit');
        }
        if (given.tombstone !== undefined) assert.equal(now.look?.units.length, 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('removes nothing that is neither condemned nor under a tombstone, and only one thing at a time', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const plan = planUnit(given);
        const calls = plan.steps.filter((step) => !isRecordStep(step));
        assert.ok(calls.length <= 1);
        for (const step of calls)
          if (step.do === 'remove')
            assert.ok(plan.record?.condemned.some((entry) => entry.incarnation === step.incarnation));
        if (given.desired === undefined && given.tombstone === undefined) assert.deepEqual(plan.steps, []);
      }),
      { numRuns: 2000 },
    );
  });

  test('a tombstone that keeps leads to no call, whatever is found and however often it is planned again', () => {
    fc.assert(
      fc.property(anySituation, (wanted) => {
        let now: UnitSituation = { ...wanted, desired: undefined, tombstone: keeping };
        for (let round = 0; round < 3; round += 1) {
          const plan = planUnit(now);
          assert.ok(plan.isGone);
          assert.deepEqual(
            plan.steps.filter((step) => !isRecordStep(step)),
            [],
          );
          now = { ...now, record: plan.record };
        }
        assert.equal(now.record?.isKept ?? true, true);
        // The grave is forgotten one day; what runs is left alone for ever.
        assert.deepEqual(planUnit({ ...now, tombstone: undefined }).steps, []);
      }),
      { numRuns: 2000 },
    );
  });

  test('never creates while anything of the unit is there or may be there', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const plan = planUnit(given);
        if (!plan.steps.some((step) => step.do === 'create')) return;
        assert.equal(given.look?.units.length, 0);
        assert.equal(plan.record?.current, undefined);
        assert.deepEqual(plan.record?.condemned ?? [], []);
      }),
      { numRuns: 2000 },
    );
  });

  test('the record of a plan is what its steps make of the record before', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const plan = planUnit(given);
        if (given.record === undefined) return;
        let record = given.record;
        const recordSteps = plan.steps.filter(isRecordStep);
        for (const step of recordSteps) record = applyRecordStep(record, step, 'boot-2') ?? record;
        if (recordSteps.length > 0 && !recordSteps.some((step) => step.do === 'bury'))
          assert.deepEqual(plan.record, record);
      }),
    );
  });
});

describe('planning for many units', () => {
  const network = { ...situation({ record: undefined }), key: dependency };
  const vm = situation({ desired: { ...desired, dependsOn: [dependency] } });

  test('what others stand on comes first', () => {
    const plans = planAll([vm, network]);
    assert.deepEqual([told(plans.get(dependency)!.steps), told(plans.get(unitKey)!.steps)], [['create'], ['wait']]);
  });

  test('what stands on others goes first', () => {
    const record = { ...recordOf(1), dependsOn: [dependency] };
    const plans = planAll([
      { ...situation({ ...removal, record: recordOf(1), seen: [observed(1)] }), key: dependency },
      situation({ ...removal, record, seen: [observed(1)] }),
    ]);
    assert.deepEqual(told(plans.get(dependency)!.steps), ['wait']);
    assert.deepEqual(told(plans.get(unitKey)!.steps), ['condemn 1', 'remove 1']);
  });
});
