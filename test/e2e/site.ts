import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createLocalClient, type LocalClient } from '#agent/local/index.ts';
import { type CutMode, type ManagedChild, TcpProxy } from '#controller/cli/index.ts';
import { type Effects, readEffects } from './effects.ts';

type Service = 'sync' | 'enroll' | 'mqtt';

export interface SiteOptions {
  name: string;
  home: string;
  portOf: (service: Service) => { host: string; port: number };
  child: (settings: () => Record<string, string>) => ManagedChild;
}

/** One site of a rig: an agent process, its link to the controller, and what stands on its platform. */
export class Site {
  readonly name: string;
  readonly home: string;
  readonly agent: ManagedChild;
  readonly socketPath: string;
  agentId = '';
  infraId = '';
  readonly #links: Record<Service, TcpProxy>;
  #extra: Record<string, string> = {};

  constructor({ name, home, portOf, child }: SiteOptions) {
    this.name = name;
    this.home = home;
    this.socketPath = path.join(home, 'agent.sock');
    const link = (service: Service) => new TcpProxy({ target: () => portOf(service) });
    this.#links = { sync: link('sync'), enroll: link('enroll'), mqtt: link('mqtt') };
    this.agent = child(() => ({
      SKERRY_HOME: home,
      SKERRY_SYNC_ADDRESS: this.addressOf('sync'),
      SKERRY_ENROLL_ADDRESS: this.addressOf('enroll'),
      SKERRY_MQTT_ADDRESS: this.addressOf('mqtt'),
      ...this.#extra,
    }));
  }

  /** The site's end of its link. */
  addressOf(service: Service): string {
    const { host, port } = this.#links[service].address;
    return `${host}:${port}`;
  }

  async openLinks(): Promise<void> {
    await Promise.all(Object.values(this.#links).map((link) => link.start()));
  }

  /** @param extra environment of this start only, such as the join token of the first */
  async start(extra: Record<string, string> = {}): Promise<void> {
    this.#extra = extra;
    const ready = await this.agent.start();
    this.agentId = String(ready['agentId']);
  }

  async stop(): Promise<void> {
    await this.agent.stop();
    await Promise.all(Object.values(this.#links).map((link) => link.stop()));
  }

  /** `reset`: connections end and new ones are refused. `silent`: they stand, and nothing passes. */
  cut(mode: CutMode = 'reset'): void {
    for (const link of Object.values(this.#links)) link.cut(mode);
  }

  restore(): void {
    for (const link of Object.values(this.#links)) link.restore();
  }

  /** The agent's own API on its socket: works with the link cut. */
  get local(): LocalClient {
    return createLocalClient(this.socketPath);
  }

  effects(): Effects {
    return readEffects(this.home);
  }

  /** An order to the simulated platform: fault, release, kill, drift, delete, alarm. */
  order(verb: Parameters<LocalClient['simulated']>[1], body: object = {}): Promise<unknown> {
    return this.local.simulated(this.infraId, verb, body);
  }

  /** Looks at the site itself until `check` gives a value: with its link cut, no event of the controller tells of it. */
  async until<T>(what: string, check: () => Promise<T | undefined> | T | undefined, timeoutMs = 15_000): Promise<T> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = await check();
      if (found !== undefined) return found;
      if (performance.now() > end) throw new Error(`after ${timeoutMs / 1000} s it is not so that ${what}`);
      await pause(20);
    }
  }

  /** Until so many units stand, of each kind, all ready by the agent's own account. */
  standing(kinds: Record<string, number>, timeoutMs?: number): Promise<Effects> {
    const wanted = JSON.stringify(Object.entries(kinds).sort());
    return this.until(
      `${this.name} has ${JSON.stringify(kinds)}`,
      async () => {
        const effects = this.effects();
        if (JSON.stringify(Object.entries(effects.kinds()).sort()) !== wanted) return undefined;
        return (await this.local.units()).every((unit) => unit.isReady) ? effects : undefined;
      },
      timeoutMs,
    );
  }
}
