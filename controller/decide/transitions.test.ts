import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operationStates } from '#shared/model/ns-lcm.ts';
import { isEndState, nextOperationState, operationEvents } from './transitions.ts';

const legal: Record<string, string> = {
  'PROCESSING completed': 'COMPLETED',
  'PROCESSING failed': 'FAILED_TEMP',
  'PROCESSING cancelled': 'FAILED_TEMP',
  'PROCESSING cancel': 'PROCESSING',
  'ROLLING_BACK rolledBack': 'ROLLED_BACK',
  'ROLLING_BACK failed': 'FAILED_TEMP',
  'ROLLING_BACK cancelled': 'FAILED_TEMP',
  'ROLLING_BACK cancel': 'ROLLING_BACK',
  'FAILED_TEMP retry': 'PROCESSING',
  'FAILED_TEMP continue': 'PROCESSING',
  'FAILED_TEMP rollback': 'ROLLING_BACK',
  'FAILED_TEMP fail': 'FAILED',
};

for (const state of operationStates) {
  for (const event of operationEvents) {
    const expected = legal[`${state} ${event}`];
    test(`${state} on ${event}: ${expected ?? 'illegal'}`, () => {
      assert.equal(nextOperationState(state, event), expected);
    });
  }
}

test('end states are those that SOL005 calls so', () => {
  const ends = operationStates.filter(isEndState);
  assert.deepEqual(ends, ['COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED', 'ROLLED_BACK']);
});
