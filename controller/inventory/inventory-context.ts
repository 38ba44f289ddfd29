import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { IntentBook } from '../intent-book/intent-book.ts';

export interface InventoryDependencies {
  store: Store;
  book: IntentBook;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Something was reported of this scope (NS instance id). */
  wake: (nsInstanceId: string) => void;
  /** An agent came or went: whoever waits for it looks again. */
  wakeOpen: () => void;
}

export interface InventoryContext extends InventoryDependencies {
  /** Newest generation that each agent acknowledged in this process's time; written with the next change of its status. */
  acked: Map<string, number>;
}
