import type { NorthboundPlugin } from '../plugin.ts';
import { apiVersion } from '../sol013/api-version.ts';
import { VnfIdentityDirectory } from './affected-vnfs.ts';
import { registerLccnSubscriptions } from './lccn-subscription-routes.ts';
import { registerNsInstances } from './ns-instance-routes.ts';
import { registerNsLcmOpOccs } from './ns-lcm-op-occ-routes.ts';
import { VnfFactsDirectory } from './vnf-facts.ts';

/** NS lifecycle management (ETSI GS NFV-SOL 005 clause 6): v2 of V3.7.1, and v1 for clients of V2.6.1. */
export const nslcmPlugin: NorthboundPlugin = (app, dependencies) => {
  const directory = new VnfFactsDirectory(dependencies.catalog);
  const identities = new VnfIdentityDirectory(dependencies.queries);
  for (const api of [apiVersion('nslcm', '2.3.0'), apiVersion('nslcm', '1.2.0')]) {
    registerNsInstances(app, dependencies, { api, directory });
    registerNsLcmOpOccs(app, dependencies, { api, identities });
    registerLccnSubscriptions(app, dependencies, api);
  }
};
