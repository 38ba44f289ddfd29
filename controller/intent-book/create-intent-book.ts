import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { Change, Expectation, Store } from '#shared/store/store.ts';
import { bucketOf } from '#shared/wire/digest-tree.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import { type AgentDocument, emptyDocument, type LogEntry, type StoredTombstone } from './agent-document.ts';
import type { AgentIntentChange, IntentBook, IntentCommit, IntentHead } from './intent-book.ts';
import { KeyedLock } from './keyed-lock.ts';
import { applyChange, isRemoving, type PlannedChange, planChange } from './plan-change.ts';

/** Generations whose history is kept besides the last acknowledged one's. */
const logRetention = 1_000;
/** Graves live as long as a certificate can return, and a month more. */
const graveRetentionMs = (365 + 31) * 24 * 3_600_000;
const gravesPerCommit = 500;
const commitAttempts = 5;

export interface IntentDelta {
  from: number;
  to: number;
  history: string;
  root: string;
  upserts: IntentObject[];
  tombstones: Tombstone[];
}

export interface IntentSnapshot {
  generation: number;
  history: string;
  root: string;
  objects: IntentObject[];
  /** Tombstones and graves that an agent's store may lack. */
  tombstones: Tombstone[];
}

/** The book with what sessions need. */
export interface LinkedIntentBook extends IntentBook {
  /** Cumulative change from a generation to the present one. */
  delta(agentId: AgentId, from: number): Promise<IntentDelta>;
  snapshot(agentId: AgentId): Promise<IntentSnapshot>;
  /** Bucket hashes of the present document. */
  buckets(agentId: AgentId): Promise<{ head: IntentHead; hashes: string[] }>;
  bucketObjects(agentId: AgentId, buckets: readonly number[]): Promise<{ head: IntentHead; objects: IntentObject[] }>;
  /** History at a generation; '' at 0; undefined when it is no longer kept, or was never reached. */
  historyAt(agentId: AgentId, generation: number): Promise<string | undefined>;
  /** The agent reported these removals: their tombstones become graves. Unknown ones are passed over. */
  bury(agentId: AgentId, removed: readonly { key: ObjectKey; revision: number }[]): Promise<void>;
  /** Forgets graves that no agent can lack any more. */
  dropOldGraves(agentId: AgentId): Promise<void>;
  /** The agent holds this generation: its history is kept from now on. */
  acknowledged(agentId: AgentId, generation: number): void;
  /** Called with the agent whose document has changed; a hint, state decides. */
  onChange(listener: (agentId: AgentId) => void): () => void;
}

export interface IntentBookDependencies {
  store: Store;
  random: Random;
  clock: Clock;
  log: Logger;
}

/** Reads the lineage, or makes it at the very first start. */
export async function createIntentBook(dependencies: IntentBookDependencies): Promise<LinkedIntentBook> {
  const { store, random, log } = dependencies;
  const key = keys.meta('lineage');
  let entry = await store.get<{ lineage: string }>(key);
  if (entry === undefined) {
    const lineage = random.uuid();
    await store.commit([{ key, value: { lineage } }], { expect: [{ key, revision: 0 }] });
    log.info({ lineage }, 'a new lineage of intent begins');
    entry = { key, value: { lineage }, revision: 0 };
  }
  return new StoredIntentBook(dependencies, entry.value.lineage);
}

class StoredIntentBook implements LinkedIntentBook {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lineage: string;
  readonly #documents = new Map<AgentId, AgentDocument>();
  readonly #lock = new KeyedLock();
  readonly #listeners = new Set<(agentId: AgentId) => void>();

  constructor(dependencies: IntentBookDependencies, lineage: string) {
    this.#store = dependencies.store;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#lineage = lineage;
  }

  lineage(): string {
    return this.#lineage;
  }

  async commit(commit: IntentCommit): Promise<ReadonlyMap<AgentId, number>> {
    const agents = mergeByAgent(commit.agents);
    return this.#lock.hold([...agents.keys()], async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#commitOnce(agents, commit);
        } catch (error) {
          const agentId = this.#staleAgent(error, agents.keys());
          if (agentId === undefined || attempt === commitAttempts) throw error;
          this.#documents.delete(agentId);
        }
      }
    });
  }

  async head(agentId: AgentId): Promise<IntentHead> {
    return (await this.#document(agentId)).head;
  }

  async object(agentId: AgentId, key: ObjectKey): Promise<IntentObject | undefined> {
    return (await this.#document(agentId)).objects.get(key);
  }

  async scope(agentId: AgentId, scope: string): Promise<IntentObject[]> {
    const document = await this.#document(agentId);
    return [...document.objects.values()].filter((object) => object.scope === scope);
  }

  async openRemovals(agentId: AgentId, scope: string): Promise<ObjectKey[]> {
    const { tombstones } = await this.#document(agentId);
    return [...tombstones.values()].filter((each) => each.scope === scope && isRemoving(each)).map(({ key }) => key);
  }

  async delta(agentId: AgentId, from: number): Promise<IntentDelta> {
    const { head, objects, tombstones } = await this.#document(agentId);
    const isNewer = (item: { revision: number }) => item.revision > from;
    return {
      from,
      to: head.generation,
      history: head.history,
      root: head.root,
      upserts: [...objects.values()].filter(isNewer),
      tombstones: [...tombstones.values()].filter(isNewer).map(toTombstone),
    };
  }

  async snapshot(agentId: AgentId): Promise<IntentSnapshot> {
    const { head, objects, tombstones } = await this.#document(agentId);
    return {
      generation: head.generation,
      history: head.history,
      root: head.root,
      objects: [...objects.values()],
      tombstones: [...tombstones.values()].map(toTombstone),
    };
  }

  async buckets(agentId: AgentId): Promise<{ head: IntentHead; hashes: string[] }> {
    const { head, tree } = await this.#document(agentId);
    return { head, hashes: [...tree.hashes()] };
  }

  async bucketObjects(agentId: AgentId, buckets: readonly number[]) {
    const { head, objects } = await this.#document(agentId);
    const wanted = new Set(buckets);
    return { head, objects: [...objects.values()].filter((object) => wanted.has(bucketOf(object.key))) };
  }

  async historyAt(agentId: AgentId, generation: number): Promise<string | undefined> {
    if (generation === 0) return '';
    return (await this.#document(agentId)).log.get(generation)?.history;
  }

  bury(agentId: AgentId, removed: readonly { key: ObjectKey; revision: number }[]): Promise<void> {
    return this.#lock.hold([agentId], async () => {
      const document = await this.#document(agentId);
      const now = this.#clock.now();
      // Several reports of one batch may name the same removal.
      const dug = new Map<ObjectKey, StoredTombstone>();
      for (const { key, revision } of removed) {
        const tombstone = document.tombstones.get(key);
        if (tombstone?.revision === revision && tombstone.removedAt === undefined)
          dug.set(key, { ...tombstone, removedAt: now });
      }
      if (dug.size === 0) return;
      const graves = [...dug.values()];
      await this.#store.commit(graves.map((grave) => ({ key: keys.tombstone(agentId, grave.key), value: grave })));
      for (const grave of graves) document.tombstones.set(grave.key, grave);
    });
  }

  dropOldGraves(agentId: AgentId): Promise<void> {
    return this.#lock.hold([agentId], async () => {
      const document = await this.#document(agentId);
      const now = this.#clock.now();
      const gone = [...document.tombstones.values()].filter(
        ({ removedAt }) => removedAt !== undefined && now - removedAt > graveRetentionMs,
      );
      for (let from = 0; from < gone.length; from += gravesPerCommit) {
        const some = gone.slice(from, from + gravesPerCommit);
        await this.#store.commit(some.map(({ key }) => ({ key: keys.tombstone(agentId, key), value: undefined })));
        for (const { key } of some) document.tombstones.delete(key);
      }
    });
  }

  acknowledged(agentId: AgentId, generation: number): void {
    const document = this.#documents.get(agentId);
    if (document !== undefined) document.acked = generation;
  }

  onChange(listener: (agentId: AgentId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #commitOnce(
    agents: ReadonlyMap<AgentId, AgentIntentChange>,
    commit: IntentCommit,
  ): Promise<ReadonlyMap<AgentId, number>> {
    const changes: Change[] = [];
    const expect: Expectation[] = [...(commit.expect ?? [])];
    const generations = new Map<AgentId, number>();
    const planned: [AgentId, AgentDocument, PlannedChange, number[]][] = [];
    for (const [agentId, change] of agents) {
      const document = await this.#document(agentId);
      const plan = planChange(document, change);
      generations.set(agentId, plan?.head.generation ?? document.head.generation);
      if (plan === undefined) continue;
      const forgotten = forgettable(document);
      expect.push({ key: keys.intentHead(agentId), revision: document.revision });
      changes.push(...storeChanges(agentId, plan, forgotten));
      planned.push([agentId, document, plan, forgotten]);
    }
    changes.push(...commit.changes(generations));
    if (changes.length === 0) return generations;
    const { revision } = await this.#store.commit(changes, { expect });
    for (const [, document, plan, forgotten] of planned) {
      applyChange(document, plan, revision);
      for (const generation of forgotten) document.log.delete(generation);
    }
    for (const [agentId] of planned) for (const listener of this.#listeners) listener(agentId);
    return generations;
  }

  /** The agent whose head another controller has moved, if that is what the error says. */
  #staleAgent(error: unknown, agents: Iterable<AgentId>): AgentId | undefined {
    if (!isSkerryError(error) || error.code !== 'RevisionConflict') return undefined;
    for (const agentId of agents) if (error.details['key'] === keys.intentHead(agentId)) return agentId;
    return undefined;
  }

  /** From memory if its head is still the store's. */
  async #document(agentId: AgentId): Promise<AgentDocument> {
    const entry = await this.#store.get<IntentHead>(keys.intentHead(agentId));
    const cached = this.#documents.get(agentId);
    if (cached !== undefined && cached.revision >= (entry?.revision ?? 0)) return cached;
    const document = await this.#load(agentId);
    const raced = this.#documents.get(agentId);
    if (raced !== undefined && raced.revision >= document.revision) return raced;
    this.#documents.set(agentId, document);
    return document;
  }

  /** Read again when a commit came in between: a document is of one revision. */
  async #load(agentId: AgentId): Promise<AgentDocument> {
    const headKey = keys.intentHead(agentId);
    for (let attempt = 1; attempt <= commitAttempts; attempt++) {
      const before = await this.#store.get<IntentHead>(headKey);
      const document = emptyDocument(this.#lineage);
      for (const { value } of await this.#store.range<IntentObject>({ prefix: keys.intentObject(agentId, '') })) {
        document.objects.set(value.key, value);
        document.tree.set(value.key, value.revision, value.digest);
      }
      for (const { value } of await this.#store.range<StoredTombstone>({ prefix: keys.tombstone(agentId, '') }))
        document.tombstones.set(value.key, value);
      for (const { key, value } of await this.#store.range<LogEntry>({ prefix: `intent-log/${agentId}/` }))
        document.log.set(Number(key.slice(key.lastIndexOf('/') + 1)), value);
      const session = await this.#store.get<{ acked?: { generation: number } }>(keys.agentSession(agentId));
      document.acked = session?.value.acked?.generation ?? 0;
      const after = await this.#store.get<IntentHead>(headKey);
      if (before?.revision !== after?.revision) continue;
      if (after !== undefined) {
        document.head = after.value;
        document.revision = after.revision;
      }
      const root = document.tree.root();
      if (document.head.root !== root) {
        this.#log.error({ agentId, root, head: document.head }, 'a stored intent document does not match its root');
        throw new SkerryError('StoreDamaged', `The intent document of agent ${agentId} does not match its root`, {
          remedy: 'restore the controller from a backup and declare the restore',
        });
      }
      return document;
    }
    throw new SkerryError('Unavailable', `The intent document of agent ${agentId} keeps changing`);
  }
}

function toTombstone({ key, revision, scope, opId, keep }: StoredTombstone): Tombstone {
  return { key, revision, scope, ...(opId === undefined ? {} : { opId }), ...(keep ? { keep } : {}) };
}

function mergeByAgent(changes: readonly AgentIntentChange[]): Map<AgentId, AgentIntentChange> {
  const merged = new Map<AgentId, AgentIntentChange>();
  for (const { agentId, upserts, tombstones } of [...changes].sort((a, b) => (a.agentId < b.agentId ? -1 : 1))) {
    const present = merged.get(agentId) ?? { agentId, upserts: [], tombstones: [] };
    merged.set(agentId, {
      agentId,
      upserts: [...new Map([...present.upserts, ...upserts].map((object) => [object.key, object])).values()],
      tombstones: [...present.tombstones, ...tombstones],
    });
  }
  return merged;
}

/** Generations that leave the log with the next commit: at most a few at a time. */
function forgettable(document: AgentDocument): number[] {
  const limit = document.head.generation - logRetention;
  const forgotten: number[] = [];
  if (document.log.size <= logRetention) return forgotten;
  for (const generation of document.log.keys()) {
    if (generation <= limit && generation !== document.acked) forgotten.push(generation);
    if (forgotten.length === 4 || generation > limit) break;
  }
  return forgotten;
}

function storeChanges(agentId: AgentId, plan: PlannedChange, forgotten: readonly number[]): Change[] {
  const { head, upserts, tombstones } = plan;
  const entry: LogEntry = { history: head.history, root: head.root };
  return [
    { key: keys.intentHead(agentId), value: head },
    { key: keys.intentLog(agentId, head.generation), value: entry },
    ...upserts.map((object) => ({ key: keys.intentObject(agentId, object.key), value: object })),
    ...tombstones.flatMap((tombstone) => [
      { key: keys.intentObject(agentId, tombstone.key), value: undefined },
      { key: keys.tombstone(agentId, tombstone.key), value: tombstone },
    ]),
    ...forgotten.map((generation) => ({ key: keys.intentLog(agentId, generation), value: undefined })),
  ];
}
