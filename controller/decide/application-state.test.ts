import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import { type ApplicationStanding, applicationState } from './application-state.ts';

const state: UnitState = {
  type: 'unit',
  scope: 'profile:p:i',
  generation: 5,
  revision: 5,
  ready: true,
  observed: null,
  message: '',
  attempts: 0,
};
const failure = { revision: 5, message: 'no such chart' } as UnitFailureRecord;
const failed = { ...state, ready: false, message: 'pod crashes', observed: { phase: 'failed' } } as UnitState;
const standing: ApplicationStanding = { revision: 5, isDetaching: false, state, failure: undefined, connected: true };

const cases: [name: string, given: Partial<ApplicationStanding>, state: string, message: RegExp][] = [
  ['ready', {}, 'ready', /^$/],
  ['ready, and the site is away', { connected: false }, 'ready', /^$/],
  ['got over its failure', { failure }, 'ready', /^$/],
  ['given up', { state: failed, failure }, 'given-up', /no such chart/],
  [
    'a failure of an older revision is history',
    { state: failed, failure: { ...failure, revision: 4 } },
    'failed',
    /crashes/,
  ],
  ['failed', { state: failed }, 'failed', /pod crashes/],
  ['an older revision is ready', { revision: 6 }, 'pending', /not taken it up/],
  ['never heard of', { state: undefined, connected: false }, 'pending', /cannot be reached/],
  ['not in the intent yet', { revision: undefined }, 'pending', /on its way/],
  ['being detached', { isDetaching: true, connected: false }, 'removing', /cannot be reached/],
];
for (const [name, given, expected, message] of cases)
  test(name, () => {
    const found = applicationState({ ...standing, ...given });
    assert.equal(found.state, expected);
    assert.match(found.message, message);
  });
