import type { Store } from '#shared/store/store.ts';
import type { ChartRoom } from '../../charts/index.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import type { NorthboundPlugin } from '../plugin.ts';
import { type AgentDecisions, registerAgents, registerJoinTokens, type TelemetryQueries } from './agent-routes.ts';
import { registerApplications } from './application-routes.ts';
import { registerChartRepositories } from './chart-repository-routes.ts';
import { registerClusters } from './cluster-routes.ts';
import { registerEvents } from './event-routes.ts';
import { registerInfras } from './infra-routes.ts';
import { registerKdus } from './kdu-routes.ts';
import { registerPackages } from './package-routes.ts';
import { registerProfiles } from './profile-routes.ts';
import { registerSites } from './site-routes.ts';
import { registerStatus } from './status-routes.ts';

export interface SkerryPluginDependencies {
  store: Store;
  enrolment: Enrolment;
  telemetry: TelemetryQueries;
  decisions?: AgentDecisions;
  charts?: ChartRoom;
  clusters?: Clusters;
}

/** `/skerry/v1`: what ETSI has no resources for. */
export function skerryPlugin(given: SkerryPluginDependencies): NorthboundPlugin {
  const { store, enrolment, telemetry, decisions, charts, clusters } = given;
  return async (app, dependencies) => {
    registerSites(app, dependencies);
    registerAgents(app, dependencies, { enrolment, telemetry, decisions });
    registerJoinTokens(app, dependencies, { enrolment });
    registerInfras(app, dependencies);
    registerKdus(app, dependencies);
    if (charts !== undefined) registerChartRepositories(app, charts);
    if (clusters !== undefined) {
      registerClusters(app, dependencies, clusters);
      registerProfiles(app, clusters);
      registerApplications(app, dependencies, clusters);
    }
    registerStatus(app, dependencies, store);
    registerEvents(app, dependencies, store);
    await registerPackages(app, dependencies);
  };
}
