import { bareCommitMs, bareFrameMs } from '../bare-limits.ts';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { Testbed } from '../testbed.ts';

export const instantiate: Bench = {
  name: 'instantiate',
  title: 'Instantiate an NS of one machine on an infra that answers at once: request to COMPLETED on the event stream',
  run: (context) =>
    Testbed.with({}, async (testbed) => {
      await testbed.instantiateMany(context.count(20, 5), 'warm', 1);
      const oneMs: number[] = [];
      for (let n = 0; n < context.count(60, 10); n++) oneMs.push(await instantiateOnce(testbed, `one-${n}`));
      const twentyMs: number[] = [];
      for (let n = 0; n < context.count(5, 1); n++)
        twentyMs.push(await instantiateTogether(testbed, `together-${n}`, 20));
      const commitMs = await bareCommitMs(context.count(100, 20));
      const frameMs = await bareFrameMs(context.count(200, 50));
      const bareMs = commitMs.map((commit, index) => 2 * commit + 2 * (frameMs[index % frameMs.length] ?? 0));
      const what = 'two commits, two frames';
      return [
        measured({
          what: 'one NS',
          samples: oneMs,
          bare: { what, samples: bareMs },
          goals: [
            { of: 'median', atMost: 100 },
            { of: 'ratio', atMost: 10 },
          ],
        }),
        measured({ what: '20 NS at once, the last', samples: twentyMs, goals: [{ of: 'worst', atMost: 1000 }] }),
      ];
    }),
};

async function instantiateOnce(testbed: Testbed, name: string): Promise<number> {
  const id = await testbed.createNs(name);
  const began = performance.now();
  return (await testbed.operations.completed(await testbed.api.instantiateNs(id, {}))) - began;
}

async function instantiateTogether(testbed: Testbed, name: string, count: number): Promise<number> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await testbed.createNs(`${name}-${n}`));
  const began = performance.now();
  const ends = await Promise.all(
    ids.map(async (id) => testbed.operations.completed(await testbed.api.instantiateNs(id, {}))),
  );
  return Math.max(...ends) - began;
}
