import path from 'node:path';
import type { Clock } from '#shared/runtime/index.ts';
import { processSettings, type ServerProgram } from '#shared/runtime/process-flags.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { DemoLayout } from './demo-layout.ts';
import { type DemoPorts, type DemoRecord, readDemoRecord, writeDemoRecord } from './demo-record.ts';
import { type ChildState, ManagedChild, type ReadyLine } from './managed-child.ts';
import { endProcess } from './process-identity.ts';
import { type CutMode, TcpProxy } from './tcp-proxy.ts';

export interface DemoFleetOptions {
  layout: DemoLayout;
  ports: DemoPorts;
  sites: readonly string[];
  /** Root of the project: children run there. */
  projectFolder: string;
  /** What children inherit; SKERRY_… is taken out. */
  environment: Record<string, string | undefined>;
  clock: Clock;
  /** Programs to run; tests give small ones. */
  programs?: { controller: string; agent: string };
  onChange?: (child: ManagedChild, isExpected: boolean) => void;
}

export interface FleetStatus {
  home: string;
  northbound: string;
  controller: ChildStatus;
  sites: (ChildStatus & { site: string; link: 'up' | 'cut'; connections: number })[];
}

export interface ChildStatus {
  state: ChildState;
  pid: number | null;
  lastEnd: string;
  log: string;
}

interface Site {
  name: string;
  agent: ManagedChild;
  proxies: { sync: TcpProxy; enroll: TcpProxy; mqtt: TcpProxy };
}

const host = '127.0.0.1';

/** The demo's processes and links: a controller, an agent for each site, and between them proxies that can be cut. */
export class DemoFleet {
  readonly #options: DemoFleetOptions;
  readonly #controller: ManagedChild;
  readonly #sites = new Map<string, Site>();

  constructor(options: DemoFleetOptions) {
    this.#options = options;
    this.#controller = this.#child('controller', 'controller', () => ({
      SKERRY_HOME: options.layout.controllerHome,
      SKERRY_HOST: host,
      SKERRY_PORT: String(options.ports.northbound),
      SKERRY_SYNC_PORT: String(options.ports.sync),
      SKERRY_ENROLL_PORT: String(options.ports.enroll),
      SKERRY_MQTT_PORT: String(options.ports.mqtt),
      SKERRY_ADMIN_PASSWORD_FILE: options.layout.passwordFile,
    }));
    for (const name of options.sites) this.#sites.set(name, this.#site(name));
  }

  /** Ends what a killed demo left behind, and opens the links. Nothing else runs yet. */
  async prepare(): Promise<void> {
    const { layout, clock } = this.#options;
    const left = Object.values(readDemoRecord(layout.recordFile)?.processes ?? {});
    await Promise.all(left.map((identity) => endProcess(identity, clock)));
    await Promise.all([...this.#sites.values()].flatMap((site) => Object.values(site.proxies).map((p) => p.start())));
    this.#record();
  }

  startController(): Promise<ReadyLine> {
    return this.#controller.start();
  }

  startAgent(site: string): Promise<ReadyLine> {
    return this.#find(site).agent.start();
  }

  get controllerState(): ChildState {
    return this.#controller.state;
  }

  agentState(site: string): ChildState {
    return this.#find(site).agent.state;
  }

  cut(site: string, mode: CutMode = 'reset'): void {
    for (const proxy of Object.values(this.#find(site).proxies)) proxy.cut(mode);
  }

  restore(site: string): void {
    for (const proxy of Object.values(this.#find(site).proxies)) proxy.restore();
  }

  killAgent(site: string): Promise<void> {
    return kill(this.#find(site).agent);
  }

  killController(): Promise<void> {
    return kill(this.#controller);
  }

  /** Agents first: they would only complain about a controller that goes before them. */
  async stop(): Promise<void> {
    await Promise.all([...this.#sites.values()].map((site) => site.agent.stop()));
    await this.#controller.stop();
    await Promise.all([...this.#sites.values()].flatMap((site) => Object.values(site.proxies).map((p) => p.stop())));
    this.#record();
  }

  status(): FleetStatus {
    const { layout, ports } = this.#options;
    return {
      home: layout.home,
      northbound: `https://${host}:${ports.northbound}`,
      controller: this.#statusOf(this.#controller),
      sites: [...this.#sites.values()].map((site) => ({
        site: site.name,
        ...this.#statusOf(site.agent),
        link: site.proxies.sync.isCut ? 'cut' : 'up',
        connections: site.proxies.sync.connections,
      })),
    };
  }

  #statusOf(child: ManagedChild): ChildStatus {
    return {
      state: child.state,
      pid: child.identity?.pid ?? null,
      lastEnd: child.lastEnd,
      log: this.#options.layout.logFile(child.name),
    };
  }

  #site(name: string): Site {
    const { layout, ports } = this.#options;
    const proxies = {
      sync: new TcpProxy({ target: () => ({ host, port: ports.sync }) }),
      enroll: new TcpProxy({ target: () => ({ host, port: ports.enroll }) }),
      mqtt: new TcpProxy({ target: () => ({ host, port: ports.mqtt }) }),
    };
    const address = (proxy: TcpProxy) => `${proxy.address.host}:${proxy.address.port}`;
    const agent = this.#child(name, 'agent', () => ({
      SKERRY_HOME: layout.siteHome(name),
      SKERRY_JOIN_TOKEN_FILE: layout.joinTokenFile(name),
      SKERRY_AGENT_SOCKET: layout.agentSocket(name),
      SKERRY_SYNC_ADDRESS: address(proxies.sync),
      SKERRY_ENROLL_ADDRESS: address(proxies.enroll),
      SKERRY_MQTT_ADDRESS: address(proxies.mqtt),
    }));
    return { name, agent, proxies };
  }

  #child(name: string, program: ServerProgram, settings: () => Record<string, string>): ManagedChild {
    const { layout, projectFolder, environment, clock, programs } = this.#options;
    const file = programs?.[program] ?? `${program}/main.ts`;
    const node = processSettings[program];
    const inherited = Object.fromEntries(
      Object.entries(environment).filter(([key]) => !key.startsWith('SKERRY_') || key === 'SKERRY_LOG_LEVEL'),
    );
    return new ManagedChild({
      name,
      command: [process.execPath, ...node.flags, path.resolve(projectFolder, file)],
      folder: projectFolder,
      // Read when it starts: the links have their ports by then.
      environment: () => ({
        ...inherited,
        ...node.environment,
        NODE_COMPILE_CACHE: path.join(projectFolder, 'node_modules', '.cache', 'skerry'),
        ...settings(),
      }),
      logFile: layout.logFile(name),
      clock,
      onChange: (child, isExpected) => {
        this.#record();
        this.#options.onChange?.(child, isExpected);
      },
    });
  }

  #find(name: string): Site {
    const site = this.#sites.get(name);
    if (site === undefined) {
      const names = [...this.#sites.keys()].join(', ');
      throw new CliError(exitCodes.notFound, `the demo has no site ${name}`, `it has ${names}`);
    }
    return site;
  }

  #record(): void {
    const record: DemoRecord = { ports: this.#options.ports, sites: [...this.#options.sites], processes: {} };
    for (const child of [this.#controller, ...[...this.#sites.values()].map((site) => site.agent)])
      if (child?.identity !== undefined) record.processes[child.name] = child.identity;
    writeDemoRecord(this.#options.layout.recordFile, record);
  }
}

async function kill(child: ManagedChild): Promise<void> {
  if (child.state === 'stopped') {
    throw new CliError(exitCodes.conflict, `${child.name} does not run`, 'bring it back with `skerry demo revive`');
  }
  await child.kill();
}
