import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Change, FeedBatch, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { createCallbackClient, type Fetch } from './callback-client.ts';
import { CapacityWatch, infraOfKey } from './capacity-watch.ts';
import { createSubscriptionRegistry } from './create-subscription-registry.ts';
import { type DeliveryDependencies, type DeliveryLimits, DeliveryQueue } from './delivery-queue.ts';
import { renderNotification } from './notification-bodies.ts';
import type { NotificationEvent, Notifier } from './notifier.ts';
import { createSecretBox } from './secret-box.ts';
import {
  notificationPrefix,
  publicSubscription,
  type StoredNotification,
  type StoredSubscription,
  subscriptionPrefix,
} from './stored-subscription.ts';
import { passesFilter } from './subscription-filter.ts';
import type { SubscriptionRegistry } from './subscription-registry.ts';
import { withVnfIdentities } from './vnf-identities.ts';

export interface NotifierOptions {
  store: Store;
  clock: Clock;
  random: Random;
  log: Logger;
  /** 32 bytes: seals subscribers' credentials at rest. */
  secretKey: Uint8Array;
  fetch?: Fetch;
  /** `refuse`: an equal subscription answers 303 to the first. */
  duplicates?: 'allow' | 'refuse';
  limits?: Partial<DeliveryLimits> & { subscriptionsPerProject?: number };
}

const defaultLimits: DeliveryLimits = {
  queueLength: 1000,
  ageMs: 24 * 3600_000,
  backoffMs: { first: 1000, longest: 5 * 60_000 },
};

export type NotifierComponent = Notifier & Component & { readonly subscriptions: SubscriptionRegistry };

/**
 * The outbox of callbacks. `stage` works before `start`; delivery begins with `start` and takes up what an earlier process left.
 * A staged notification is delivered once the store's feed shows that its commit happened.
 */
export function createNotifier(options: NotifierOptions): NotifierComponent {
  return new StoreNotifier(options);
}

class StoreNotifier implements Notifier, Component {
  readonly subscriptions: SubscriptionRegistry;
  readonly #options: NotifierOptions;
  readonly #delivery: DeliveryDependencies;
  readonly #capacity: CapacityWatch;
  readonly #stopping = new AbortController();
  readonly #queues = new Map<string, DeliveryQueue>();
  #known: Promise<Map<string, StoredSubscription>> | undefined;
  #lastSequence = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(options: NotifierOptions) {
    const { store, clock, random, log, secretKey, limits = {}, duplicates = 'allow' } = options;
    const box = createSecretBox(secretKey, random);
    const client = createCallbackClient({ clock, fetch: options.fetch ?? ((url, init) => fetch(url, init)) });
    this.#options = options;
    this.#capacity = new CapacityWatch({ store, clock, log, stage: (events) => this.stage(events) });
    this.#delivery = { store, clock, random, log, client, box, limits: { ...defaultLimits, ...limits } };
    this.subscriptions = createSubscriptionRegistry({
      store,
      clock,
      random,
      box,
      client,
      duplicates,
      maximumPerProject: limits.subscriptionsPerProject ?? 500,
      besides: async (stored) => (isThreshold(stored) ? await this.#capacity.begin(stored) : []),
      onChange: (id, stored) => void this.#changed(id, stored),
    });
  }

  async stage(events: NotificationEvent[]): Promise<Change[]> {
    const known = await this.#subscriptions();
    if (known.size === 0) return [];
    const { random, clock } = this.#options;
    const changes: Change[] = [];
    for (const staged of events) {
      const event = await withVnfIdentities(this.#options.store, staged);
      const notificationId = random.uuid();
      for (const stored of known.values()) {
        if (!concerns(event, stored)) continue;
        const body = renderNotification(event, publicSubscription(stored), notificationId);
        const value: StoredNotification = { subscriptionId: stored.id, type: event.type, body, stagedAt: clock.now() };
        changes.push({ key: keys.notification(stored.id, this.#nextSequence()), value });
      }
    }
    return changes;
  }

  async start(): Promise<void> {
    const from = await this.#options.store.revision();
    await this.#load();
    this.#following = this.#follow(from);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  }

  /** Grows with every notification, also over restarts and clock jumps: microseconds of the wall clock, or one more than the last. */
  #nextSequence(): string {
    this.#lastSequence = Math.max(this.#lastSequence + 1, this.#options.clock.now() * 1000);
    return String(this.#lastSequence).padStart(16, '0');
  }

  #subscriptions(): Promise<Map<string, StoredSubscription>> {
    this.#known ??= this.#read().catch((error) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  async #read(): Promise<Map<string, StoredSubscription>> {
    const { store } = this.#options;
    const waiting = await store.range({ prefix: notificationPrefix });
    for (const { key } of waiting) {
      this.#lastSequence = Math.max(this.#lastSequence, Number(key.slice(key.lastIndexOf('/') + 1)));
    }
    const entries = await store.range<StoredSubscription>({ prefix: subscriptionPrefix });
    return new Map(entries.map(({ value }) => [value.id, value]));
  }

  /** Queues for every subscription, with what waits in the store; records of subscriptions that are gone are removed. */
  async #load(): Promise<void> {
    const { store } = this.#options;
    this.#known = undefined;
    const known = await this.#subscriptions();
    const waiting = await store.range({ prefix: notificationPrefix });
    const orphans = waiting.filter(({ key }) => !known.has(subscriptionIdOf(key)));
    if (orphans.length > 0) await store.commit(orphans.map(({ key }) => ({ key, value: undefined })));
    for (const stored of known.values()) this.#queueOf(stored);
    for (const { key } of waiting) this.#queues.get(subscriptionIdOf(key))?.add(key);
    await this.#capacity.look([...known.values()].filter(isThreshold));
  }

  #queueOf(stored: StoredSubscription): DeliveryQueue {
    const existing = this.#queues.get(stored.id);
    if (existing) return existing;
    const queue = new DeliveryQueue(this.#delivery, stored);
    this.#queues.set(stored.id, queue);
    return queue;
  }

  async #follow(from: number): Promise<void> {
    const { store, log } = this.#options;
    let position = from;
    while (!this.#stopping.signal.aborted) {
      try {
        for await (const batch of store.feed(position, this.#stopping.signal)) {
          await this.#accept(batch);
          position = batch.revision;
        }
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted || (isSkerryError(error) && error.code === 'StoreClosed')) return;
        if (!(isSkerryError(error) && error.code === 'Conflict')) throw error;
        log.warn({ position }, 'The change feed has gone on; reading the outbox again');
        position = await store.revision();
        await this.#load();
      }
    }
  }

  async #accept(batch: FeedBatch): Promise<void> {
    for (const { key, value } of batch.changes) {
      if (key.startsWith(notificationPrefix) && value !== undefined) {
        this.#queues.get(subscriptionIdOf(key))?.add(key);
      } else if (key.startsWith(subscriptionPrefix)) {
        await this.#changed(key.slice(subscriptionPrefix.length), value as StoredSubscription | undefined);
      }
    }
    await this.#watchCapacity(batch);
  }

  /** New thresholds, and those whose infra reports or promises something new. */
  async #watchCapacity({ changes }: FeedBatch): Promise<void> {
    const touched = new Set(changes.map(({ key }) => infraOfKey(key)));
    const changed = new Set(changes.map(({ key }) => key));
    const thresholds = [...(await this.#subscriptions()).values()].filter(isThreshold);
    const concerned = thresholds.filter(
      ({ id, filter }) => changed.has(keys.subscription(id)) || touched.has(filter?.['objectInstanceId'] as string),
    );
    await this.#capacity.look(concerned);
  }

  async #changed(id: string, stored: StoredSubscription | undefined): Promise<void> {
    const known = await this.#subscriptions();
    if (JSON.stringify(known.get(id)) === JSON.stringify(stored) && (stored === undefined || this.#queues.has(id)))
      return;
    const previous = this.#queues.get(id);
    this.#queues.delete(id);
    if (stored === undefined) known.delete(id);
    else {
      known.set(id, stored);
      this.#queues.set(id, new DeliveryQueue(this.#delivery, stored, [...(previous?.waiting ?? [])]));
    }
    await previous?.stop();
    this.#queues.get(id)?.wake();
  }
}

function concerns(event: NotificationEvent, subscription: StoredSubscription): boolean {
  if (event.api !== subscription.api) return false;
  const { projectId, thresholdId } = event.facts;
  if (projectId !== undefined && projectId !== subscription.projectId) return false;
  // A capacity threshold is its own subscription; its filter holds the criteria.
  if (event.api === 'nfvici') return thresholdId === subscription.id;
  return passesFilter(event, subscription.filter);
}

function isThreshold(subscription: StoredSubscription): boolean {
  return subscription.api === 'nfvici';
}

function subscriptionIdOf(notificationKey: string): string {
  const [, id] = notificationKey.split('/');
  if (id === undefined)
    throw new SkerryError('StoreDamaged', `The key ${notificationKey} is not one of a notification.`);
  return id;
}
