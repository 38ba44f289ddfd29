import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteadyUsage } from './steady-usage.ts';

test('usage is told anew when it has moved by a tenth of the node', () => {
  const usage = new SteadyUsage();
  const totals = new Map([['a', { vcpus: 4, memoryMib: 1000, storageGib: 0 }]]);
  const look = (vcpus: number, memoryMib: number) =>
    usage.settle(new Map([['a', { vcpus, memoryMib, storageGib: 0 }]]), totals).get('a');
  assert.deepEqual(look(1.234, 300.4), { vcpus: 1.23, memoryMib: 300, storageGib: 0 });
  assert.deepEqual(look(1.5, 380), { vcpus: 1.23, memoryMib: 300, storageGib: 0 });
  assert.deepEqual(look(1.7, 380), { vcpus: 1.7, memoryMib: 380, storageGib: 0 });
  assert.deepEqual(look(1.7, 481), { vcpus: 1.7, memoryMib: 481, storageGib: 0 });
  usage.settle(new Map(), totals);
  assert.deepEqual(look(1.6, 400), { vcpus: 1.6, memoryMib: 400, storageGib: 0 });
});
