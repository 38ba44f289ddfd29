import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutants } from './mutants.ts';
import { runSeed } from './run-seed.ts';

/** Seeds within which a mutant must be caught. */
const seedLimit = 60;

for (const { name, caughtBy, seams, from = 1 } of mutants) {
  test(`mutant "${name}" is caught`, async (context) => {
    for (let seed = from; seed < from + seedLimit; seed += 1) {
      const { breaches } = await runSeed(seed, { seams, healingLimitMs: 900_000 });
      const caught = breaches.find(({ invariant }) => caughtBy.includes(invariant));
      if (caught === undefined) continue;
      context.diagnostic(`seed ${seed}, ${caught.invariant}: ${caught.message}`);
      return;
    }
    assert.fail(`it lives through ${seedLimit} seeds`);
  });
}
