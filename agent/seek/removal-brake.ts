import type { ObjectKey } from '#shared/model/ids.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { Tombstone } from '#shared/wire/frames.ts';
import { type BrakeEntry, judgeBrake } from '../plan/index.ts';
import { type AgentStore, agentKeys } from '../store/agent-store.ts';
import type { IntentIndex } from './intent-index.ts';

const byHandKey = agentKeys.brake('by-hand');
const entryPrefix = agentKeys.brake('deletion/');

export interface RemovalBrakeOptions {
  store: AgentStore;
  clock: Clock;
  log: Logger;
  index: () => IntentIndex;
  /** Is there anything that this deletion would remove? */
  isThere: (key: ObjectKey) => boolean;
  wake: (key: ObjectKey) => void;
}

/** Holds deletions that no operation names when there are too many in a day, and all of them when the node's operator says so. */
export class RemovalBrake {
  readonly #options: RemovalBrakeOptions;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RemovalBrakeOptions) {
    this.#options = options;
  }

  /** A deletion passes only once its count is on disk. */
  isHeld(tombstone: Tombstone): boolean {
    if (this.#isHeldByHand()) return true;
    return tombstone.opId === undefined && this.#options.store.get(`${entryPrefix}${tombstone.key}`) === undefined;
  }

  held(): ObjectKey[] {
    return this.#pending()
      .filter((tombstone) => this.isHeld(tombstone))
      .map((tombstone) => tombstone.key);
  }

  /** Judges the deletions that are asked for now; those that pass are counted, then woken. */
  refresh(): Promise<void> {
    const isAnythingToJudge = this.#options.index().tombstones.size > 0;
    if (!isAnythingToJudge) return this.#turn;
    this.#turn = this.#turn.then(() => this.#refresh()).catch((error) => this.#failed(error));
    return this.#turn;
  }

  /** All removals wait until they are released. */
  async hold(): Promise<void> {
    await this.#options.store.transact((tx) => tx.put(byHandKey, { at: this.#options.clock.now() }));
  }

  /** Lets everything pass that is held now. */
  async release(): Promise<ObjectKey[]> {
    const { store, clock, wake } = this.#options;
    const keys = this.held();
    await store.transact((tx) => {
      tx.delete(byHandKey);
      for (const key of keys)
        tx.put(`${entryPrefix}${key}`, { key, at: clock.now(), isApproved: true } satisfies BrakeEntry);
    });
    for (const key of keys) wake(key);
    return keys;
  }

  #isHeldByHand(): boolean {
    return this.#options.store.get(byHandKey) !== undefined;
  }

  #pending(): Tombstone[] {
    return [...this.#options.index().tombstones.values()].filter((tombstone) => this.#options.isThere(tombstone.key));
  }

  async #refresh(): Promise<void> {
    const { store, clock, log, index, wake } = this.#options;
    const verdict = judgeBrake({
      nowMs: clock.now(),
      unitCount: index().units.size,
      pending: this.#pending(),
      entries: [...store.range<BrakeEntry>(entryPrefix)].map(([, entry]) => entry),
      isHeldByHand: this.#isHeldByHand(),
    });
    if (verdict.admitted.length + verdict.expired.length > 0)
      await store.transact((tx) => {
        for (const key of verdict.expired) tx.delete(`${entryPrefix}${key}`);
        for (const key of verdict.admitted)
          tx.put(`${entryPrefix}${key}`, { key, at: clock.now(), isApproved: false } satisfies BrakeEntry);
      });
    for (const key of verdict.admitted) wake(key);
    if (verdict.held.length > 0)
      log.warn({ held: verdict.held.length }, 'Deletions that no operation names are held for approval.');
  }

  /** Nothing passes uncounted: what could not be counted stays held until the next change. */
  #failed(error: unknown): void {
    this.#options.log.error({ error }, 'Deletions could not be counted; they stay held.');
  }
}
