import { setTimeout as wait } from 'node:timers/promises';
import type { ManagedChild } from '#controller/cli/demo/managed-child.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { bareNodeMib, residentMib } from '../resident-memory.ts';
import { Testbed } from '../testbed.ts';

const bareWhat = 'node with nothing';

export const memory: Bench = {
  name: 'memory',
  title: 'Resident memory, idle: a controller with 300 instantiated NS, an agent with one infra',
  run: (context) =>
    Testbed.with({ agentCount: 4 }, async (testbed) => {
      const bare = await bareNodeMib();
      // Three sites carry the services; the fourth agent only waits.
      const idle = testbed.agents[3];
      if (idle === undefined) throw new Error('there is no fourth agent');
      await wait(context.count(45_000, 10_000));
      const idleMib = await childMib(idle.process);
      context.say('instantiating 300 NS');
      for (let n = 0; n < 300; n += 10) {
        const site = { '*': { site: `site-${(n / 10) % 3}` } };
        await Promise.all(
          Array.from({ length: 10 }, async (_, index) => {
            const id = await testbed.createNs(`ns-${n + index}`);
            await testbed.operations.completed(await testbed.api.instantiateNs(id, { placement: site }));
          }),
        );
      }
      await wait(context.count(60_000, 10_000));
      const what = bareWhat;
      return [
        measured({
          what: 'controller with 300 NS',
          unit: 'MiB',
          samples: [await childMib(testbed.controller)],
          bare: { what, samples: [bare] },
          goals: [{ of: 'median', atMost: 143 }],
          note: '143 MiB are 150 MB; VmRSS a minute after the last request',
        }),
        measured({
          what: 'agent, idle',
          unit: 'MiB',
          samples: [idleMib],
          bare: { what, samples: [bare] },
          goals: [{ of: 'median', atMost: 70 }],
        }),
        measured({
          what: 'agent with 100 NS',
          unit: 'MiB',
          samples: await Promise.all(testbed.agents.slice(0, 3).map((agent) => childMib(agent.process))),
          bare: { what, samples: [bare] },
        }),
        await agentFromSource(context, bare),
      ];
    }),
};

/** What the demo runs: the type stripper and a file for each module are in it. */
function agentFromSource(context: BenchContext, bare: number): Promise<Measurement> {
  return Testbed.with({ build: 'source' }, async ({ agent }) => {
    await wait(context.count(45_000, 10_000));
    return measured({
      what: 'agent from source, idle',
      unit: 'MiB',
      samples: [await childMib(agent.process)],
      bare: { what: bareWhat, samples: [bare] },
    });
  });
}

function childMib(child: ManagedChild): Promise<number> {
  if (child.identity === undefined) throw new Error(`${child.name} does not run`);
  return residentMib(child.identity.pid);
}
