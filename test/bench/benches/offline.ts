import { rm } from 'node:fs/promises';
import type { Bench, BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { type BenchAgent, Testbed } from '../testbed.ts';
import { waitUntil } from '../wait-until.ts';
import { worldFiles, worldHistory } from '../world-history.ts';

export const offline: Bench = {
  name: 'offline',
  title: 'With the link down: a dead unit to its repair, and a cold start of 100 units on an empty infra',
  run: async (context) => [
    ...(await Testbed.with({}, async (testbed) => {
      await testbed.instantiateMany(context.count(40, 8), 'unit');
      testbed.agent.cut();
      return repair(testbed.agent);
    })),
    await coldStarts(context),
  ],
};

/** The platform says that a machine died; the first effect on the platform afterwards is the start of the repair. */
async function repair(agent: BenchAgent): Promise<Measurement[]> {
  const toStepMs: number[] = [];
  const toReadyMs: number[] = [];
  const machines = (await agent.local.units()).filter(({ kind }) => kind === 'compute');
  for (const { key } of machines) {
    const before = (await worldHistory(agent)).length;
    await agent.local.simulated(agent.infraId, 'kill', { key });
    const repaired = await waitUntil(`the repair of ${key}`, async () => {
      const history = (await worldHistory(agent)).slice(before);
      const killed = history.find((entry) => entry.type === 'killed');
      const step = history.find(({ type }) => type === 'remove' || type === 'create' || type === 'act');
      const created = history.find(({ type }) => type === 'create');
      return killed && step && created ? { killed: killed.at, step: step.at, created: created.at } : undefined;
    });
    toStepMs.push(repaired.step - repaired.killed);
    toReadyMs.push(repaired.created - repaired.killed);
  }
  return [
    measured({
      what: 'dead unit to the first step of its repair',
      samples: toStepMs,
      goals: [
        { of: 'worst', atMost: 2000 },
        { of: 'median', atMost: 50 },
      ],
      note: 'wall clock of the simulated platform, whole milliseconds: the death to the first effect of the agent',
    }),
    measured({ what: 'dead unit to its replacement', samples: toReadyMs }),
  ];
}

/** Each round has machines that never died before: one that dies again soon would have to cool down first. */
async function coldStarts(context: BenchContext): Promise<Measurement> {
  const tookMs: number[] = [];
  let unitCount = 0;
  for (let round = 0; round < context.count(3, 1); round++) {
    await Testbed.with({}, async (testbed) => {
      await testbed.instantiateMany(50, 'unit');
      testbed.agent.cut();
      unitCount = (await testbed.agent.local.units()).length;
      tookMs.push(await coldStart(testbed.agent, unitCount));
    });
  }
  return measured({
    what: 'offline cold start to all units ready',
    samples: tookMs,
    goals: [{ of: 'worst', atMost: 10_000 }],
    note: `${unitCount} units, from the start of the process`,
  });
}

/** A power cut that took the infra with it: the agent starts without a controller and finds nothing. */
async function coldStart(agent: BenchAgent, unitCount: number): Promise<number> {
  await agent.process.kill();
  await Promise.all(worldFiles(agent).map((file) => rm(file)));
  const began = performance.now();
  await agent.process.start();
  await waitUntil('all units', async () => {
    const { units } = await agent.local.status();
    return units.ready >= unitCount && units.pending + units.failed === 0 ? true : undefined;
  });
  return performance.now() - began;
}
