import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { CallbackClient } from './callback-client.ts';
import type { SecretBox } from './secret-box.ts';
import { type StoredNotification, type StoredSubscription, targetOf } from './stored-subscription.ts';

export interface DeliveryDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  log: Logger;
  client: CallbackClient;
  box: SecretBox;
  limits: DeliveryLimits;
}

export interface DeliveryLimits {
  /** Notifications waiting for one subscriber; the oldest go first. */
  queueLength: number;
  /** A notification older than this is dropped. */
  ageMs: number;
  backoffMs: { first: number; longest: number };
}

/**
 * Delivers what waits for one subscription: in order, one at a time, at least once. A record is deleted only after the
 * subscriber has answered 2xx; failures back off exponentially with jitter and never let a later one pass.
 */
export class DeliveryQueue {
  readonly #dependencies: DeliveryDependencies;
  readonly #subscription: StoredSubscription;
  readonly #stop = new AbortController();
  #waiting: string[];
  #attempts = 0;
  #dropped = 0;
  #cancelTimer: () => void = () => {};
  #run: Promise<void> | undefined;

  /** @param waiting keys of stored notifications, oldest first */
  constructor(dependencies: DeliveryDependencies, subscription: StoredSubscription, waiting: string[] = []) {
    this.#dependencies = dependencies;
    this.#subscription = subscription;
    this.#waiting = waiting;
  }

  /** A notification was committed. */
  add(key: string): void {
    if (this.#waiting.includes(key)) return;
    this.#waiting.push(key);
    // Staged in one order, committed in another: the sequence decides, so that a restart finds the same order.
    if (this.#waiting.length > 1 && this.#waiting.at(-2)! > key) this.#waiting.sort();
    this.wake();
  }

  get waiting(): readonly string[] {
    return this.#waiting;
  }

  wake(): void {
    if (this.#run || this.#stop.signal.aborted || this.#waiting.length === 0) return;
    this.#cancelTimer();
    this.#run = this.#deliverAll().finally(() => {
      this.#run = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer();
    await this.#run;
  }

  async #deliverAll(): Promise<void> {
    const { log } = this.#dependencies;
    try {
      while (this.#waiting.length > 0 && !this.#stop.signal.aborted) {
        await this.#dropExcess();
        if (!(await this.#deliverFirst())) return this.#retryLater();
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      log.warn({ subscription: this.#subscription.id, error: (error as Error).message }, 'Delivery failed; will retry');
      this.#retryLater();
    }
  }

  /** False: the subscriber did not take it. */
  async #deliverFirst(): Promise<boolean> {
    const { store, clock, client, box, limits } = this.#dependencies;
    const key = this.#waiting[0]!;
    const entry = await store.get<StoredNotification>(key);
    if (entry && clock.now() - entry.value.stagedAt > limits.ageMs) {
      await this.#drop([key], 'too old');
      return true;
    }
    if (entry) {
      const status = await client.post(targetOf(this.#subscription, box), entry.value.body, this.#stop.signal);
      if (status < 200 || status > 299) {
        this.#dependencies.log.debug({ subscription: this.#subscription.id, status }, 'The subscriber refused');
        return false;
      }
      await store.commit([{ key, value: undefined }]);
    }
    this.#waiting = this.#waiting.filter((other) => other !== key);
    this.#attempts = 0;
    return true;
  }

  async #dropExcess(): Promise<void> {
    const excess = this.#waiting.length - this.#dependencies.limits.queueLength;
    if (excess > 0) await this.#drop(this.#waiting.slice(0, excess), 'too many waiting');
  }

  async #drop(keys: string[], reason: string): Promise<void> {
    const { store, log } = this.#dependencies;
    await store.commit(keys.map((key) => ({ key, value: undefined })));
    const gone = new Set(keys);
    this.#waiting = this.#waiting.filter((key) => !gone.has(key));
    this.#dropped += keys.length;
    const fields = { subscription: this.#subscription.id, reason, dropped: keys.length, droppedInAll: this.#dropped };
    log.warn(fields, 'Dropped notifications that could not be delivered');
  }

  #retryLater(): void {
    const { clock, random, limits } = this.#dependencies;
    const ceiling = Math.min(limits.backoffMs.longest, limits.backoffMs.first * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    this.#cancelTimer();
    this.#cancelTimer = clock.timer(ceiling / 2 + (random.next() * ceiling) / 2, () => this.wake());
  }
}
