import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AgentId, type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import { bareCommitMs, bareFrameMs } from '../bare-limits.ts';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { openOwnController } from '../own-controller.ts';
import { startBareAgent } from '../testbed.ts';

/**
 * The controller's book, link and store run in this process, so that the moment of the commit is known exactly; the agent is a
 * process. What is timed ends when the agent's acknowledgement is here, which it sends after its own fsync: the way back counts.
 */
export const change: Bench = {
  name: 'change',
  title: 'A change of intent: from its commit at the controller to durable at a connected agent and acknowledged',
  run: async (context) => {
    const home = await mkdtemp(path.join(tmpdir(), 'skerry-bench-'));
    const controller = await openOwnController(home);
    const agent = await startBareAgent(home, controller.token);
    try {
      const agentId = id<AgentId>(agent.id);
      await controller.agents.acknowledged(agentId, 0);
      const own: number[] = [];
      const committing: number[] = [];
      for (let n = 0; n < context.count(500, 100) + 20; n++) {
        const began = performance.now();
        const generations = await controller.book.commit({
          agents: [{ agentId, upserts: [objectNo(n)], tombstones: [] }],
          changes: () => [],
        });
        const committed = performance.now();
        await controller.agents.acknowledged(agentId, generations.get(agentId) ?? 0);
        if (n < 20) continue;
        committing.push(committed - began);
        own.push(performance.now() - committed);
      }
      const commits = await bareCommitMs(context.count(200, 50));
      const frames = await bareFrameMs(context.count(200, 50));
      const bare = commits.map((commit, index) => commit + 2 * (frames[index] ?? 0));
      return [
        measured({
          what: 'commit to acknowledged as durable',
          samples: own,
          bare: { what: 'one commit, two frames', samples: bare },
          goals: [
            { of: 'median', atMost: 5 },
            { of: 'p99', atMost: 20 },
          ],
        }),
        measured({ what: 'the commit itself', samples: committing, bare: { what: 'one commit', samples: commits } }),
      ];
    } finally {
      await agent.close();
      await controller.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};

/** One object in turn of fifty: the document stays of one size. */
function objectNo(n: number) {
  const infraId = id<InfraId>(`bench-${n % 50}`);
  const body = { type: 'infra' as const, infraId, name: `revision ${n}`, kind: 'simulated', settings: {} };
  return { key: id<ObjectKey>(`infra/${infraId}`), scope: '', dependsOn: [], body };
}
