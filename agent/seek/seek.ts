import type { InfraFacts, ObservedUnit } from '#shared/connector/index.ts';
import { type InfraId, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import { ReconcileRunner } from '#shared/reconcile/index.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { IntentHolder } from '../intent/intent-holder.ts';
import { createUnitJournal, type JournalRecord } from '../journal/index.ts';
import type { HealingPolicy } from '../policy/index.ts';
import type { Outbox } from '../report/outbox.ts';
import { type AgentStore, agentKeys } from '../store/agent-store.ts';
import type { InfraLane } from './infra-lane.ts';
import { type ConnectorOpener, InfraSet } from './infra-set.ts';
import { IntentIndex, isOperation } from './intent-index.ts';
import { OperationLane } from './operation-lane.ts';
import { PlatformFindings } from './platform-findings.ts';
import { RemovalBrake } from './removal-brake.ts';
import { ScopeLane } from './scope-lane.ts';
import type { SeekContext, UnitMemory } from './seek-context.ts';
import { defaultSeekLimits, type SeekLimits } from './seek-limits.ts';
import { UnitLane } from './unit-lane.ts';

export interface SeekDependencies {
  store: AgentStore;
  holder: IntentHolder;
  outbox: Outbox;
  connectors: ConnectorOpener;
  policy: HealingPolicy;
  siteId: string;
  agentId: string;
  /** This life of the process. */
  bootId: string;
  clock: Clock;
  random: Random;
  log: Logger;
  limits?: Partial<SeekLimits>;
  /** The controller's clock as the last Welcome gave it, epoch ms; the wall clock without one. */
  controllerNow?: () => number;
}

/** One unit as the node's own API shows it. */
export interface UnitStatus {
  key: ObjectKey;
  kind: string;
  scope: string;
  infraId: string;
  revision: number;
  isReady: boolean;
  /** For people: ready, pending, failed, removing, held. */
  phase: string;
  message: string;
  attempts: number;
  incarnation: string;
  observed: ObservedUnit | null;
}

/** Makes the intent true on the site's platforms, with or without a link. */
export interface Seek extends Component {
  units(): UnitStatus[];
  journal(): [key: ObjectKey, record: JournalRecord][];
  infras(): { infraId: InfraId; name: string; kind: string; facts: InfraFacts | null; message: string }[];
  /** Deletions that are held back. */
  heldDeletions(): ObjectKey[];
  holdDeletions(): Promise<void>;
  releaseDeletions(): Promise<ObjectKey[]>;
  /** Newest generation of which everything was reported as reached. */
  appliedGeneration(): number;
  /** Resolves when nothing is being done; timers may be pending. */
  idle(): Promise<void>;
}

export function createSeek(dependencies: SeekDependencies): Seek {
  return new SiteSeek(dependencies);
}

class SiteSeek implements Seek {
  readonly #context: SeekContext;
  readonly #units: ReconcileRunner;
  readonly #scopes: ReconcileRunner;
  readonly #scopeLane: ScopeLane;
  readonly #findings: PlatformFindings;
  readonly #memories = new Map<ObjectKey, UnitMemory>();
  #index: IntentIndex | undefined;
  #unsubscribe = () => {};
  #following: Promise<void> = Promise.resolve();

  constructor(dependencies: SeekDependencies) {
    const { clock, random, log, bootId } = dependencies;
    const limits = { ...defaultSeekLimits, ...dependencies.limits };
    this.#context = this.#makeContext(dependencies, limits);
    const operations = new OperationLane(this.#context);
    const unitLane = new UnitLane(this.#context, operations);
    this.#scopeLane = new ScopeLane(this.#context, operations);
    this.#findings = new PlatformFindings(this.#context);
    const shared = { clock, random, log: log.child({ bootId }), backoff: limits.backoff };
    this.#units = new ReconcileRunner({
      ...shared,
      name: 'units',
      reconcile: (key, signal) => unitLane.reconcile(id<ObjectKey>(key), signal),
      concurrency: limits.concurrency,
      // Several calls, each with a deadline of its own.
      deadlineMs: limits.callTimeoutMs * 4,
    });
    this.#scopes = new ReconcileRunner({
      ...shared,
      name: 'scopes',
      reconcile: (scope) => this.#scopeLane.reconcile(scope),
      concurrency: limits.concurrency,
      deadlineMs: limits.callTimeoutMs * 2,
    });
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#context.holder.onChange((keys) => this.#onIntent(keys));
    await Promise.all([this.#units.start(), this.#scopes.start()]);
    this.#onIntent(undefined);
    await this.#following;
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([this.#units.stop(), this.#scopes.stop()]);
    await this.#following;
    await this.#context.infras.stop();
    await this.#findings.idle();
  }

  async idle(): Promise<void> {
    await this.#following;
    await Promise.all([this.#units.idle(), this.#scopes.idle(), this.#findings.idle()]);
  }

  units(): UnitStatus[] {
    const index = this.#context.index();
    const keys = [...index.units.keys(), ...[...index.tombstones.keys()].filter((key) => this.#isThere(key))];
    return keys.map((key) => this.#status(key));
  }

  journal(): [ObjectKey, JournalRecord][] {
    return [...this.#context.journal.records()];
  }

  infras() {
    return this.#context.infras.list();
  }

  heldDeletions(): ObjectKey[] {
    return this.#context.brake.held();
  }

  holdDeletions(): Promise<void> {
    return this.#context.brake.hold();
  }

  releaseDeletions(): Promise<ObjectKey[]> {
    return this.#context.brake.release();
  }

  appliedGeneration(): number {
    const { generation } = this.#context.holder.head();
    let applied = generation;
    for (const [scope, intent] of this.#context.index().scopes) {
      if (!this.#scopeLane.isOwed(scope)) continue;
      const last = this.#context.store.get<{ generation: number }>(agentKeys.reached(scope))?.generation ?? 0;
      const revisions = [
        ...intent.otherRevisions,
        ...intent.units.map((unit) => unit.revision),
        ...intent.tombstones.map((tombstone) => tombstone.revision),
      ].filter((revision) => revision > last);
      applied = Math.min(applied, ...revisions.map((revision) => revision - 1));
    }
    return applied;
  }

  #makeContext(dependencies: SeekDependencies, limits: SeekLimits): SeekContext {
    const { store, clock, log, random, bootId, agentId, holder, outbox } = dependencies;
    const wake = (key: ObjectKey) => this.#units.wake(key);
    const index = () => (this.#index ??= new IntentIndex(holder));
    const isThere = (key: ObjectKey) => this.#isThere(key);
    return {
      ...dependencies,
      controllerNow: dependencies.controllerNow ?? (() => clock.now()),
      limits,
      boot: { bootId, startedAtMono: clock.mono() },
      journal: createUnitJournal({ store, bootId, clock, random, keys: agentKeys }),
      brake: new RemovalBrake({ store, clock, log, index, isThere, wake }),
      infras: new InfraSet({
        clock,
        log,
        limits,
        owner: id<OwnerId>(agentId),
        connectors: dependencies.connectors,
        onLook: (lane, changed) => this.#onLook(lane, changed),
        onReturn: (infraId) => this.#wakeReturned(infraId),
        onFacts: (infraId, state) => void this.#reportInfra(outbox, infraId, state),
        isInUse: (infraId) => this.#isInUse(infraId),
        onChange: () => this.#wakeAll(),
      }),
      index,
      memory: (key) => this.#memory(key),
      wake,
      wakeScope: (scope) => this.#scopes.wake(scope),
      wakeForCapacity: (infraId) => this.#wakeForCapacity(infraId),
    };
  }

  #memory(key: ObjectKey): UnitMemory {
    let memory = this.#memories.get(key);
    if (memory === undefined) {
      memory = { attempts: 0, notBeforeMono: 0, failure: '' };
      this.#memories.set(key, memory);
    }
    return memory;
  }

  #onIntent(keys: readonly string[] | undefined): void {
    const former = this.#index;
    this.#index = undefined;
    const index = this.#context.index();
    this.#following = this.#following
      .then(() => this.#context.infras.follow(index.infras))
      .then(() => this.#context.brake.refresh());
    if (keys === undefined) this.#wakeAll();
    else for (const key of keys) this.#wakeChanged(id<ObjectKey>(key), index);
    for (const key of this.#memories.keys())
      if (!index.units.has(key) && !index.tombstones.has(key)) this.#memories.delete(key);
    if (former !== undefined && keys === undefined) return;
    for (const scope of index.scopes.keys()) if (this.#scopeLane.isOwed(scope)) this.#scopes.wake(scope);
  }

  /** A change makes a new attempt worth while at once. */
  #wakeChanged(key: ObjectKey, index: IntentIndex): void {
    const object = this.#context.holder.object(key);
    if (object !== undefined && isOperation(object)) this.#units.wake(object.body.target);
    const memory = this.#memory(key);
    memory.notBeforeMono = 0;
    memory.attempts = 0;
    this.#units.wake(key);
    for (const dependent of index.dependents.get(key) ?? []) this.#units.wake(dependent);
  }

  #wakeAll(): void {
    const index = this.#context.index();
    for (const key of index.units.keys()) this.#units.wake(key);
    for (const key of index.tombstones.keys()) this.#units.wake(key);
    for (const key of index.operationsOn.keys()) this.#units.wake(key);
    for (const scope of index.scopes.keys()) this.#scopes.wake(scope);
  }

  #onLook(lane: InfraLane, changed: ObjectKey[]): void {
    for (const key of changed) this.#units.wake(key);
    this.#findings.review(lane);
    // The last removal may have freed an infra that the intent has left.
    if (!this.#context.index().infras.has(lane.infraId)) void this.#context.infras.follow(this.#context.index().infras);
    void this.#context.brake.refresh();
  }

  /** What was put off because the platform could not be reached is tried at once. */
  #wakeReturned(infraId: InfraId): void {
    const index = this.#context.index();
    for (const [key, memory] of this.#memories) {
      const place = index.units.get(key)?.body.infraId ?? this.#context.journal.record(key)?.infraId;
      if (place !== infraId) continue;
      if (memory.lastCode === undefined || memory.lastCode === 'PlatformUnavailable') memory.notBeforeMono = 0;
      memory.lookDueMono = undefined;
      this.#units.wake(key);
    }
  }

  #wakeForCapacity(infraId: InfraId): void {
    for (const [key, memory] of this.#memories) {
      if (memory.lastCode !== 'PlatformCapacity') continue;
      if (this.#context.index().units.get(key)?.body.infraId !== infraId) continue;
      memory.notBeforeMono = 0;
      this.#units.wake(key);
    }
  }

  async #reportInfra(
    outbox: Outbox,
    infraId: InfraId,
    state: { facts: InfraFacts | null; message: string; revision: number } | null,
  ): Promise<void> {
    try {
      await this.#context.store.transact((tx) =>
        outbox.state(tx, `infra/${infraId}`, state && { type: 'infra', infraId, ...state }),
      );
    } catch (error) {
      this.#context.log.warn({ infraId, error }, 'The state of an infra could not be stored.');
    }
  }

  #isInUse(infraId: InfraId): boolean {
    for (const [, record] of this.#context.journal.records())
      if (record.infraId === infraId && record.isKept !== true) return true;
    return false;
  }

  #isThere(key: ObjectKey): boolean {
    const record = this.#context.journal.record(key);
    if (record !== undefined) return record.isKept !== true;
    return this.#context.infras.lanes().some((lane) => (lane.view(key)?.units.length ?? 0) > 0);
  }

  #status(key: ObjectKey): UnitStatus {
    const unit = this.#context.index().units.get(key);
    const tombstone = this.#context.index().tombstones.get(key);
    const record = this.#context.journal.record(key);
    const { plan, attempts, failure } = this.#memory(key);
    const step = plan?.steps.at(-1);
    const why = step !== undefined && 'why' in step ? step.why : '';
    const isHeld = tombstone !== undefined && this.#context.brake.isHeld(tombstone);
    const phase = tombstone !== undefined ? (isHeld ? 'held' : 'removing') : (plan?.observed?.phase ?? 'pending');
    return {
      key,
      kind: unit?.body.kind ?? record?.kind ?? '',
      scope: unit?.scope ?? tombstone?.scope ?? '',
      infraId: unit?.body.infraId ?? record?.infraId ?? '',
      revision: unit?.revision ?? tombstone?.revision ?? 0,
      isReady: plan?.isReady ?? false,
      phase,
      message: plan?.isReady ? '' : failure || why,
      attempts,
      incarnation: record?.current?.incarnation ?? '',
      observed: plan?.observed ?? null,
    };
  }
}
