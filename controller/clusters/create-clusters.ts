import type { Deregistration, Profile } from '#shared/model/clusters.ts';
import { ReconcileRunner } from '#shared/reconcile/index.ts';
import type { Component } from '#shared/runtime/index.ts';
import { keys } from '../keys.ts';
import { cloneApplication, putApplication, removeApplication } from './applications.ts';
import { attach, detach } from './attachments.ts';
import { attachedProfiles, clusterStatus, profileStatus, toAttached } from './cluster-status.ts';
import type { Clusters } from './clusters.ts';
import type { ClustersContext, ClustersDependencies } from './clusters-context.ts';
import { deregister } from './deregister.ts';
import { moveApplication } from './move-application.ts';
import { createProfile, deleteProfile, updateProfile } from './profiles.ts';
import { pickApplication, readApplications, readProfile } from './read-records.ts';
import { reconcileClusters, wakeUnfinished } from './reconcile-clusters.ts';
import { retryApplication } from './retry-application.ts';

export interface ClustersRoom extends Component {
  clusters: Clusters;
  /** Something was reported of this scope; one of something else is passed over. */
  wake(scope: string): void;
  /** Resolves when no reconciler runs or is queued. */
  idle(): Promise<void>;
}

const concurrency = 8;
const runDeadlineMs = 60_000;

/** Clusters in OSM's sense, on the units of the agents. `start()` goes on with whatever is not at its end. */
export function createClusters(dependencies: ClustersDependencies): ClustersRoom {
  const { clock, random, log } = dependencies;
  const runner = new ReconcileRunner({
    name: 'clusters',
    reconcile: (key) => reconcileClusters(context, key),
    clock,
    random,
    log,
    concurrency,
    deadlineMs: runDeadlineMs,
    backoff: { minMs: 50, maxMs: 10_000 },
  });
  const context: ClustersContext = { ...dependencies, wake: (key) => runner.wake(key) };
  return {
    clusters: commandsOf(context),
    wake: (scope) => runner.wake(scope),
    idle: () => runner.idle(),
    async start() {
      await wakeUnfinished(context);
      await runner.start();
    },
    stop: () => runner.stop(),
  };
}

function commandsOf(context: ClustersContext): Clusters {
  const { store } = context;
  const profileOf = async (idOrName: string) => (await readProfile(store, idOrName)).value;
  return {
    profiles: async () => (await store.range<Profile>({ prefix: keys.profile('') })).map(({ value }) => value),
    profile: profileOf,
    createProfile: (input) => createProfile(context, input),
    updateProfile: (profile, patch) => updateProfile(context, profile, patch),
    deleteProfile: (profile) => deleteProfile(context, profile),

    applications: async (profile) => readApplications(store, (await profileOf(profile)).id),
    async application(idOrName, name) {
      const profile = await profileOf(idOrName);
      return pickApplication(await readApplications(store, profile.id), profile, name);
    },
    putApplication: (profile, name, request, options) =>
      putApplication(context, profile, { name, request, mustBeNew: options?.mustBeNew }),
    removeApplication: (profile, name) => removeApplication(context, profile, name),
    cloneApplication: (profile, name, to) => cloneApplication(context, { profile, name }, to),
    moveApplication: (profile, name, to) => moveApplication(context, { profile, name }, to),
    retryApplication: (profile, name, infraId) => retryApplication(context, { profile, name }, infraId),

    async attach(infraId, idOrName) {
      const attachment = await attach(context, infraId, idOrName);
      return toAttached(await profileOf(attachment.profileId), attachment);
    },
    detach: (infraId, profile, options) => detach(context, infraId, profile, options?.keep === true),
    deregister: (request, infraId, workloads) => deregister(context, request, infraId, workloads),

    attachedProfiles: (infraId) => attachedProfiles(context, infraId),
    deregistration: async (infraId) => (await store.get<Deregistration>(keys.deregistration(infraId)))?.value,
    clusterStatus: (infraId) => clusterStatus(context, infraId),
    profileStatus: (profile, page) => profileStatus(context, profile, page),
  };
}
