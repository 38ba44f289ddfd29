import type { CatalogModels } from '#controller/catalog/catalog.ts';
import { type ControllerCore, composeCore } from '#controller/compose.ts';
import type { RequestContext } from '#controller/context.ts';
import { keys } from '#controller/keys.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { SiteId } from '#shared/model/ids.ts';
import type { Agent } from '#shared/model/inventory.ts';
import { type Logger, SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore, MemoryDisk } from '#shared/store/index.ts';
import type { Store } from '#shared/store/store.ts';
import { createInProcessChannel, type InProcessChannel } from '#shared/wire/in-process-channel.ts';
import { sampleCatalog } from '../scenarios/lcm/sample-models.ts';
import { underConditions } from './carrier.ts';
import { Life } from './life.ts';
import type { Seams } from './seams.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import type { DiskWitness } from './witness/disk-witness.ts';
import { StoreWitness } from './witness/store-witness.ts';

export const operator = {
  principal: { userId: 'u1', username: 'ada', projectId: 'p1', roles: [], permissions: new Set(['*']) },
  requestId: 'r1',
} as unknown as RequestContext;

/** Chances per step; all zero once the faults have stopped. */
export interface FaultRates {
  agentDies: number;
  controllerDies: number;
  frameCuts: number;
  lateFrames: number;
}

export interface FleetOptions {
  log?: Logger;
  seams?: Seams;
  /** Absent: the sample catalogue. */
  models?: CatalogModels;
}

/** A controller and its agents in one process, on one virtual clock, from one seed. */
export class SimulatedFleet {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly disk = new MemoryDisk();
  readonly agents = new Map<string, SimulatedAgent>();
  readonly rates: FaultRates = { agentDies: 0, controllerDies: 0, frameCuts: 0, lateFrames: 0 };
  readonly unreachable = new Set<string>();
  readonly storeWitness: StoreWitness;
  /** Deaths, for the record of a run. */
  deaths = { agents: 0, controllers: 0 };
  /** How far the controller's wall clock is from the true one. */
  controllerWallOffsetMs = 0;
  controller: { core: ControllerCore; store: Store; life: Life } | undefined;
  readonly #channels = new Map<SimulatedAgent, InProcessChannel>();
  readonly #log: Logger;
  readonly #seams: Seams;
  readonly #models: CatalogModels;
  readonly #diskWitnesses = new Map<string, DiskWitness>();

  constructor(seed: number, options: FleetOptions = {}) {
    this.random = new SeededRandom(seed);
    this.#log = options.log ?? silentLogger;
    this.#seams = options.seams ?? {};
    this.#models = options.models ?? sampleCatalog();
    this.storeWitness = new StoreWitness(this.#diskWitnesses);
  }

  async startController(): Promise<void> {
    const life = new Life(
      () => this.random.next() < this.rates.controllerDies,
      () => {
        this.deaths.controllers += 1;
        this.controller = undefined;
        for (const channel of this.#channels.values()) channel.cut();
      },
    );
    await Promise.race([this.#boot(life), life.over]);
  }

  async #boot(life: Life): Promise<void> {
    const watched = this.storeWitness.watch(createMemoryStore({ disk: this.disk }));
    const store = life.store(this.#seams.store?.(watched, { life, clock: this.clock }) ?? watched);
    const core = await composeCore({
      store,
      models: this.#models,
      notifier: { stage: async () => [] },
      clock: life.clock(this.clock, () => this.controllerWallOffsetMs),
      random: this.random.fork(),
      log: this.#log.child({ process: 'controller' }),
      listeners: [],
    });
    this.#seams.core?.(core);
    for (const component of core.components) await component.start();
    if (!life.isOver) this.controller = { core, store, life };
  }

  /** The NSD that every service is made of; its content is the sample catalogue's. */
  async onboard(): Promise<void> {
    const nsd = await this.#models.resolveNsd('');
    await this.living().store.commit([{ key: keys.nsd(nsd.id), value: nsd }]);
  }

  /** Registers a site with one agent and one simulated infra, as an installer would. */
  async addSite(name: string, vcpus: number): Promise<void> {
    const { core, store } = this.living();
    const site = await core.inventory.createSite(operator, { name });
    const agent = new SimulatedAgent({
      name,
      siteId: site.id,
      clock: this.clock,
      random: this.random,
      log: this.#log.child({ process: name }),
      dial: (dialling) => this.#dial(dialling, site.id),
      mayDie: () => this.random.next() < this.rates.agentDies,
      store: this.storeWitness,
      seams: this.#seams,
    });
    agent.onDeath = () => {
      this.deaths.agents += 1;
      this.#channels.get(agent)?.cut();
    };
    this.agents.set(name, agent);
    this.#diskWitnesses.set(agent.agentId, agent.diskWitness);
    await store.commit([{ key: keys.agent(agent.agentId), value: enrolled(agent, site.id, this.clock.now()) }]);
    await core.inventory.createInfra(operator, {
      name: `infra-${name}`,
      agentId: agent.agentId,
      kind: 'simulated',
      settings: {
        capacity: { vcpus, memoryMib: 262_144, storageGib: 4_000 },
        latencyMs: { call: 20, boot: 1_500 },
        settleMs: 60_000,
      },
    });
    await agent.start();
  }

  living(): { core: ControllerCore; store: Store; life: Life } {
    if (this.controller === undefined) throw new SkerryError('Unavailable', 'the controller is down');
    return this.controller;
  }

  cut(name: string): void {
    this.unreachable.add(name);
    const agent = this.agents.get(name);
    if (agent !== undefined) this.#channels.get(agent)?.cut();
  }

  async #dial(agent: SimulatedAgent, siteId: SiteId) {
    const { controller } = this;
    if (this.unreachable.has(agent.options.name) || controller === undefined)
      throw new SkerryError('Unavailable', 'no way to the controller');
    this.#channels.get(agent)?.cut();
    // Most links are quick; some are by satellite, or worse.
    const delayMs = 1 + Math.floor(this.random.next() ** 8 * 10_000);
    const channel = createInProcessChannel({
      clock: this.clock,
      delayMs,
      cutsAt: () => this.random.next() < this.rates.frameCuts,
    });
    this.#channels.set(agent, channel);
    agent.conditions.lateRate = this.rates.lateFrames;
    const ends = underConditions(channel, agent.conditions, () => {
      agent.lastHeardMs = this.clock.mono();
    });
    void controller.core.link.accept(ends.controller, { agentId: agent.agentId, siteId });
    return ends.agent;
  }

  /** Starts again whatever is dead. */
  async reviveAll(): Promise<void> {
    if (this.controller === undefined) await this.startController();
    for (const agent of this.agents.values()) if (!agent.isAlive) await agent.start();
  }

  /** Every fault ends: links flow, disks have room, clocks are right, platforms answer. */
  async endFaults(): Promise<void> {
    Object.assign(this.rates, { agentDies: 0, controllerDies: 0, frameCuts: 0, lateFrames: 0 });
    this.unreachable.clear();
    for (const agent of this.agents.values()) {
      agent.disk.isFull = false;
      agent.wallOffsetMs = 0;
      agent.conditions.flow();
      agent.conditions.lateRate = 0;
      agent.platform.lateCalls = 0;
      // A disk that lies cannot be trusted until it was opened again.
      if (agent.disk.medium.losesWrites) agent.life?.end();
      agent.life?.resume();
      for (const [, control] of agent.platform.controls) await control.release();
    }
    this.controllerWallOffsetMs = 0;
    await this.reviveAll();
  }

  /** Passes time; group commits and looks take turns of the event loop, though no time. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (let turn = 0; turn < 10; turn += 1) await this.clock.settle();
  }
}

function enrolled(agent: SimulatedAgent, siteId: SiteId, now: number): Agent {
  return {
    id: agent.agentId,
    siteId,
    name: agent.options.name,
    keyFingerprint: '',
    certificate: { serial: '', notAfter: 0 },
    revoked: false,
    enrolledAt: now,
    storeId: '',
    sessionEpoch: 0,
    versions: { agent: '', protocol: 1 },
  };
}
