import type { InfraCandidate, NetMaps } from '#controller/decide/index.ts';
import { noResources } from '#shared/connector/index.ts';
import type { AgentStatus, Infra, InfraStatus, Ledger, Site } from '#shared/model/inventory.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { Store } from '#shared/store/store.ts';

/** Every infra with its capacity, what is promised of it and whether its agent is there. */
export async function infraCandidates(store: Store): Promise<InfraCandidate[]> {
  const [sites, infras, infraStatuses, agentStatuses, ledgers] = await Promise.all([
    byId<Site>(store, 'site/', (site) => site.id),
    byId<Infra>(store, 'infra/', (infra) => infra.id),
    byId<InfraStatus>(store, 'infra-status/', (status) => status.id),
    byId<AgentStatus>(store, 'agent-status/', (status) => status.id),
    byId<Ledger>(store, 'ledger/', (ledger) => ledger.infraId),
  ]);
  return [...infras.values()].map((infra) => {
    const site = sites.get(infra.siteId);
    const agent = agentStatuses.get(infra.agentId);
    return {
      infraId: infra.id,
      infraName: infra.name,
      kind: infra.kind,
      schedulable: infra.schedulable,
      labels: { ...site?.labels, ...infra.labels },
      siteId: infra.siteId,
      siteName: site?.name ?? infra.siteId,
      agentId: infra.agentId,
      facts: infraStatuses.get(infra.id)?.facts ?? null,
      reserved: ledgers.get(infra.id)?.reserved ?? noResources,
      connected: agent?.connected ?? false,
      since: agent?.since ?? infra.createdAt,
      nets: netsOf(infra.settings['nets']),
    };
  });
}

/** OSM's `nets` of a cluster: name of a net in VNFDs → network there, or null for the cluster's own. */
function netsOf(input: JsonValue | undefined): Record<string, string | null> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return {};
  return Object.fromEntries(
    Object.entries(input).flatMap(([net, name]) =>
      name === null || (typeof name === 'string' && name !== '') ? [[net, name]] : [],
    ),
  );
}

/** The same by infra. */
export function netMapsOf(candidates: readonly InfraCandidate[]): NetMaps {
  return new Map(candidates.map((candidate) => [candidate.infraId, candidate.nets ?? {}]));
}

async function byId<T>(store: Store, prefix: string, idOf: (value: T) => string): Promise<Map<string, T>> {
  const entries = await store.range<T>({ prefix });
  return new Map(entries.map((entry) => [idOf(entry.value), entry.value]));
}
