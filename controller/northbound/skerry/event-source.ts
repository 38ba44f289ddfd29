import type { EventTopic, SkerryEvent } from '#shared/api/skerry-events.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { Principal } from '#shared/model/identity.ts';
import type { AgentId, InfraId, NsLcmOpOccId, ProjectId } from '#shared/model/ids.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import { isVisible, visibleProject } from '../../context.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { LcmQueries, OperationView } from '../../lcm/lcm.ts';
import { clusterEvent } from './cluster-events.ts';

export interface EventDependencies {
  inventory: Pick<Inventory, 'agent' | 'infra'>;
  queries: Pick<LcmQueries, 'operation' | 'listOperations'>;
}

export interface EventFilter {
  topics: ReadonlySet<EventTopic>;
  /** Ids of resources, or of the NS instance that an operation is on; empty: all. */
  ids: ReadonlySet<string>;
  principal: Principal;
}

/** Topics whose events are read from the resource itself. */
type StoredTopic = Exclude<EventTopic, 'profile' | 'cluster' | 'application'>;

const topicOfKind: Record<string, StoredTopic> = {
  ns: 'ns',
  op: 'op',
  site: 'site',
  agent: 'agent',
  'agent-status': 'agent',
  infra: 'infra',
  'infra-status': 'infra',
};
/** Kinds of keys that move the progress of open operations without touching these. */
const progressKinds = new Set(['state', 'reached', 'unit-failure', 'one-shot', 'agent-status']);
const openStates = new Set(['PROCESSING', 'ROLLING_BACK']);
/** Summaries that are remembered to leave out events that say nothing new. */
const maxRemembered = 10_000;

/** Turns changes of the store into events for one client: what it asked for, may see and does not know yet. */
export class EventSource {
  readonly #dependencies: EventDependencies;
  readonly #filter: EventFilter;
  readonly #sent = new Map<string, string>();
  readonly #openOperations = new Set<string>();

  constructor(dependencies: EventDependencies, filter: EventFilter) {
    this.#dependencies = dependencies;
    this.#filter = filter;
  }

  /** Learns which operations are open, for their progress. */
  async start(): Promise<void> {
    if (!this.#filter.topics.has('op')) return;
    const views = await this.#dependencies.queries.listOperations(visibleProject(this.#filter.principal));
    for (const { operation } of views) if (openStates.has(operation.state)) this.#openOperations.add(operation.id);
  }

  /** Whether a change may have moved the progress of an open operation. */
  movesProgress(key: string): boolean {
    return this.#openOperations.size > 0 && progressKinds.has(kindOf(key));
  }

  async eventsOf(changes: readonly { key: string; value: unknown | undefined }[]): Promise<SkerryEvent[]> {
    const events: SkerryEvent[] = [];
    for (const { key, value } of changes) {
      const told = clusterEvent(key, value);
      if (told !== undefined && this.#filter.topics.has(told.type) && this.#isWanted(told.id) && this.#isNew(told))
        events.push(told);
      const topic = topicOfKind[kindOf(key)];
      if (topic === undefined || !this.#filter.topics.has(topic)) continue;
      const id = key.slice(key.indexOf('/') + 1);
      const event = await this.#event(topic, { id, kind: kindOf(key), value });
      if (event !== undefined && this.#isNew(event)) events.push(event);
    }
    return events;
  }

  /** Open operations whose progress differs from what was sent last. */
  async progressEvents(): Promise<SkerryEvent[]> {
    const events: SkerryEvent[] = [];
    for (const id of [...this.#openOperations]) {
      const event = await this.#operationEvent(id);
      if (event !== undefined && this.#isNew(event)) events.push(event);
    }
    return events;
  }

  async #event(
    topic: StoredTopic,
    change: { id: string; kind: string; value: unknown | undefined },
  ): Promise<SkerryEvent | undefined> {
    const { id, value } = change;
    if (value === undefined) {
      // The status of an agent or infra that goes is no event of its own.
      if (change.kind !== topic || !this.#isWanted(id)) return undefined;
      this.#openOperations.delete(id);
      return { type: topic, id, deleted: true };
    }
    switch (topic) {
      case 'ns':
        return this.#nsEvent(value as NsInstance);
      case 'op':
        return this.#isVisible(value as NsLcmOpOcc) ? this.#operationEvent(id) : undefined;
      case 'site':
        return this.#isWanted(id) ? { type: 'site', id, resource: value as object } : undefined;
      case 'agent':
        return this.#isWanted(id) ? this.#agentEvent(id) : undefined;
      case 'infra':
        return this.#isWanted(id) ? this.#infraEvent(id) : undefined;
    }
  }

  #nsEvent(ns: NsInstance): SkerryEvent | undefined {
    if (!this.#isVisible(ns) || !this.#isWanted(ns.id)) return undefined;
    const { id, name, state, nsdInfoId, nsdId, openOperationId, generation, modifiedAt } = ns;
    return { type: 'ns', id, resource: { id, name, state, nsdInfoId, nsdId, openOperationId, generation, modifiedAt } };
  }

  async #operationEvent(id: string): Promise<SkerryEvent | undefined> {
    const view = await orAbsent<OperationView>(this.#dependencies.queries.operation(id as NsLcmOpOccId));
    if (view === undefined) return undefined;
    const { operation, progress } = view;
    if (openStates.has(operation.state)) this.#openOperations.add(id);
    else this.#openOperations.delete(id);
    if (!this.#isWanted(id) && !this.#isWanted(operation.nsInstanceId)) return undefined;
    const { nsInstanceId, type, state, isCancelPending, error, explanation, startedAt, stateEnteredAt } = operation;
    const resource = { id, nsInstanceId, type, state, isCancelPending, error, explanation, startedAt, stateEnteredAt };
    return { type: 'op', id, resource: { ...resource, progress } };
  }

  async #agentEvent(id: string): Promise<SkerryEvent | undefined> {
    const agent = await orAbsent(this.#dependencies.inventory.agent(id as AgentId));
    if (agent === undefined) return undefined;
    const { name, siteId, revoked, status, versions } = agent;
    const { connected, since, alarms } = status;
    return { type: 'agent', id, resource: { id, name, siteId, revoked, connected, since, alarms, versions } };
  }

  async #infraEvent(id: string): Promise<SkerryEvent | undefined> {
    const infra = await orAbsent(this.#dependencies.inventory.infra(id as InfraId));
    if (infra === undefined) return undefined;
    const { name, siteId, agentId, kind, labels, schedulable, status, ledger } = infra;
    const { facts, message } = status;
    const resource = {
      id,
      name,
      siteId,
      agentId,
      kind,
      labels,
      schedulable,
      facts,
      message,
      reserved: ledger.reserved,
    };
    return { type: 'infra', id, resource };
  }

  #isVisible(owned: { projectId: ProjectId }): boolean {
    return isVisible(this.#filter.principal, owned);
  }

  #isWanted(id: string): boolean {
    return this.#filter.ids.size === 0 || this.#filter.ids.has(id);
  }

  #isNew(event: SkerryEvent): boolean {
    const key = `${event.type} ${event.id}`;
    const text = event.deleted ? 'deleted' : JSON.stringify(event.resource, withoutAges);
    if (this.#sent.get(key) === text) return false;
    if (this.#sent.size >= maxRemembered) this.#sent.clear();
    this.#sent.set(key, text);
    return true;
  }
}

/** Ages grow by themselves: they are told, but are no news. */
function withoutAges(name: string, value: unknown): unknown {
  return name === 'sinceMs' || name === 'ageMs' ? undefined : value;
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** What is gone when it is looked at has an event of its own. */
async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isSkerryError(error) && error.code === 'NotFound') return undefined;
    throw error;
  }
}
