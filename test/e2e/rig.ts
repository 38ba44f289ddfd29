import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ChangeFeed,
  CliError,
  exitCodes,
  ManagedChild,
  type NsView,
  type OperationView,
  onboardAll,
  openPackageSource,
  openStates,
  ProblemError,
  SkerryApi,
  TcpProxy,
} from '#controller/cli/index.ts';
import type { InstantiateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import { systemClock } from '#shared/runtime/index.ts';
import { Site } from './site.ts';

export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const samplesFolder = path.join(projectFolder, 'deploy', 'samples');

export interface RigOptions {
  sites?: string[];
  /** Settings of every site's simulated infra. */
  infra?: object;
  /** Folders to onboard; default: deploy/samples. */
  packages?: string[];
}

export const quickInfra = { latencyMs: { call: 2, boot: 40 } };
const host = '127.0.0.1';
/** A link whose end nobody heard is given up after 40 s without a heartbeat; everything is sooner than that and a reconnect. */
const patienceMs = 60_000;

/**
 * A real controller process and real agents, in a folder of their own and on free ports, joined by links that can be cut.
 * Everything ends with the test that started it.
 */
export class Rig {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'skerry-e2e-'));
  readonly controllerHome = path.join(this.folder, 'controller');
  readonly password = randomBytes(12).toString('hex');
  readonly controller: ManagedChild;
  readonly sites = new Map<string, Site>();
  /** Never cut: gives the northbound one address for the life of the rig. */
  readonly #front = new TcpProxy({ target: () => this.#portOf('northbound') });
  readonly #children = new Set<ManagedChild>();
  #ready: Record<string, unknown> = {};
  #api: SkerryApi | undefined;
  #feed: ChangeFeed | undefined;
  readonly #endAll = () => this.#killAll();
  readonly #endedBySignal = () => process.exit(143);

  static async start(test: TestContext, options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig();
    test.after(() => rig.stop());
    try {
      await rig.#bringUp(options);
    } catch (error) {
      throw new Error(`the rig does not come up\n${rig.logTails()}`, { cause: error });
    }
    return rig;
  }

  private constructor() {
    mkdirSync(this.controllerHome, { recursive: true });
    const passwordFile = path.join(this.folder, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    this.controller = this.child('controller', 'controller/main.ts', () => ({
      SKERRY_HOME: this.controllerHome,
      SKERRY_PORT: '0',
      SKERRY_SYNC_PORT: '0',
      SKERRY_ENROLL_PORT: '0',
      SKERRY_MQTT_PORT: '0',
      SKERRY_ADMIN_PASSWORD_FILE: passwordFile,
    }));
    // When the runner ends this process, a test's own end is not reached.
    process.once('exit', this.#endAll);
    process.once('SIGTERM', this.#endedBySignal);
  }

  get api(): SkerryApi {
    if (this.#api === undefined) throw new Error('the rig is not up');
    return this.#api;
  }

  get url(): string {
    return `https://${host}:${this.#front.address.port}`;
  }

  get caPem(): string {
    return readFileSync(path.join(this.controllerHome, 'ca', 'ca.cert.pem'), 'utf8');
  }

  site(name: string): Site {
    const site = this.sites.get(name);
    if (site === undefined) throw new Error(`there is no site ${name} in the rig`);
    return site;
  }

  /** A child of this rig: its output goes to `logs/`. */
  child(name: string, program: string, settings: () => Record<string, string>): ManagedChild {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('SKERRY_')));
    const child = new ManagedChild({
      name,
      command: [process.execPath, '--disable-warning=ExperimentalWarning', path.join(projectFolder, program)],
      folder: projectFolder,
      environment: () => ({
        ...inherited,
        NODE_COMPILE_CACHE: path.join(projectFolder, 'node_modules', '.cache', 'skerry'),
        ...settings(),
      }),
      logFile: path.join(this.folder, 'logs', `${name}.log`),
      clock: systemClock,
    });
    this.#children.add(child);
    return child;
  }

  async startController(): Promise<void> {
    this.#ready = await this.controller.start();
  }

  /** A new client of the northbound, logged in as the first user. */
  async logIn(): Promise<SkerryApi> {
    const api = new SkerryApi({ url: this.url, caPem: this.caPem, timeoutMs: 15_000 });
    await api.login({ username: 'admin', password: this.password });
    return api;
  }

  /** Makes a site, enrols its agent by a join token, gives it a simulated infra and waits until that reports. */
  async addSite(name: string, infra: object = quickInfra): Promise<Site> {
    const site = await this.enrolSite(name);
    const { id } = await this.api.createInfra({
      name: `sim-${name}`,
      agentId: site.agentId,
      kind: 'simulated',
      settings: infra,
    });
    site.infraId = id;
    await this.until(`${name} reports its infra`, async () => {
      const found = (await this.api.infras()).find((one) => one.id === id);
      return found?.status?.facts ? found : undefined;
    });
    return site;
  }

  /** A site with an enrolled, connected agent and no infra. */
  async enrolSite(name: string): Promise<Site> {
    const { id: siteId } = await this.api.createSite({ name, labels: { place: name } });
    const { token } = await this.api.createJoinToken({ siteId, agentName: `agent-${name}` });
    const site = await this.newSite(name);
    await site.start({ SKERRY_JOIN_TOKEN: token });
    await this.connected(name);
    return site;
  }

  async connected(name: string, isConnected = true): Promise<void> {
    const { agentId } = this.site(name);
    await this.until(`${name} is ${isConnected ? '' : 'not '}connected`, async () => {
      const agent = (await this.api.agents()).find((one) => one.id === agentId);
      return agent?.status?.connected === isConnected ? agent : undefined;
    });
  }

  async onboard(folders: readonly string[]): Promise<void> {
    const sources = await Promise.all(folders.map((folder) => openPackageSource(folder)));
    for (const outcome of await onboardAll(this.api, sources)) if ('refusal' in outcome) throw outcome.refusal;
  }

  /** @returns the id of the NS instance */
  async createNs(nsdId: string, nsName: string): Promise<string> {
    return (await this.api.createNs({ nsdId, nsName, nsDescription: '' })).id;
  }

  /** Creates and instantiates, and waits for it. @returns the id of the NS instance */
  async newNs(nsdId: string, nsName: string, request: InstantiateNsRequest = {}): Promise<string> {
    const id = await this.createNs(nsdId, nsName);
    await this.completed(await this.api.instantiateNs(id, request));
    return id;
  }

  /** Waits until the operation is in none of the open states. */
  ended(operationId: string, timeoutMs = patienceMs): Promise<OperationView> {
    return this.until(
      `operation ${operationId} ends`,
      async () => {
        const operation = await this.api.operation(operationId);
        return openStates.has(operation.operationState) ? undefined : operation;
      },
      timeoutMs,
    );
  }

  /** Waits until the operation has reached this state; fails at once on an end in another. */
  async reached(operationId: string, state: string, timeoutMs = patienceMs): Promise<OperationView> {
    let waitingFor = '';
    const operation = await this.until(
      `operation ${operationId} becomes ${state}`,
      async () => {
        const now = await this.api.operation(operationId);
        waitingFor = (now._skerry?.progress?.sites ?? []).flatMap((site) => site.waitingFor).join('; ');
        return now.operationState === state || !openStates.has(now.operationState) ? now : undefined;
      },
      timeoutMs,
    ).catch((error) => {
      throw waitingFor === '' ? error : new Error(`waits for ${waitingFor}`, { cause: error });
    });
    if (operation.operationState === state) return operation;
    const { error, lcmOperationType } = operation;
    throw new Error(`${lcmOperationType} is ${operation.operationState}: ${error?.detail ?? ''}\n${this.logTails()}`);
  }

  completed(operationId: string, timeoutMs?: number): Promise<OperationView> {
    return this.reached(operationId, 'COMPLETED', timeoutMs);
  }

  ns(id: string): Promise<NsView> {
    return this.api.ns(id);
  }

  /** Runs `check` now and after each event of the controller until it gives a value. A controller that is away is waited for. */
  async until<T>(what: string, check: () => Promise<T | undefined>, timeoutMs = patienceMs): Promise<T> {
    if (this.#feed === undefined) throw new Error('the rig is not up');
    const signal = AbortSignal.timeout(timeoutMs);
    const patient = async () => {
      try {
        return await check();
      } catch (error) {
        if (isAway(error)) return undefined;
        throw error;
      }
    };
    try {
      return await this.#feed.until(patient, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(`after ${timeoutMs / 1000} s it is not so that ${what}\n${this.logTails()}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#endAll);
    process.off('SIGTERM', this.#endedBySignal);
    this.#feed?.close();
    this.#api?.close();
    try {
      await Promise.all([...this.sites.values()].map((site) => site.stop()));
      await this.controller.stop();
      await this.#front.stop();
    } finally {
      this.#killAll();
      // Kept for a look when asked for.
      if (process.env['SKERRY_E2E_KEEP'] !== '1') rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  logOf(name: string): string {
    return readFileSync(path.join(this.folder, 'logs', `${name}.log`), 'utf8');
  }

  /** The ends of all logs, for the message of a failure. */
  logTails(lines = 15): string {
    const folder = path.join(this.folder, 'logs');
    if (!existsSync(folder)) return '';
    const tail = (name: string) =>
      readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    return readdirSync(folder)
      .map((name) => `--- ${name}\n${tail(name)}`)
      .join('\n');
  }

  async #bringUp({ sites = ['site-a'], infra, packages }: RigOptions): Promise<void> {
    await Promise.all([this.#front.start(), this.startController()]);
    this.#api = await this.logIn();
    this.#feed = new ChangeFeed(this.#api, systemClock);
    const samples = readdirSync(samplesFolder).map((name) => path.join(samplesFolder, name));
    await Promise.all([this.onboard(packages ?? samples), ...sites.map((name) => this.addSite(name, infra))]);
  }

  /** A site with open links whose agent has not been started. */
  async newSite(name: string): Promise<Site> {
    const site = new Site({
      name,
      home: path.join(this.folder, name),
      portOf: (service) => this.#portOf(service),
      child: (settings) => this.child(name, 'agent/main.ts', settings),
    });
    this.sites.set(name, site);
    await site.openLinks();
    return site;
  }

  /** Asked for each connection: a controller that starts again has other ports. */
  #portOf(service: 'northbound' | 'sync' | 'enroll' | 'mqtt'): { host: string; port: number } {
    const port = Number(
      String(this.#ready[service] ?? '')
        .split(':')
        .at(-1),
    );
    // Nobody listens on port 1: the connection is refused, as by a controller that is not there.
    return { host, port: this.controller.state === 'running' && port > 0 ? port : 1 };
  }

  #killAll(): void {
    for (const child of this.#children) {
      if (child.identity === undefined) continue;
      try {
        process.kill(child.identity.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
}

/** No answer, half an answer, or a controller that is just starting or ending. */
function isAway(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status === 503;
  if (error instanceof CliError)
    return error.exitCode === exitCodes.unreachable || error.exitCode === exitCodes.timeout;
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
