import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalClient } from '#agent/local/index.ts';
import { createLocalClient } from '#agent/local/index.ts';
import { SkerryApi } from '#controller/cli/api.ts';
import { ChangeFeed } from '#controller/cli/change-feed.ts';
import { ManagedChild } from '#controller/cli/demo/managed-child.ts';
import { type CutMode, TcpProxy } from '#controller/cli/index.ts';
import { onboardAll, openPackageSource } from '#controller/cli/package-source.ts';
import { systemClock as clock } from '#shared/runtime/index.ts';
import { processSettings, type ServerProgram } from '#shared/runtime/process-flags.ts';
import { OperationWatch } from './operation-watch.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const samplesFolder = path.join(projectFolder, 'deploy', 'samples');
const host = '127.0.0.1';
export const password = 'bench-bench-bench';

export interface TestbedOptions {
  /** Agents, one at a site each, each with one simulated infra that answers at once. */
  agentCount?: number;
  isPlainHttp?: boolean;
  /** Further environment of the agents. */
  agentEnvironment?: Record<string, string>;
  /** What runs: the bundle, as in a release (default), or the TypeScript source, as in the demo. */
  build?: Build;
}

export type Build = 'bundle' | 'source';

/** A controller and its agents as processes on loopback, mutual TLS between them, and links that can be cut. */
export class Testbed {
  readonly controller: ManagedChild;
  readonly agents: BenchAgent[] = [];
  readonly home: string;
  readonly #options: TestbedOptions;
  readonly #ports: Ports;
  #api: SkerryApi | undefined;
  #feed: ChangeFeed | undefined;
  #watch: OperationWatch | undefined;

  private constructor(home: string, ports: Ports, options: TestbedOptions) {
    this.home = home;
    this.#ports = ports;
    this.#options = options;
    const build = options.build ?? 'bundle';
    this.controller = child({ name: 'controller', home, program: 'controller', build }, () => ({
      SKERRY_HOME: path.join(home, 'controller'),
      SKERRY_PORT: String(ports.northbound),
      SKERRY_SYNC_PORT: String(ports.sync),
      SKERRY_ENROLL_PORT: String(ports.enroll),
      SKERRY_MQTT_PORT: String(ports.mqtt),
      SKERRY_ADMIN_PASSWORD_FILE: path.join(home, 'password'),
      ...(options.isPlainHttp === true ? { SKERRY_PLAIN_HTTP: '1' } : {}),
    }));
  }

  /** Up, with the packages of one-machine services onboarded and every infra reported. */
  static async open(options: TestbedOptions = {}): Promise<Testbed> {
    const home = await mkdtemp(path.join(tmpdir(), 'skerry-bench-'));
    const testbed = new Testbed(home, await freePorts(), options);
    try {
      await testbed.#bringUp();
      return testbed;
    } catch (error) {
      await testbed.close();
      throw error;
    }
  }

  static async with<T>(options: TestbedOptions, work: (testbed: Testbed) => Promise<T>): Promise<T> {
    const testbed = await Testbed.open(options);
    try {
      return await work(testbed);
    } finally {
      await testbed.close();
    }
  }

  get api(): SkerryApi {
    return present(this.#api);
  }

  get operations(): OperationWatch {
    return present(this.#watch);
  }

  get feed(): ChangeFeed {
    return present(this.#feed);
  }

  get agent(): BenchAgent {
    return present(this.agents[0]);
  }

  get northboundUrl(): string {
    return `${this.#options.isPlainHttp === true ? 'http' : 'https'}://${host}:${this.#ports.northbound}`;
  }

  async close(): Promise<void> {
    this.#feed?.close();
    this.#watch?.close();
    this.#api?.close();
    await Promise.all(this.agents.map((agent) => agent.close()));
    await this.controller.stop();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  async createNs(nsName: string): Promise<string> {
    return (await this.api.createNs({ nsdId: 'single_vm_ns', nsName, nsDescription: 'bench' })).id;
  }

  /** Creates and instantiates services, `atOnce` at a time. @returns their ids */
  async instantiateMany(count: number, prefix: string, atOnce = 10): Promise<string[]> {
    const ids: string[] = [];
    for (let done = 0; done < count; done += atOnce) {
      const batch = Array.from({ length: Math.min(atOnce, count - done) }, async (_, index) => {
        const id = await this.createNs(`${prefix}-${done + index}`);
        await this.operations.completed(await this.api.instantiateNs(id, {}));
        return id;
      });
      ids.push(...(await Promise.all(batch)));
    }
    return ids;
  }

  async #bringUp(): Promise<void> {
    await writeFile(path.join(this.home, 'password'), password, { mode: 0o600 });
    await this.controller.start();
    const caPem = await readFile(path.join(this.home, 'controller', 'ca', 'ca.cert.pem'), 'utf8');
    this.#api = new SkerryApi({ url: this.northboundUrl, caPem });
    await this.#api.login({ username: 'admin', password });
    this.#feed = new ChangeFeed(this.#api, clock);
    this.#watch = new OperationWatch(this.#api);
    await this.#onboard(this.#api);
    for (let index = 0; index < (this.#options.agentCount ?? 1); index++) {
      this.agents.push(await this.#addAgent(this.#api, `site-${index}`));
    }
  }

  async #onboard(api: SkerryApi): Promise<void> {
    const names = ['router_vnf', 'single_vm_ns'];
    const sources = await Promise.all(names.map((name) => openPackageSource(path.join(samplesFolder, name))));
    for (const outcome of await onboardAll(api, sources)) if ('refusal' in outcome) throw outcome.refusal;
  }

  async #addAgent(api: SkerryApi, name: string): Promise<BenchAgent> {
    const site = await api.createSite({ name });
    const { token } = await api.createJoinToken({ siteId: site.id, agentName: name });
    const agent = await BenchAgent.start({
      name,
      home: path.join(this.home, name),
      token,
      ports: this.#ports,
      environment: this.#options.agentEnvironment ?? {},
      build: this.#options.build ?? 'bundle',
    });
    await this.feed.until(async () => (await api.agents()).find((one) => one.id === agent.id && one.status?.connected));
    const settings = { latencyMs: 0, capacity: { vcpus: 1e6, memoryMib: 1e9, storageGib: 1e9 } };
    const infra = await api.createInfra({ name: `infra-${name}`, agentId: agent.id, kind: 'simulated', settings });
    agent.infraId = infra.id;
    await this.feed.until(async () => (await api.infras()).find((one) => one.id === infra.id && one.status?.facts));
    return agent;
  }
}

interface Ports {
  northbound: number;
  sync: number;
  enroll: number;
  mqtt: number;
}

interface AgentStart {
  name: string;
  home: string;
  token: string;
  ports: Ports;
  environment: Record<string, string>;
  build: Build;
}

/** An agent process and the links that it dials through. */
export class BenchAgent {
  readonly process: ManagedChild;
  readonly home: string;
  readonly local: LocalClient;
  readonly links: { sync: TcpProxy; enroll: TcpProxy; mqtt: TcpProxy };
  /** Taken at each start. */
  readonly environment: Record<string, string>;
  id = '';
  infraId = '';

  private constructor(given: AgentStart) {
    const { name, home, token, ports, environment, build } = given;
    this.home = home;
    const socketPath = path.join(home, 'agent.sock');
    this.local = createLocalClient(socketPath);
    const proxy = (port: number) => new TcpProxy({ target: () => ({ host, port }) });
    this.environment = { ...environment };
    this.links = { sync: proxy(ports.sync), enroll: proxy(ports.enroll), mqtt: proxy(ports.mqtt) };
    const address = (link: TcpProxy) => `${host}:${link.address.port}`;
    this.process = child({ name, home: path.dirname(home), program: 'agent', build }, () => ({
      SKERRY_HOME: home,
      SKERRY_JOIN_TOKEN: token,
      SKERRY_AGENT_SOCKET: socketPath,
      SKERRY_SYNC_ADDRESS: address(this.links.sync),
      SKERRY_ENROLL_ADDRESS: address(this.links.enroll),
      SKERRY_MQTT_ADDRESS: address(this.links.mqtt),
      ...this.environment,
    }));
  }

  static async start(given: AgentStart): Promise<BenchAgent> {
    await mkdir(given.home, { recursive: true, mode: 0o700 });
    const agent = new BenchAgent(given);
    await Promise.all(Object.values(agent.links).map((link) => link.start()));
    const ready = await agent.process.start();
    agent.id = String(ready['agentId']);
    return agent;
  }

  cut(mode: CutMode = 'reset'): void {
    for (const link of Object.values(this.links)) link.cut(mode);
  }

  restore(): void {
    for (const link of Object.values(this.links)) link.restore();
  }

  async close(): Promise<void> {
    await this.process.stop();
    await Promise.all(Object.values(this.links).map((link) => link.stop()));
  }
}

export interface BareAgent {
  id: string;
  pid: number;
  close(): Promise<void>;
}

/** An agent process alone, for a controller that the bench itself is. It dials without a proxy. */
export async function startBareAgent(
  home: string,
  token: string,
  environment: Record<string, string> = {},
): Promise<BareAgent> {
  const agent = child({ name: 'agent', home, program: 'agent', build: 'bundle' }, () => ({
    SKERRY_HOME: path.join(home, 'agent'),
    SKERRY_JOIN_TOKEN: token,
    ...environment,
  }));
  const ready = await agent.start();
  return { id: String(ready['agentId']), pid: agent.identity?.pid ?? 0, close: () => agent.stop() };
}

interface ChildStart {
  name: string;
  home: string;
  program: ServerProgram;
  build: Build;
}

function child({ name, home, program, build }: ChildStart, settings: () => Record<string, string>): ManagedChild {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('SKERRY_')));
  const { flags, environment } = processSettings[program];
  const file = build === 'bundle' ? path.join('dist', `${program}.mjs`) : path.join(program, 'main.ts');
  return new ManagedChild({
    name,
    command: [process.execPath, ...flags, path.join(projectFolder, file)],
    folder: projectFolder,
    environment: () => ({
      ...inherited,
      ...environment,
      NODE_COMPILE_CACHE: path.join(projectFolder, 'node_modules', '.cache', 'skerry'),
      ...settings(),
    }),
    logFile: path.join(home, `${name}.log`),
    clock,
  });
}

async function freePorts(): Promise<Ports> {
  const [northbound, sync, enroll, mqtt] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  return { northbound, sync, enroll, mqtt };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the testbed is not up');
  return value;
}
