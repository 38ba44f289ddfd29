import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Change, Store } from '#shared/store/store.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';
import type { Breach } from '../breach.ts';
import type { DiskWitness } from './disk-witness.ts';

/** What the controller made durable, by its own commits. */
export class StoreWitness {
  readonly breaches: Breach[] = [];
  /** Records that were applied, by agent. */
  readonly applied = new Map<string, Set<string>>();
  /** Present documents, by agent. */
  readonly objects = new Map<string, Map<string, IntentObject>>();
  /** Every spec that was ever asked for, by unit key. */
  readonly specs = new Map<string, Set<string>>();
  readonly tombstones = new Map<string, Tombstone>();
  /** What one-shots name. */
  readonly oneShots = new Map<string, { target: string; incarnation?: string; agentId: string }>();
  readonly #results = new Map<string, string>();
  readonly #order = new Map<string, number>();
  readonly #states = new Map<string, NsLcmOpOcc['state']>();
  /** An operation has just become COMPLETED. */
  onCompleted: (operation: NsLcmOpOcc) => void = () => undefined;
  readonly #disks: ReadonlyMap<string, DiskWitness>;

  constructor(disks: ReadonlyMap<string, DiskWitness>) {
    this.#disks = disks;
  }

  isApplied(agentId: string, recordId: string): boolean {
    return this.applied.get(agentId)?.has(recordId) ?? false;
  }

  /** The store with its commits watched: what is told to the caller has been seen here before. */
  watch(store: Store): Store {
    return {
      get: (key) => store.get(key),
      range: (query) => store.range(query),
      revision: () => store.revision(),
      feed: (from, signal) => store.feed(from, signal),
      lease: (name, ttlMs, signal) => store.lease(name, ttlMs, signal),
      close: () => store.close(),
      commit: async (changes, options) => {
        const copy = structuredClone(changes) as Change[];
        const result = await store.commit(changes, options);
        this.#committed(copy);
        return result;
      },
    } as Store;
  }

  #breach(invariant: string, message: string): void {
    this.breaches.push({ invariant, message });
  }

  #committed(changes: readonly Change[]): void {
    const marks = changes.filter(({ key }) => key.startsWith('mark/')).map(({ key }) => key.split('/'));
    for (const { key, value } of changes) {
      const [kind = '', first = '', ...rest] = key.split('/');
      const last = rest.join('/');
      if (kind === 'record' && value !== undefined) this.#applied(first, last, marks);
      else if (kind === 'intent') this.#object(first, last, value as IntentObject | undefined);
      else if (kind === 'tomb' && value !== undefined) this.tombstones.set(last, value as Tombstone);
      else if (kind === 'one-shot') this.#result(first, value as { result: string } | undefined);
      else if (kind === 'agent-session' && value !== undefined) this.#session(first, value as never);
      else if (kind === 'op' && value !== undefined) this.#operation(value as NsLcmOpOcc);
    }
  }

  /** I2: durable at the agent, applied once, in the order of its store. */
  #applied(agentId: string, recordId: string, marks: readonly string[][]): void {
    const applied = this.applied.get(agentId) ?? new Set();
    this.applied.set(agentId, applied);
    if (applied.has(recordId)) this.#breach('I2', `record ${recordId} of ${agentId} was applied twice`);
    applied.add(recordId);
    const seen = this.#disks.get(agentId)?.records.get(recordId);
    if (recordId.startsWith('gap-'))
      this.#breach('I2', `${agentId} lost records: ${recordId}, though this controller was never set back`);
    else if (seen === undefined) this.#breach('I2', `record ${recordId} of ${agentId} was never on a disk`);
    if (seen === undefined) return;
    const stores = marks.filter((mark) => mark[1] === agentId && mark[3] === seen.stream);
    if (stores.length !== 1) return;
    const store = `${agentId}/${stores[0]?.[2]}/${seen.stream}`;
    if ((this.#order.get(store) ?? -1) > seen.birth)
      this.#breach('I2', `record ${recordId} of ${store} was applied out of order`);
    this.#order.set(store, seen.birth);
  }

  #object(agentId: string, key: string, object: IntentObject | undefined): void {
    const objects = this.objects.get(agentId) ?? new Map();
    this.objects.set(agentId, objects);
    if (object === undefined) return void objects.delete(key);
    objects.set(key, object);
    if (object.body.type !== 'unit') return;
    this.specs.set(key, (this.specs.get(key) ?? new Set()).add(canonicalJson(object.body.spec)));
  }

  /** I3: one terminal result. */
  #result(opId: string, record: { result: string } | undefined): void {
    const before = this.#results.get(opId);
    if (record === undefined) return;
    if (before !== undefined && before !== record.result)
      this.#breach('I3', `operation ${opId} has results ${before} and ${record.result}`);
    this.#results.set(opId, record.result);
  }

  /** A1, I1: what is believed to be acknowledged was durable in that store. */
  #session(agentId: string, record: { storeId: string; acked: { generation: number } }): void {
    const durable = this.#disks.get(agentId)?.generations.get(record.storeId) ?? 0;
    if (record.acked.generation > durable)
      this.#breach('I1', `${agentId}: ${record.acked.generation} is acknowledged, ${durable} was durable`);
  }

  #operation(operation: NsLcmOpOcc): void {
    for (const { opId, target, incarnation, agentId } of operation.oneShots)
      this.oneShots.set(opId, { target, incarnation, agentId });
    const before = this.#states.get(operation.id);
    this.#states.set(operation.id, operation.state);
    if (operation.state === 'COMPLETED' && before !== 'COMPLETED') this.onCompleted(operation);
  }
}
