import type { CatalogModels } from '#controller/catalog/catalog.ts';
import type { RequestContext } from '#controller/context.ts';
import { createIntentBook, type LinkedIntentBook } from '#controller/intent-book/index.ts';
import { createInventory, type InfraView, type InventoryRoom } from '#controller/inventory/index.ts';
import { keys } from '#controller/keys.ts';
import { createLcm, type LcmRoom } from '#controller/lcm/index.ts';
import type { NotificationEvent } from '#controller/notify/notifier.ts';
import type { Resources } from '#shared/connector/index.ts';
import type { ChartSource } from '#shared/model/charts.ts';
import { type AgentId, id, type NsInstanceId, type NsLcmOpOccId } from '#shared/model/ids.ts';
import type { Agent, Allocation, Infra, Ledger } from '#shared/model/inventory.ts';
import type { NsInstance, NsLcmOpOcc, OperationState } from '#shared/model/ns-lcm.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore, MemoryDisk } from '#shared/store/index.ts';
import type { Change, CommitOptions, Store } from '#shared/store/store.ts';
import { sampleCatalog } from './sample-models.ts';
import { ScriptedAgent } from './scripted-agent.ts';

export interface FleetOptions {
  sites?: string[];
  capacity?: Resources;
  catalog?: CatalogModels;
  cancelGraceMs?: number;
  charts?: ChartSource;
}

/** Who asks in these scenarios. */
export const request = {
  principal: { userId: 'u1', username: 'ada', projectId: 'p1', roles: [], permissions: new Set(['*']) },
  requestId: 'r1',
} as unknown as RequestContext;

/** A controller's engines over a memory store, and agents that answer when told to. Can be killed and started again. */
export class Fleet {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(1);
  readonly disk = new MemoryDisk();
  readonly agents = new Map<string, ScriptedAgent>();
  readonly events: NotificationEvent[] = [];
  readonly #catalog: CatalogModels;
  readonly #cancelGraceMs: number;
  readonly #charts: ChartSource | undefined;
  store!: Store;
  book!: LinkedIntentBook;
  lcm!: LcmRoom;
  room!: InventoryRoom;
  /** Commits that may still happen before the controller "dies"; undefined: no limit. */
  commitsLeft: number | undefined;
  /** Told of every commit that the controller makes. */
  onCommit: () => unknown = () => undefined;

  constructor(options: FleetOptions) {
    this.#catalog = options.catalog ?? sampleCatalog();
    this.#cancelGraceMs = options.cancelGraceMs ?? 10_000;
    this.#charts = options.charts;
  }

  static async open(options: FleetOptions = {}): Promise<Fleet> {
    const fleet = new Fleet(options);
    await fleet.boot();
    const nsd = await fleet.#catalog.resolveNsd('');
    await fleet.store.commit([{ key: keys.nsd(nsd.id), value: nsd }]);
    for (const site of options.sites ?? ['site-a', 'site-b', 'site-c'])
      await fleet.addSite(site, options.capacity ?? { vcpus: 16, memoryMib: 65_536, storageGib: 1_000 });
    return fleet;
  }

  /** Starts the controller anew on the same disk: nothing of the former one's memory is left. */
  async boot(): Promise<void> {
    this.commitsLeft = undefined;
    this.store = this.#mortal(createMemoryStore({ disk: this.disk }));
    const { store, clock, random } = this;
    const log = silentLogger;
    this.book = await createIntentBook({ store, random, clock, log });
    const notifier = {
      stage: async (events: NotificationEvent[]) => {
        this.events.push(...events);
        return [];
      },
    };
    const policy = { cancelGraceMs: this.#cancelGraceMs };
    const { book } = this;
    const charts = this.#charts === undefined ? {} : { charts: this.#charts };
    const lcm = createLcm({ store, book, catalog: this.#catalog, notifier, clock, random, log, policy, ...charts });
    this.lcm = lcm;
    this.room = createInventory({ store, book, clock, random, log, wake: lcm.wake, wakeOpen: lcm.wakeOpen });
    await this.room.start();
    await lcm.start();
    for (const agent of this.agents.values()) await this.room.sink.connection(agent.id, true);
  }

  async stop(): Promise<void> {
    await this.lcm.stop();
    await this.room.stop();
    await this.store.close();
  }

  /** Dies without a word, then starts again. */
  async reboot(): Promise<void> {
    this.commitsLeft = 0;
    await this.lcm.stop();
    await this.boot();
  }

  async addSite(name: string, capacity: Resources): Promise<void> {
    const { inventory, sink } = this.room;
    const site = await inventory.createSite(request, { name });
    const agentId = id<AgentId>(`agent-${name}`);
    const agent: Agent = {
      id: agentId,
      siteId: site.id,
      name: `agent-${name}`,
      keyFingerprint: '',
      certificate: { serial: '', notAfter: 0 },
      revoked: false,
      enrolledAt: this.clock.now(),
      storeId: 'store-1',
      sessionEpoch: 1,
      versions: { agent: '1', protocol: 1 },
    };
    await this.store.commit([{ key: keys.agent(agentId), value: agent }]);
    this.agents.set(name, new ScriptedAgent(agentId));
    await sink.connection(agentId, true);
    const infra = await inventory.createInfra(request, { name: `infra-${name}`, agentId, kind: 'simulated' });
    await this.reportCapacity(name, infra, capacity);
  }

  /** What a site's agent says of an infra, its own or not. */
  async reportCapacity(site: string, infra: Infra, total: Resources): Promise<void> {
    const facts = {
      kind: 'simulated',
      version: '1',
      features: ['compute', 'network', 'volume', 'affinity-group', 'helm-release'],
      zones: [],
      images: ['cirros'],
      capacity: { total, used: { vcpus: 0, memoryMib: 0, storageGib: 0 } },
      healthy: true,
    };
    const body = { type: 'infra' as const, infraId: infra.id, facts, message: '' };
    await this.agent(site).send(this.side(), [], [{ key: `infra/${infra.id}`, seq: 1, at: this.clock.now(), body }]);
  }

  agent(site: string): ScriptedAgent {
    const agent = this.agents.get(site);
    if (agent === undefined) throw new Error(`no site ${site}`);
    return agent;
  }

  side() {
    return { store: this.store, book: this.book, sink: this.room.sink };
  }

  /** These sites (all, when none is named) look at their intent and answer; then the reconcilers run out. */
  async answer(...sites: string[]): Promise<void> {
    for (const site of sites.length > 0 ? sites : this.agents.keys()) await this.agent(site).answer(this.side());
    await this.lcm.idle();
  }

  async createNs(name = 'ns1'): Promise<NsInstanceId> {
    const ns = await this.lcm.commands.createNs(request, { nsdId: 'nsd-1', nsName: name });
    return ns.id;
  }

  /** Created, instantiated over all three sites, reached. */
  async instantiated(name = 'ns1'): Promise<NsInstanceId> {
    const nsId = await this.createNs(name);
    await this.lcm.commands.instantiate(request, nsId, { additionalParamsForNs: { hostname: name } });
    await this.answer();
    return nsId;
  }

  async ns(nsId: NsInstanceId): Promise<NsInstance> {
    const entry = await this.store.get<NsInstance>(keys.ns(nsId));
    if (entry === undefined) throw new Error(`no NS ${nsId}`);
    return entry.value;
  }

  async operation(opId: NsLcmOpOccId): Promise<NsLcmOpOcc> {
    const entry = await this.store.get<NsLcmOpOcc>(keys.operation(opId));
    if (entry === undefined) throw new Error(`no operation ${opId}`);
    return entry.value;
  }

  async state(operation: NsLcmOpOcc): Promise<OperationState> {
    return (await this.operation(operation.id)).state;
  }

  async infraOf(site: string): Promise<InfraView> {
    return await this.room.inventory.infra(`infra-${site}`);
  }

  async reserved(site: string): Promise<Resources> {
    const infra = await this.infraOf(site);
    const entry = await this.store.get<Ledger>(keys.ledger(infra.id));
    return entry?.value.reserved ?? { vcpus: 0, memoryMib: 0, storageGib: 0 };
  }

  /** I7: the ledger is the sum of its allocations. */
  async ledgerIsSum(site: string): Promise<boolean> {
    const infra = await this.infraOf(site);
    const allocations = await this.store.range<Allocation>({ prefix: keys.allocation(infra.id, '') });
    const sum = allocations.reduce((total, entry) => total + entry.value.amount.vcpus, 0);
    return sum === (await this.reserved(site)).vcpus;
  }

  #mortal(store: Store): Store {
    const commit = async (changes: readonly Change[], options?: CommitOptions) => {
      if (this.store !== mortal) throw new Error('this controller is dead');
      if (this.commitsLeft === 0) throw new Error('the controller died before this commit');
      if (this.commitsLeft !== undefined) this.commitsLeft -= 1;
      await this.onCommit();
      return await store.commit(changes, options);
    };
    const mortal: Store = new Proxy(store, {
      get(target, name) {
        if (name === 'commit') return commit;
        const member = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    return mortal;
  }
}
