import { StatusSchema } from '#shared/api/skerry-status.ts';
import type { Store } from '#shared/store/store.ts';
import { version } from '#shared/version.ts';
import { isVisible, visibleProject } from '../../context.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';

const openStates = new Set(['PROCESSING', 'ROLLING_BACK', 'FAILED_TEMP']);

/** `GET /skerry/v1/status`: what runs here, and how much of it there is. */
export function registerStatus(app: NorthboundApp, dependencies: NorthboundDependencies, store: Store): void {
  const { inventory, catalog, queries, clock } = dependencies;
  const startedAt = clock.now();
  const startedMono = clock.mono();
  app.get(
    '/skerry/v1/status',
    { config: { permission: 'authenticated' }, schema: { tags: ['status'], response: { 200: StatusSchema } } },
    async (request) => {
      const projectId = visibleProject(request.principal);
      const [sites, agents, infras, vnfPackages, nsds, services, operations, storeRevision] = await Promise.all([
        inventory.sites(),
        inventory.agents(),
        inventory.infras(),
        catalog.vnfPackages(),
        catalog.nsds(),
        queries.listNs(projectId),
        queries.listOperations(projectId),
        store.revision(),
      ]);
      return {
        version,
        startedAt,
        uptimeMs: Math.round(clock.mono() - startedMono),
        storeRevision,
        counts: {
          sites: sites.length,
          agents: agents.length,
          agentsConnected: agents.filter((agent) => agent.status.connected).length,
          infras: infras.length,
          vnfPackages: vnfPackages.filter((record) => isVisible(request.principal, record)).length,
          nsds: nsds.filter((record) => isVisible(request.principal, record)).length,
          nsInstances: services.length,
          openOperations: operations.filter(({ operation }) => openStates.has(operation.state)).length,
        },
      };
    },
  );
}
