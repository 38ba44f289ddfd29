import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { composeAgent } from '#agent/compose.ts';
import { createConnectorRegistry, type SimulatedControl } from '#agent/connectors/index.ts';
import { createMemoryWorldFile } from '#agent/connectors/simulated/index.ts';
import { memoryMedium, openAgentStoreOn } from '#agent/store/index.ts';
import { createArtefactStore, createCatalog, createChartStore } from '#controller/catalog/index.ts';
import { composeCore } from '#controller/compose.ts';
import type { RequestContext } from '#controller/context.ts';
import { createIdentity } from '#controller/identity/index.ts';
import { keys } from '#controller/keys.ts';
import { createNorthbound } from '#controller/northbound/index.ts';
import { nsdPlugin } from '#controller/northbound/nsd/index.ts';
import { skerryPlugin } from '#controller/northbound/skerry/index.ts';
import { defaultFetchPolicy, vnfPackagePlugin } from '#controller/northbound/vnfpkgm/index.ts';
import { createNotifier } from '#controller/notify/index.ts';
import { checkNsAgainstVnfs } from '#shared/descriptor/index.ts';
import { type AgentId, id } from '#shared/model/ids.ts';
import type { Agent, Infra } from '#shared/model/inventory.ts';
import { readPackage } from '#shared/package/index.ts';
import { Lifecycle, silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { createInProcessChannel } from '#shared/wire/in-process-channel.ts';

export type Orchestrator = Awaited<ReturnType<typeof startOrchestrator>>;

interface Options {
  collections?: { pageSize?: number; whenTooBig?: 'page' | 'refuse' };
  duplicates?: 'allow' | 'refuse';
  tokenTtlMs?: number;
}

const operator = {
  principal: { userId: 'u1', username: 'installer', projectId: 'p1', roles: [], permissions: new Set(['*']) },
  requestId: 'r1',
} as unknown as RequestContext;

export const password = 'conformance-password';

/** A whole controller behind real HTTP, with one site, one agent and one simulated infra, in this process. */
export async function startOrchestrator({ collections, duplicates, tokenTtlMs }: Options = {}) {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-sol005-'));
  const tools = { clock: systemClock, random: systemRandom, log: silentLogger };
  const store = createMemoryStore();
  const identity = createIdentity({ store, ...tools, tokenTtlMs });
  const notifier = createNotifier({ store, secretKey: randomBytes(32), duplicates, ...tools });
  const artefacts = createArtefactStore({ folder: path.join(home, 'artefacts'), ...tools });
  const charts = createChartStore({ folder: path.join(home, 'charts'), ...tools });
  const checkNs = checkNsAgainstVnfs;
  const catalog = createCatalog({ store, artefacts, charts, readPackage, checkNs, notifier, ...tools });
  const core = await composeCore({ store, models: catalog, notifier, ...tools, listeners: [] });
  const northbound = createNorthbound({
    lcm: core.lcm.commands,
    queries: core.lcm.queries,
    inventory: core.inventory,
    identity,
    catalog,
    subscriptions: notifier.subscriptions,
    plugins: [
      vnfPackagePlugin(defaultFetchPolicy),
      nsdPlugin(),
      skerryPlugin({ store, enrolment: {} as never, telemetry: { latest: async () => undefined } }),
    ],
    ...tools,
    host: '127.0.0.1',
    port: 0,
    collections,
  });
  const lifecycle = new Lifecycle([identity, notifier, catalog, ...core.components, northbound]);
  await identity.bootstrap(password);
  await lifecycle.start();

  const site = await core.inventory.createSite(operator, { name: 'site-a' });
  const agentId = id<AgentId>('agent-a');
  const agentStore = await openAgentStoreOn(memoryMedium(), tools);
  const connectors = createConnectorRegistry({ home, ...tools, worldFileOf: () => createMemoryWorldFile() });
  const agent = await composeAgent({
    ...{ store: agentStore, connectors, agentId, siteId: site.id, controller: 'this process' },
    ...tools,
    dial: async () => {
      const channel = createInProcessChannel({ clock: systemClock });
      void core.link.accept(channel.controller, { agentId, siteId: site.id });
      return channel.agent;
    },
  });
  const now = systemClock.now();
  const record: Agent = {
    ...{ id: agentId, siteId: site.id, name: 'a', keyFingerprint: '', certificate: { serial: '', notAfter: 0 } },
    ...{ revoked: false, enrolledAt: now, storeId: '', sessionEpoch: 0, versions: { agent: '', protocol: 1 } },
  };
  await store.commit([{ key: keys.agent(agentId), value: record }]);
  const infra: Infra = await core.inventory.createInfra(operator, {
    name: 'infra-a',
    agentId: agentId,
    kind: 'simulated',
    settings: { capacity: { vcpus: 64, memoryMib: 262_144, storageGib: 4_000 } },
  });
  for (const component of agent.components) await component.start();

  /** Resolves with the first value that is not undefined, looked for after every commit of the store. */
  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    const from = await store.revision();
    const found = await look();
    if (found !== undefined) return found;
    const over = new AbortController();
    for await (const _ of store.feed(from, over.signal)) {
      const later = await look();
      if (later !== undefined) {
        over.abort();
        return later;
      }
    }
    throw new Error('the store ended first');
  }
  await until(async () => ((await core.inventory.infra(infra.id)).status.facts === null ? undefined : true));

  return {
    ...{ store, infra, until, core },
    url: northbound.address().url,
    control(): SimulatedControl {
      const control = connectors.simulated(infra.id);
      if (control === undefined) throw new Error('the simulated infra is not open');
      return control;
    },
    async stop() {
      for (const component of [...agent.components].reverse()) await component.stop();
      await agentStore.close();
      await lifecycle.stop();
      await store.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
