import type { OperationLimits } from '#controller/decide/index.ts';
import type { ChartSource } from '#shared/model/charts.ts';
import type { AgentId } from '#shared/model/ids.ts';
import type { NsLcmOperationType } from '#shared/model/ns-lcm.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { CatalogModels } from '../catalog/catalog.ts';
import type { IntentBook } from '../intent-book/intent-book.ts';
import type { Notifier } from '../notify/notifier.ts';

export interface LcmDependencies {
  store: Store;
  book: IntentBook;
  catalog: CatalogModels;
  notifier: Notifier;
  /** Where charts that no package contains come from; without it agents look for them. */
  charts?: ChartSource;
  clock: Clock;
  random: Random;
  log: Logger;
  policy?: Partial<LcmPolicy>;
  /** Milliseconds since an agent was heard in its live session; undefined without one. */
  silentMs?: (agentId: AgentId) => number | undefined;
}

export interface LcmPolicy extends OperationLimits {
  /** Milliseconds from begin to deadline per kind of operation; 0: none. */
  deadlinesMs: Record<NsLcmOperationType, number>;
  /** Longest silence of an agent in a live session with which its units' status is shown as fresh. */
  freshMs: number;
}

/** Deadlines as OSM's (`lcm_config.py`): two hours for a first deployment, half an hour for the rest. */
export const defaultLcmPolicy: LcmPolicy = {
  deadlinesMs: {
    INSTANTIATE: 7_200_000,
    SCALE: 1_800_000,
    UPDATE: 1_800_000,
    HEAL: 1_800_000,
    TERMINATE: 1_800_000,
  },
  reconnectGraceMs: 300_000,
  cancelGraceMs: 10_000,
  freshMs: 600_000,
};

/** What every operation of this room works with. */
export interface LcmContext extends Omit<LcmDependencies, 'policy'> {
  policy: LcmPolicy;
  /** Wakes the NS's reconciler. */
  wake: (nsInstanceId: string) => void;
  /** Decisions about capacity run one after the other in this process: fewer conflicts, same result. */
  exclusive: <T>(decide: () => Promise<T>) => Promise<T>;
}

/** Runs one after the other, in the order of the calls. */
export function createExclusive(): <T>(decide: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (decide) => {
    const run = last.then(decide, decide);
    last = run.catch(() => undefined);
    return run;
  };
}
