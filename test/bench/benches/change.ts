import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAgentLink, createEnrollListener, createSyncListener } from '#controller/agentlink/index.ts';
import { createEnrolment, openCertificateAuthority } from '#controller/identity/index.ts';
import { createIntentBook } from '#controller/intent-book/index.ts';
import type { ReportSink } from '#controller/inventory/report-sink.ts';
import { type AgentId, type InfraId, id, type ObjectKey, type SiteId } from '#shared/model/ids.ts';
import { systemClock as clock, silentLogger as log, systemRandom as random } from '#shared/runtime/index.ts';
import { openLevelStore } from '#shared/store/index.ts';
import { bareCommitMs, bareFrameMs } from '../bare-limits.ts';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { startBareAgent } from '../testbed.ts';

const host = '127.0.0.1';

/**
 * The controller's book, link and store run in this process, so that the moment of the commit is known exactly; the agent is a
 * process. What is timed ends when the agent's acknowledgement is here, which it sends after its own fsync: the way back counts.
 */
export const change: Bench = {
  name: 'change',
  title: 'A change of intent: from its commit at the controller to durable at a connected agent and acknowledged',
  run: async (context) => {
    const home = await mkdtemp(path.join(tmpdir(), 'skerry-bench-'));
    const controller = await openController(home);
    const agent = await startBareAgent(home, controller.token);
    try {
      const agentId = id<AgentId>(agent.id);
      await controller.acknowledged(agentId, 0);
      const own: number[] = [];
      const committing: number[] = [];
      for (let n = 0; n < context.count(500, 100) + 20; n++) {
        const began = performance.now();
        const generations = await controller.book.commit({
          agents: [{ agentId, upserts: [objectNo(n)], tombstones: [] }],
          changes: () => [],
        });
        const committed = performance.now();
        await controller.acknowledged(agentId, generations.get(agentId) ?? 0);
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

async function openController(home: string) {
  const store = await openLevelStore(path.join(home, 'store'));
  const ca = await openCertificateAuthority(path.join(home, 'ca'), { clock, random });
  const tls = { ...(await ca.issueServer({ dns: ['localhost'], ip: [host] })), caPem: ca.caPem };
  const addresses = () => ({
    enroll: [`${host}:${enroll.port()}`],
    sync: `${host}:${sync.port()}`,
    mqtt: `${host}:1`,
  });
  const enrolment = createEnrolment({ store, ca, clock, random, addresses });
  const sync = createSyncListener({ host, port: 0, tls, enrolment, log });
  const enroll = createEnrollListener({ host, port: 0, tls, enrolment, clock, log });
  const book = await createIntentBook({ store, random, clock, log });
  const acks = new AckWatch();
  const sink: ReportSink = {
    apply: async () => [],
    committed: () => {},
    connection: async (agentId, isConnected) => {
      if (isConnected) acks.take(agentId, 0);
    },
    acked: (agentId, generation) => acks.take(agentId, generation),
  };
  const link = createAgentLink({ store, book, sink, clock, random, log, listeners: [sync, enroll] });
  await link.start();
  const siteId = id<SiteId>('bench-site');
  await store.commit([{ key: `site/${siteId}`, value: { id: siteId, name: 'bench' } }]);
  const issuer = { principal: { userId: 'bench', username: 'bench' }, requestId: 'bench' } as never;
  const { token } = await enrolment.createToken(issuer, { siteId });
  const close = async () => {
    await link.stop();
    await store.close();
  };
  return { book, token, acknowledged: acks.reached.bind(acks), close };
}

/** Which generation an agent has acknowledged. */
class AckWatch {
  readonly #acked = new Map<AgentId, number>();
  #wake = () => {};

  take(agentId: AgentId, generation: number): void {
    this.#acked.set(agentId, Math.max(generation, this.#acked.get(agentId) ?? 0));
    this.#wake();
  }

  async reached(agentId: AgentId, generation: number): Promise<void> {
    while ((this.#acked.get(agentId) ?? -1) < generation) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
