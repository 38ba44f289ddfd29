import type { Clock, Component, Logger } from '#shared/runtime/index.ts';
import type { AgentStore } from '../store/index.ts';
import type { HostFacts } from './host-facts.ts';
import type { Outbox } from './outbox.ts';

const sampleEveryMs = 60_000;

export interface HostReporterDependencies {
  store: AgentStore;
  outbox: Outbox;
  facts: () => Promise<HostFacts>;
  /** Newest generation whose objects were all seen to be ready. */
  appliedGeneration: () => number;
  deletionsHeld: () => number;
  clock: Clock;
  log: Logger;
}

export interface HostReporter extends Component {
  /** Looks now: something that the state tells of has changed. */
  wake(): void;
}

/** Fills the state slot `agent`. What is worth sending is the outbox's to decide. */
export function createHostReporter(given: HostReporterDependencies): HostReporter {
  const { store, outbox, clock, log } = given;
  let cancel: () => void = () => undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  let isWoken = false;

  async function sample(): Promise<void> {
    do {
      isWoken = false;
      const host = await given.facts();
      const outboxRecords = outbox.summary().reduce((sum, { pending }) => sum + pending, 0);
      const appliedGeneration = given.appliedGeneration();
      const deletionsHeld = given.deletionsHeld();
      await store.transact((tx) =>
        outbox.state(tx, 'agent', { type: 'agent', appliedGeneration, host, deletionsHeld, outboxRecords }),
      );
    } while (isWoken && !isStopped);
  }

  function wake(): void {
    if (isStopped) return;
    isWoken = true;
    if (running !== undefined) return;
    cancel();
    running = sample()
      .catch((error: unknown) => log.warn({ error }, 'the facts of this host could not be reported'))
      .finally(() => {
        running = undefined;
        if (!isStopped) cancel = clock.timer(sampleEveryMs, wake);
      });
  }

  return {
    wake,
    start: async () => wake(),
    stop: async () => {
      isStopped = true;
      cancel();
      await running;
    },
  };
}
