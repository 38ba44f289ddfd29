import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId, SiteId } from '#shared/model/ids.ts';
import type { Logger, Random } from '#shared/runtime/index.ts';
import { objectDigest } from '#shared/wire/digest.ts';
import { bucketOf, DigestTree } from '#shared/wire/digest-tree.ts';
import type {
  BucketObjects,
  Buckets,
  Delta,
  FrameHead,
  IntentObject,
  SnapshotBegin,
  SnapshotEnd,
  SnapshotPart,
  Tombstone,
  Welcome,
} from '#shared/wire/frames.ts';
import { type AgentStore, agentKeys, type Transaction } from '../store/index.ts';
import { acceptDelta, type DocumentChange, judgeHead, type OwnDocument, type Refusal } from './accept-delta.ts';
import type { AgentIdentity, IntentHeadRecord, IntentHolder } from './intent-holder.ts';
import { SnapshotStage } from './snapshot-stage.ts';

/** Graves beyond this go, oldest revision first: the root still guards against their return. */
const maxGraves = 20_000;
const emptyHead: IntentHeadRecord = { lineage: '', term: 0, generation: 0, history: '', root: '' };

export type DocumentFrame = Delta | SnapshotBegin | SnapshotPart | SnapshotEnd | BucketObjects;

/** What became of a frame. `durable`: fsynced, to be acknowledged. `staged`: nothing to say yet. */
export type Acceptance =
  | { kind: 'durable'; generation: number; history: string }
  | { kind: 'staged' }
  | { kind: 'refused'; reason: Refusal };

/** The intent document with what only the link may do: taking frames, and the agent's identity. */
export interface LinkedIntentHolder extends IntentHolder {
  /** @throws SkerryError Conflict before `ensureIdentity`. */
  identity(): AgentIdentity;
  /** Makes the identity of a new store; keeps the storeId of one that has it. */
  ensureIdentity(agentId: AgentId, siteId: SiteId): Promise<AgentIdentity>;
  /** Root over the objects as they are held, not as the head says. */
  root(): string;
  /** Makes epoch, term and (for an empty store) lineage durable, before anything else of the session is acted on. */
  welcome(welcome: Welcome): Promise<Refusal | undefined>;
  accept(frame: DocumentFrame): Promise<Acceptance>;
  /** Buckets in which the own document differs, at equal generation and history; undefined: not comparable. */
  differing(frame: Buckets): number[] | undefined;
  /** Part of a rebirth: a new storeId; the document and its lineage stay. */
  renewStore(tx: Transaction): string;
}

export function createIntentHolder(dependencies: {
  store: AgentStore;
  random: Random;
  log: Logger;
}): LinkedIntentHolder {
  return new StoredIntentHolder(dependencies.store, dependencies.random, dependencies.log);
}

class StoredIntentHolder implements LinkedIntentHolder {
  readonly #store: AgentStore;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #listeners = new Set<(keys: readonly string[] | undefined) => void>();
  readonly #stage = new SnapshotStage();
  #tree: DigestTree;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: AgentStore, random: Random, log: Logger) {
    this.#store = store;
    this.#random = random;
    this.#log = log;
    this.#tree = treeOf(this.objects());
  }

  head(): IntentHeadRecord {
    return this.#store.get<IntentHeadRecord>(agentKeys.intentHead) ?? emptyHead;
  }

  object(key: string): IntentObject | undefined {
    return this.#store.get<IntentObject>(agentKeys.intent(key));
  }

  *objects(): Iterable<IntentObject> {
    for (const [, object] of this.#store.range<IntentObject>(agentKeys.intentPrefix)) yield object;
  }

  *tombstones(): Iterable<Tombstone> {
    for (const [, tombstone] of this.#store.range<Tombstone>(agentKeys.tombstonePrefix)) yield tombstone;
  }

  bury(tx: Transaction, removed: readonly { key: string; revision: number }[]): void {
    for (const { key, revision } of removed) {
      const tombstone = tx.get<Tombstone>(agentKeys.tombstone(key));
      if (tombstone === undefined || tombstone.revision !== revision) continue;
      tx.delete(agentKeys.tombstone(key));
      tx.put(agentKeys.grave(key), { revision });
    }
    dropOldGraves(tx);
  }

  onChange(listener: (keys: readonly string[] | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  identity(): AgentIdentity {
    const identity = this.#store.get<AgentIdentity>(agentKeys.identity);
    if (identity === undefined)
      throw new SkerryError('Conflict', 'This agent store has no identity yet', { remedy: 'enrol the agent first' });
    return identity;
  }

  ensureIdentity(agentId: AgentId, siteId: SiteId): Promise<AgentIdentity> {
    return this.#store.transact((tx) => {
      const present = tx.get<AgentIdentity>(agentKeys.identity);
      if (present?.agentId === agentId) return present;
      if (present !== undefined)
        throw new SkerryError(
          'Conflict',
          `This store belongs to agent ${present.agentId}, the certificate to ${agentId}`,
          {
            remedy: 'give each agent a state folder of its own',
          },
        );
      const identity: AgentIdentity = { agentId, siteId, storeId: this.#random.uuid(), lastEpoch: 0 };
      tx.put(agentKeys.identity, identity);
      return identity;
    });
  }

  root(): string {
    return this.#tree.root();
  }

  welcome(welcome: Welcome): Promise<Refusal | undefined> {
    return this.#store.transact((tx) => {
      const identity = tx.get<AgentIdentity>(agentKeys.identity);
      const head = tx.get<IntentHeadRecord>(agentKeys.intentHead) ?? emptyHead;
      if (identity === undefined || welcome.storeId !== identity.storeId || welcome.agentId !== identity.agentId)
        return 'store';
      if (head.lineage !== '' && head.lineage !== welcome.lineage) return 'lineage';
      if (welcome.term < head.term) return 'term';
      if (welcome.sessionEpoch <= identity.lastEpoch) return 'old';
      tx.put(agentKeys.identity, { ...identity, lastEpoch: welcome.sessionEpoch });
      if (head.lineage !== welcome.lineage || head.term !== welcome.term)
        tx.put(agentKeys.intentHead, { ...head, lineage: welcome.lineage, term: welcome.term });
      return undefined;
    });
  }

  async accept(frame: DocumentFrame): Promise<Acceptance> {
    switch (frame.type) {
      case 'delta':
        return this.#commit((tx) => this.#takeDelta(tx, frame));
      case 'snapshot-begin':
      case 'snapshot-part': {
        const refusal =
          this.#judgeSnapshot(frame) ??
          (frame.type === 'snapshot-begin' ? this.#stage.begin(frame) : this.#stage.add(frame));
        return refusal === undefined ? { kind: 'staged' } : { kind: 'refused', reason: refusal };
      }
      case 'snapshot-end': {
        const staged = this.#stage.end(frame);
        if (staged === undefined) return { kind: 'refused', reason: 'parts' };
        return this.#commit((tx) => this.#takeWhole(tx, staged.begin, staged.objects, staged.tombstones));
      }
      case 'bucket-objects':
        return this.#commit((tx) => this.#takeBuckets(tx, frame));
    }
  }

  differing(frame: Buckets): number[] | undefined {
    const head = this.head();
    if (this.#judgeSnapshot(frame) !== undefined) return undefined;
    if (frame.generation !== head.generation || frame.history !== head.history) return undefined;
    const own = this.#tree.hashes();
    return frame.hashes.flatMap((hash, bucket) => (own[bucket] === hash ? [] : [bucket]));
  }

  renewStore(tx: Transaction): string {
    const storeId = this.#random.uuid();
    const identity = tx.get<AgentIdentity>(agentKeys.identity);
    if (identity === undefined) throw new SkerryError('Conflict', 'A store without an identity cannot be reborn');
    tx.put(agentKeys.identity, { ...identity, storeId });
    tx.delete(agentKeys.rebirthDue);
    return storeId;
  }

  #judgeSnapshot(frame: FrameHead): Refusal | undefined {
    const { agentId, storeId } = this.identity();
    return judgeHead({ agentId, storeId, head: this.head() }, frame);
  }

  /** One transaction; the tree follows what is durable, and is built anew when that fails. */
  #commit(take: (tx: Transaction) => Taken): Promise<Acceptance> {
    const turn = this.#turn.then(() => this.#commitInTurn(take));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #commitInTurn(take: (tx: Transaction) => Taken): Promise<Acceptance> {
    let isTouched = false;
    try {
      const taken = await this.#store.transact((tx) => {
        isTouched = true;
        const result = take(tx);
        if (result.refused !== undefined) throw new Refused(result.refused);
        tx.put(agentKeys.intentHead, result.head);
        return result;
      });
      this.#notify(taken.keys);
      return { kind: 'durable', generation: taken.head.generation, history: taken.head.history };
    } catch (error) {
      if (isTouched) this.#tree = treeOf(this.objects());
      if (!(error instanceof Refused)) throw error;
      this.#log.info({ reason: error.reason }, 'a frame of the intent document is refused');
      return { kind: 'refused', reason: error.reason };
    }
  }

  #own(tx: Transaction): OwnDocument {
    const identity = tx.get<AgentIdentity>(agentKeys.identity);
    return {
      agentId: identity?.agentId ?? '',
      storeId: identity?.storeId ?? '',
      head: tx.get<IntentHeadRecord>(agentKeys.intentHead) ?? emptyHead,
      object: (key) => tx.get<IntentObject>(agentKeys.intent(key)),
      deletedAt: (key) =>
        tx.get<Tombstone>(agentKeys.tombstone(key))?.revision ??
        tx.get<{ revision: number }>(agentKeys.grave(key))?.revision,
    };
  }

  #takeDelta(tx: Transaction, delta: Delta): Taken {
    const own = this.#own(tx);
    const decision = acceptDelta(own, delta);
    if (!decision.ok) return { refused: decision.error };
    const keys = this.#write(tx, decision.value);
    if (this.#tree.root() !== delta.root) return { refused: 'root' };
    return { head: nextHead(own.head, delta, delta.to), keys };
  }

  /** A snapshot: what it does not name and no tombstone deletes leaves the document and runs on as an orphan. */
  #takeWhole(tx: Transaction, begin: SnapshotBegin, objects: IntentObject[], tombstones: Tombstone[]): Taken {
    const own = this.#own(tx);
    const refusal = judgeHead(own, begin);
    if (refusal !== undefined) return { refused: refusal };
    if (begin.generation < own.head.generation) return { refused: 'old' };
    if (objects.some((object) => objectDigest(object) !== object.digest)) return { refused: 'digest' };
    const named = new Set<string>(objects.map((object) => object.key));
    for (const [, object] of tx.range<IntentObject>(agentKeys.intentPrefix))
      if (!named.has(object.key)) this.#forget(tx, object.key);
    for (const object of objects) this.#put(tx, object);
    for (const tombstone of tombstones)
      if (!named.has(tombstone.key) && tombstone.revision > (own.deletedAt(tombstone.key) ?? 0))
        tx.put(agentKeys.tombstone(tombstone.key), tombstone);
    if (this.#tree.root() !== begin.root) return { refused: 'root' };
    return { head: nextHead(own.head, begin, begin.generation), keys: undefined };
  }

  #takeBuckets(tx: Transaction, frame: BucketObjects): Taken {
    const own = this.#own(tx);
    const refusal = judgeHead(own, frame);
    if (refusal !== undefined) return { refused: refusal };
    if (frame.generation !== own.head.generation || frame.history !== own.head.history) return { refused: 'base' };
    const wanted = new Set(frame.buckets);
    if (frame.objects.some((object) => objectDigest(object) !== object.digest || !wanted.has(bucketOf(object.key))))
      return { refused: 'digest' };
    const named = new Set<string>(frame.objects.map((object) => object.key));
    for (const [, object] of tx.range<IntentObject>(agentKeys.intentPrefix))
      if (wanted.has(bucketOf(object.key)) && !named.has(object.key)) this.#forget(tx, object.key);
    for (const object of frame.objects) this.#put(tx, object);
    if (this.#tree.root() !== frame.root) return { refused: 'root' };
    return { head: nextHead(own.head, frame, frame.generation), keys: undefined };
  }

  #write(tx: Transaction, change: DocumentChange): string[] {
    for (const object of change.upserts) this.#put(tx, object);
    for (const tombstone of change.tombstones) {
      this.#forget(tx, tombstone.key);
      tx.put(agentKeys.tombstone(tombstone.key), tombstone);
    }
    return [...change.upserts, ...change.tombstones].map(({ key }) => key);
  }

  #put(tx: Transaction, object: IntentObject): void {
    tx.put(agentKeys.intent(object.key), object);
    tx.delete(agentKeys.tombstone(object.key));
    this.#tree.set(object.key, object.revision, object.digest);
  }

  #forget(tx: Transaction, key: string): void {
    tx.delete(agentKeys.intent(key));
    this.#tree.delete(key);
  }

  #notify(keys: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(keys);
  }
}

type Taken =
  | { refused: Refusal; head?: undefined; keys?: undefined }
  | { refused?: undefined; head: IntentHeadRecord; keys: readonly string[] | undefined };

/** Leaves a transaction without writing anything. */
class Refused extends Error {
  readonly reason: Refusal;
  constructor(reason: Refusal) {
    super(reason);
    this.reason = reason;
  }
}

function nextHead(
  own: IntentHeadRecord,
  frame: { term: number; history: string; root: string },
  generation: number,
): IntentHeadRecord {
  return { ...own, term: Math.max(own.term, frame.term), generation, history: frame.history, root: frame.root };
}

function treeOf(objects: Iterable<IntentObject>): DigestTree {
  const tree = new DigestTree();
  for (const object of objects) tree.set(object.key, object.revision, objectDigest(object));
  return tree;
}

function dropOldGraves(tx: Transaction): void {
  const graves = [...tx.range<{ revision: number }>(agentKeys.gravePrefix)];
  if (graves.length <= maxGraves) return;
  graves.sort(([, a], [, b]) => a.revision - b.revision);
  for (const [key] of graves.slice(0, graves.length - maxGraves)) tx.delete(key);
}
