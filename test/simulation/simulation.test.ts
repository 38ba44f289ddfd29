import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './run-seed.ts';

/** `SKERRY_SEEDS=1000-1999` runs others than the usual ones. `SKERRY_SIMULATION_LOG=1` tells each deed of a seed that fails. */
const [from = 1, to = 200] = (process.env['SKERRY_SEEDS'] ?? '1-200').split('-').map(Number);
const isTold = process.env['SKERRY_SIMULATION_LOG'] === '1';

test(`seeds ${from} to ${to}: nothing lost, doubled or deleted, and all comes to rest`, async () => {
  const failures: string[] = [];
  const sums = { deaths: 0, operations: 0, diskFaults: 0, records: 0 };
  for (let seed = from; seed <= to; seed += 1) {
    const result = await runSeed(seed);
    sums.deaths += result.deaths.agents + result.deaths.controllers;
    sums.operations += result.operations;
    sums.diskFaults += result.diskFaults;
    sums.records += result.records;
    for (const { invariant, message } of result.breaches) failures.push(`seed ${seed}, ${invariant}: ${message}`);
    if (isTold && result.breaches.length > 0) console.error(result.transcript.join('\n'));
  }
  assert.deepEqual(failures, []);
  // A run in which nothing happens proves nothing.
  const count = to - from;
  assert.ok(sums.deaths > count * 2, `${sums.deaths} deaths`);
  assert.ok(sums.operations > count, `${sums.operations} operations`);
  assert.ok(sums.diskFaults >= count / 4, `${sums.diskFaults} faults of disks`);
  assert.ok(sums.records > count * 5, `${sums.records} records`);
});
