import { type AgentCore, composeAgent } from '#agent/compose.ts';
import type { ConnectorRegistry } from '#agent/connectors/index.ts';
import { type AgentStore, agentKeys, openAgentStoreOn } from '#agent/store/index.ts';
import { type AgentId, id, type SiteId } from '#shared/model/ids.ts';
import type { Clock, Logger, Random, SeededRandom } from '#shared/runtime/index.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import type { Breach } from './breach.ts';
import { Conditions } from './carrier.ts';
import { Life } from './life.ts';
import { Platform } from './platform.ts';
import type { Seams } from './seams.ts';
import { type DiskFault, SimulatedDisk } from './simulated-disk.ts';
import { DiskWitness } from './witness/disk-witness.ts';
import { PlatformWitness } from './witness/platform-witness.ts';
import type { StoreWitness } from './witness/store-witness.ts';

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
  store: StoreWitness;
  seams: Seams;
}

/** A site's agent, its disk and its platform. Disk and platform outlive the process. */
export class SimulatedAgent {
  readonly agentId: AgentId;
  readonly disk = new SimulatedDisk();
  readonly conditions: Conditions;
  readonly options: SimulatedAgentOptions;
  readonly platform: Platform;
  readonly diskWitness: DiskWitness;
  readonly platformWitness: PlatformWitness;
  readonly breaches: Breach[] = [];
  /** How far its wall clock is from the true one. */
  wallOffsetMs = 0;
  /** Monotonic time at which the controller last got a frame of it. */
  lastHeardMs = 0;
  core: AgentCore | undefined;
  registry: ConnectorRegistry | undefined;
  life: Life | undefined;
  /** Called when the process dies by itself. */
  onDeath: () => void = () => undefined;
  #mustFindDamage = false;
  /** Stores that are not to be spoken for again: their disk was damaged. */
  readonly damagedStores = new Set<string>();

  constructor(options: SimulatedAgentOptions) {
    this.options = options;
    const { name, clock, random, log, store } = options;
    this.agentId = id<AgentId>(`agent-${name}`);
    this.conditions = new Conditions(random.fork());
    this.diskWitness = new DiskWitness(name);
    const { agentId, disk, diskWitness } = this;
    this.platformWitness = new PlatformWitness({ name, agentId, disk, diskWitness, store });
    this.disk.onWrite = (changes, isLie) => diskWitness.wrote(changes, isLie);
    diskWitness.onFinished = (opId) => this.#operationDone(opId);
    this.platform = new Platform({
      clock,
      random: random.fork(),
      log,
      onEntry: (infraId, entry) => this.platformWitness.entry(infraId, entry),
    });
  }

  get isAlive(): boolean {
    return this.life !== undefined && !this.life.isOver;
  }

  /** The agent dies, and something happens to its disk before it starts again. */
  strikeDisk(fault: DiskFault, random: Random): void {
    this.life?.end();
    const isDamage = this.disk.strike(fault, random) === 'damage';
    // Another disk in place of a damaged one: there is nothing to find any more.
    if (!isDamage) {
      this.#mustFindDamage = false;
      this.damagedStores.clear();
      return;
    }
    this.#mustFindDamage = true;
    this.damagedStores.add(this.diskWitness.storeId);
  }

  async start(): Promise<void> {
    const life = new Life(this.options.mayDie, () => {
      this.core = undefined;
      this.registry = undefined;
      this.onDeath();
    });
    this.life = life;
    try {
      await Promise.race([this.#boot(life), life.over]);
    } catch (error) {
      // It cannot start (a full disk): it ends, and is started again later.
      life.end();
      throw error;
    }
  }

  async #boot(life: Life): Promise<void> {
    const { seams, log, dial, siteId } = this.options;
    const plainRandom = this.options.random.fork();
    const random = seams.agentRandom?.(plainRandom) ?? plainRandom;
    const clock = life.clock(this.options.clock, () => this.wallOffsetMs);
    this.#tellWitness();
    const medium = this.disk.forLife(life);
    const seen = seams.medium?.(medium, { life, clock: this.options.clock }) ?? medium;
    const store = await openAgentStoreOn(seen, { clock, random, log });
    this.#checkHealth(store);
    const registry = this.platform.registry(life, (connector) => seams.connector?.(connector, this) ?? connector);
    const core = await composeAgent({
      store,
      connectors: registry,
      agentId: this.agentId,
      siteId,
      dial: async () => {
        await life.awake();
        const side = afterWaking(life, await dial(this));
        return seams.agentSide?.(side, this) ?? side;
      },
      controller: 'simulated',
      clock,
      random,
      log,
    });
    if (life.isOver) return;
    this.core = core;
    this.registry = registry;
    for (const component of core.components) await component.start();
  }

  #tellWitness(): void {
    const entries = this.disk.takeStrike();
    if (entries === undefined) return;
    this.diskWitness.struck(entries, (recordId) => this.options.store.isApplied(this.agentId, recordId));
  }

  /** A3: what is damaged is found at the next start; a start that died after its repair has left word of it. */
  #checkHealth(store: AgentStore): void {
    const isFound = store.health.opened !== 'clean' || store.get(agentKeys.rebirthDue) !== undefined;
    if (this.#mustFindDamage && !isFound)
      this.breaches.push({
        invariant: 'A3',
        message: `${this.options.name}: a damaged disk was taken for a whole one`,
      });
    this.#mustFindDamage = false;
  }

  /** A6, I3: a heal that is done has replaced what it names. */
  #operationDone(opId: string): void {
    const action = this.options.store.oneShots.get(opId);
    if (action?.incarnation === undefined || !this.platformWitness.isPresent(action.target, action.incarnation)) return;
    const message = `operation ${opId} is done and ${action.target}#${action.incarnation} still runs`;
    this.breaches.push({ invariant: 'I3', message: `${this.options.name}: ${message}` });
  }
}

/** Frames reach a suspended process when it wakes. */
function afterWaking(life: Life, side: AgentSide): AgentSide {
  return {
    send: (frame) => (life.isOver ? true : side.send(frame)),
    drained: () => side.drained(),
    close: (reason) => side.close(reason),
    async *receive() {
      for await (const frame of side.receive()) {
        await life.awake();
        yield frame;
      }
    },
  };
}
