import { type Crash, createConnectorRegistry, type SimulatedControl, type WorldFile } from '#agent/connectors/index.ts';
import { createMemoryWorldFile } from '#agent/connectors/simulated/index.ts';
import { createHealingPolicy } from '#agent/policy/index.ts';
import { createOutbox } from '#agent/report/index.ts';
import { createSeek, type Seek, type SeekLimits } from '#agent/seek/index.ts';
import { type AgentStore, agentKeys, type MemoryMedium, memoryMedium, openAgentStoreOn } from '#agent/store/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import { silentLogger } from '#shared/runtime/index.ts';
import { SeededRandom } from '#shared/runtime/seeded-random.ts';
import { VirtualClock } from '#shared/runtime/virtual-clock.ts';
import type { ReportBody, ReportStream, StateBody } from '#shared/wire/frames.ts';
import { infraId, ScriptedIntent } from './scripted-intent.ts';

/**
 * One site without a controller: the agent's store, outbox and seek over a simulated infra. Disk and platform outlive the
 * agent, which can die at any moment and be started again.
 */
export class SimulatedSite {
  readonly clock = new VirtualClock();
  readonly medium: MemoryMedium = memoryMedium();
  worldFile: WorldFile = createMemoryWorldFile();
  limits: Partial<SeekLimits> = { callTimeoutMs: 10_000 };
  /** Asked at every point where a process may die; see `crashAt`. */
  crash: Crash = () => {};
  store!: AgentStore;
  intent!: ScriptedIntent;
  seek!: Seek;
  boots = 0;
  readonly #random: SeededRandom;
  #registry: ReturnType<typeof createConnectorRegistry> | undefined;

  constructor(seed = 1) {
    this.#random = new SeededRandom(seed);
  }

  async boot(): Promise<void> {
    const { clock } = this;
    const random = this.#random.fork();
    const log = silentLogger;
    const bootId = `boot-${++this.boots}`;
    const { crash } = this;
    this.store = await openAgentStoreOn(this.medium, { clock, random, log });
    this.intent = new ScriptedIntent(this.store);
    const outbox = createOutbox({ store: this.store, clock, random, log });
    this.#registry = createConnectorRegistry({
      home: '/nowhere',
      clock,
      random,
      log,
      crash,
      worldFileOf: () => this.worldFile,
    });
    this.seek = createSeek({
      store: this.store,
      holder: this.intent,
      outbox,
      connectors: this.#registry,
      policy: createHealingPolicy({ clock, bootId }),
      siteId: 'site-a',
      agentId: 'agent-a',
      bootId,
      clock,
      random,
      log,
      limits: this.limits,
    });
    await this.seek.start();
    await this.quiet();
  }

  async stop(): Promise<void> {
    await this.seek.stop();
    await this.store.close();
  }

  get control(): SimulatedControl {
    return this.controlOf(infraId);
  }

  controlOf(infra: InfraId): SimulatedControl {
    const control = this.#registry?.simulated(infra);
    if (control === undefined) throw new Error(`the simulated infra ${infra} is not open`);
    return control;
  }

  /** Until everything that needs no time has been done. */
  async quiet(): Promise<void> {
    // Group commits and looks take turns of the event loop, though no time.
    for (let turn = 0; turn < 40; turn += 1) await this.clock.settle();
  }

  /** Passes time. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.quiet();
  }

  reports<T extends ReportBody['type']>(stream: ReportStream, type: T): Extract<ReportBody, { type: T }>[] {
    const records = [...this.store.range<{ body: ReportBody }>(agentKeys.outboxPrefix(stream))];
    return records
      .map(([, record]) => record.body)
      .filter((body): body is Extract<ReportBody, { type: T }> => body.type === type);
  }

  state(key: string): StateBody | null | undefined {
    return this.store.get<{ body: StateBody | null }>(agentKeys.state(key))?.body;
  }

  /** What calls did on the platform, by object key: one entry per incarnation. */
  effects(): Record<string, { incarnation: string; creates: number; removes: number }[]> {
    const found: Record<string, { incarnation: string; creates: number; removes: number }[]> = {};
    for (const [name, { creates, removes }] of Object.entries(this.control.world().effects)) {
      const [objectKey = '', incarnation = ''] = name.split('#');
      found[objectKey] = [...(found[objectKey] ?? []), { incarnation, creates, removes }];
    }
    return found;
  }
}
