import type { ChartSource } from '#shared/model/charts.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { IntentBook } from '../intent-book/intent-book.ts';

export interface ClustersDependencies {
  store: Store;
  book: IntentBook;
  /** Where charts of repositories come from; without it agents look for them. */
  charts?: ChartSource | undefined;
  /** Takes the infra and its object away. @throws Conflict while something stands on it */
  removeInfra: (infraId: InfraId) => Promise<void>;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface ClustersContext extends ClustersDependencies {
  /** Wakes what brings a profile, an attachment or a cluster on its way to an end; see `wakeKeys`. */
  wake: (key: string) => void;
}

/** Keys of the room's reconciler. Attachments are woken by their scope. */
export const wakeKeys = {
  profile: (profileId: string) => `change:${profileId}`,
  cluster: (infraId: string) => `leave:${infraId}`,
} as const;
