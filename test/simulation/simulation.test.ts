import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './run-seed.ts';

/** `SKERRY_SEEDS=1000-1999` runs others than the usual ones. */
const [from = 1, to = 200] = (process.env['SKERRY_SEEDS'] ?? '1-200').split('-').map(Number);

test(`seeds ${from} to ${to}: nothing lost, doubled or deleted, and all comes to rest`, async () => {
  const failures: string[] = [];
  let deaths = 0;
  let operations = 0;
  for (let seed = from; seed <= to; seed += 1) {
    const result = await runSeed(seed);
    deaths += result.deaths.agents + result.deaths.controllers;
    operations += result.operations;
    for (const { invariant, message } of result.breaches) failures.push(`seed ${seed}, ${invariant}: ${message}`);
  }
  assert.deepEqual(failures, []);
  // A run in which nothing happens proves nothing.
  assert.ok(deaths > (to - from) * 2, `${deaths} deaths`);
  assert.ok(operations > to - from, `${operations} operations`);
});
