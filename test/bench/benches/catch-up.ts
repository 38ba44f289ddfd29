import { setTimeout as wait } from 'node:timers/promises';
import { bareStartMs } from '../bare-limits.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { Testbed } from '../testbed.ts';

/** A site that is away is chosen only when it is named. */
const named = { placement: { '*': { site: 'site-0' } } };
/** Longer than a link must live to count as stable. */
const settledMs = 10_500;

export const catchUp: Bench = {
  name: 'catch-up',
  title: 'After a cut or a kill: until an NS asked for meanwhile is instantiated and the controller knows it',
  run: (context) =>
    Testbed.with({}, async (testbed) => {
      await testbed.instantiateMany(20, 'warm');
      return [
        await linkBack(testbed, context),
        await agentBack(testbed, context),
        await controllerBack(testbed, context),
      ];
    }),
};

async function linkBack(testbed: Testbed, context: BenchContext): Promise<Measurement> {
  const tookMs: number[] = [];
  for (let round = 0; round < context.count(8, 1); round++) {
    await wait(settledMs);
    testbed.agent.cut();
    const id = await testbed.createNs(`link-${round}`);
    const operation = await testbed.api.instantiateNs(id, named);
    // Long enough for the back-off to have reached its ceiling.
    await wait(context.count(8_000, 3_000));
    const began = performance.now();
    testbed.agent.restore();
    tookMs.push((await testbed.operations.completed(operation)) - began);
    context.say(`link back after ${Math.round(tookMs.at(-1) ?? 0)} ms`);
  }
  return measured({
    what: 'link back to caught up',
    samples: tookMs,
    goals: [{ of: 'worst', atMost: 2000 }],
    note: 'from the moment at which packets pass again; the wait until the agent dials again is in it',
  });
}

async function agentBack(testbed: Testbed, context: BenchContext): Promise<Measurement> {
  const tookMs: number[] = [];
  const bare = { what: 'an empty Node', samples: await bareStartMs(5) };
  for (let round = 0; round < context.count(10, 2); round++) {
    await testbed.agent.process.kill();
    const id = await testbed.createNs(`agent-${round}`);
    const operation = await testbed.api.instantiateNs(id, named);
    const began = performance.now();
    const ready = testbed.agent.process.start();
    tookMs.push((await testbed.operations.completed(operation)) - began);
    await ready;
  }
  return measured({
    what: 'agent killed and started to caught up',
    samples: tookMs,
    bare,
    goals: [{ of: 'median', atMost: 1000 }],
    note: 'from the start of its process',
  });
}

/** The request is answered, then the controller dies at once: what it has promised is done when it is back. */
async function controllerBack(testbed: Testbed, context: BenchContext): Promise<Measurement> {
  const tookMs: number[] = [];
  const bare = { what: 'an empty Node', samples: await bareStartMs(5) };
  for (let round = 0; round < context.count(10, 2); round++) {
    const id = await testbed.createNs(`controller-${round}`);
    testbed.agent.cut();
    const operation = await testbed.api.instantiateNs(id, named);
    await testbed.controller.kill();
    testbed.agent.restore();
    const began = performance.now();
    const ready = testbed.controller.start();
    tookMs.push((await testbed.operations.completed(operation)) - began);
    await ready;
  }
  return measured({
    what: 'controller killed and started to caught up',
    samples: tookMs,
    bare,
    goals: [{ of: 'worst', atMost: 3000 }],
    note: 'from the start of its process; the agent finds it by itself',
  });
}
