import type { ConnectorRegistry, SimulatedControl, WorldEntry } from '#agent/connectors/index.ts';
import { createMemoryWorldFile, openSimulatedInfra } from '#agent/connectors/simulated/index.ts';
import type { CallContext, Connector, InfraConfig } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Clock, Logger, SeededRandom } from '#shared/runtime/index.ts';
import type { Life } from './life.ts';

export interface PlatformOptions {
  clock: Clock;
  random: SeededRandom;
  log: Logger;
  /** Told of every change of a world, before anybody else learns of it. */
  onEntry: (infraId: InfraId, entry: WorldEntry) => void;
}

/** A call that lands late is through after this. */
const landingMs = 1_000;

interface Infra {
  connector: Connector;
  control: SimulatedControl;
}

/**
 * The platforms of one site. They outlive every agent and have a clock of their own; a call that was under way when its caller
 * died or gave up may still land, at most `settleMs` later.
 */
export class Platform {
  readonly #options: PlatformOptions;
  readonly #infras = new Map<InfraId, Promise<Infra>>();
  readonly #open = new Map<InfraId, Infra>();
  /** Calls that the platform keeps back until their caller has given up. */
  lateCalls = 0;

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  get controls(): readonly [InfraId, SimulatedControl][] {
    return [...this.#open].map(([infraId, { control }]) => [infraId, control]);
  }

  /** The way of one life of the agent to its platforms. */
  registry(life: Life, wrap: (connector: Connector) => Connector): ConnectorRegistry {
    return {
      open: async (infra) => wrap(this.#forLife(life, (await life.effect(() => this.#infra(infra))).connector)),
      simulated: (infraId) => this.#open.get(infraId)?.control,
      simulatedOrders: () => undefined,
    };
  }

  #infra(infra: InfraConfig): Promise<Infra> {
    const { clock, random, log, onEntry } = this.#options;
    let opening = this.#infras.get(infra.infraId);
    if (opening === undefined) {
      const file = createMemoryWorldFile();
      const worldFile = {
        ...file,
        append: (entry: WorldEntry) => {
          onEntry(infra.infraId, entry);
          return file.append(entry);
        },
      };
      opening = openSimulatedInfra({ infra, worldFolder: '', worldFile, clock, random, log, crash: () => undefined });
      this.#infras.set(infra.infraId, opening);
      void opening.then((opened) => this.#open.set(infra.infraId, opened));
    }
    return opening;
  }

  #forLife(life: Life, connector: Connector): Connector {
    let isClosed = false;
    // A platform hears that its caller is gone.
    const gone = new AbortController();
    void life.over.then(() => gone.abort(new Error('The caller is gone')));
    const call = <T>(context: CallContext, act: (context: CallContext) => Promise<T>): Promise<T> => {
      if (isClosed) return Promise.reject(new SkerryError('Aborted', 'The connector is closed'));
      return life.effect(() => act({ ...context, signal: AbortSignal.any([context.signal, gone.signal]) }));
    };
    const { settleMs } = connector.manifest;
    return {
      manifest: connector.manifest,
      parseSpec: (kind, input) => connector.parseSpec(kind, input),
      probe: (context) => call(context, (own) => connector.probe(own)),
      observe: (context, owner) => call(context, (own) => connector.observe(own, owner)),
      ensure: (context, unit) =>
        call(context, (own) => this.#perhapsLate(own, settleMs, (late) => connector.ensure(late, unit))),
      remove: (context, unit) =>
        call(context, (own) => this.#perhapsLate(own, settleMs, (late) => connector.remove(late, unit))),
      act: (context, unit, action) => call(context, (own) => connector.act!(own, unit, action)),
      watch: (context, owner, wake) =>
        connector.watch!(context, owner, (key) => {
          if (!life.isOver) wake(key);
        }),
      alarms: (context, owner) => call(context, (own) => connector.alarms!(own, owner)),
      close: async () => {
        isClosed = true;
      },
    };
  }

  /** The hard case of a real platform: nothing is heard of the call, and then it acts although nobody waits any more. */
  async #perhapsLate<T>(context: CallContext, settleMs: number, act: (context: CallContext) => Promise<T>): Promise<T> {
    if (this.lateCalls === 0) return act(context);
    this.lateCalls -= 1;
    const { clock, random } = this.#options;
    const afterMs = Math.floor(random.next() * (settleMs - landingMs));
    await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
    // What holds up the landing itself keeps it from landing.
    const landing = new AbortController();
    clock.timer(afterMs + landingMs, () => landing.abort());
    clock.timer(afterMs, () => void act({ ...context, signal: landing.signal }).catch(() => undefined));
    throw new SkerryError('PlatformInDoubt', 'The platform did not answer in time');
  }
}
