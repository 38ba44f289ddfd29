import { type AgentCore, composeAgent } from '#agent/compose.ts';
import { type ConnectorRegistry, createConnectorRegistry, type WorldFile } from '#agent/connectors/index.ts';
import { createMemoryWorldFile } from '#agent/connectors/simulated/index.ts';
import { type MemoryMedium, memoryMedium, openAgentStoreOn } from '#agent/store/index.ts';
import { type AgentId, type InfraId, id, type SiteId } from '#shared/model/ids.ts';
import type { Clock, Logger, SeededRandom } from '#shared/runtime/index.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import { Life, never } from './life.ts';

export interface SimulatedAgentOptions {
  name: string;
  siteId: SiteId;
  clock: Clock;
  random: SeededRandom;
  log: Logger;
  /** Opens a carrier, or throws Unavailable. */
  dial: (agent: SimulatedAgent) => Promise<AgentSide>;
  /** Asked at every step: does the process die here? */
  mayDie: () => boolean;
}

/** A site's agent, its disk and its platform. Disk and platform outlive the process. */
export class SimulatedAgent {
  readonly agentId: AgentId;
  readonly disk: MemoryMedium = memoryMedium();
  readonly worlds = new Map<InfraId, WorldFile>();
  readonly options: SimulatedAgentOptions;
  core: AgentCore | undefined;
  registry: ConnectorRegistry | undefined;
  life: Life | undefined;
  /** Called when the process dies by itself. */
  onDeath: () => void = () => undefined;

  constructor(options: SimulatedAgentOptions) {
    this.options = options;
    this.agentId = id<AgentId>(`agent-${options.name}`);
  }

  get isAlive(): boolean {
    return this.life !== undefined && !this.life.isOver;
  }

  async start(): Promise<void> {
    const life = new Life(this.options.mayDie, () => {
      this.core = undefined;
      this.registry = undefined;
      this.onDeath();
    });
    this.life = life;
    await Promise.race([this.#boot(life), life.over]);
  }

  async #boot(life: Life): Promise<void> {
    const clock = life.clock(this.options.clock);
    const random = this.options.random.fork();
    const { log } = this.options;
    this.disk.beforeWrite = () => life.step();
    const store = await openAgentStoreOn(this.disk, { clock, random, log });
    const registry = createConnectorRegistry({
      home: '/nowhere',
      clock,
      random,
      log,
      crash: () => life.step(),
      worldFileOf: (infraId) => this.#world(infraId, life),
    });
    const core = await composeAgent({
      store,
      connectors: registry,
      agentId: this.agentId,
      siteId: this.options.siteId,
      dial: () => (life.isOver ? never() : this.options.dial(this)),
      controller: 'simulated',
      clock,
      random,
      log,
    });
    for (const component of core.components) await component.start();
    if (life.isOver) return;
    this.core = core;
    this.registry = registry;
  }

  /** The platform's memory: a dead process cannot write to it any more. */
  #world(infraId: InfraId, life: Life): WorldFile {
    const world = this.worlds.get(infraId) ?? createMemoryWorldFile();
    this.worlds.set(infraId, world);
    return {
      load: () => world.load(),
      append: (entry) => (life.isOver ? never() : world.append(entry)),
      snapshot: (snapshot) => (life.isOver ? never() : world.snapshot(snapshot)),
      close: async () => undefined,
    };
  }
}
