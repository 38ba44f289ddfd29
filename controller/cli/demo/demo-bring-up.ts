import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SkerryApi } from '../api.ts';
import type { AgentView, NsView, OperationView } from '../api-types.ts';
import { openStates } from '../api-types.ts';
import { ChangeFeed } from '../change-feed.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { progressBar } from '../live-lines.ts';
import { writeLogin } from '../login-file.ts';
import { onboardAll, openPackageSource, type PackageSource } from '../package-source.ts';
import type { DemoFleet } from './demo-fleet.ts';
import type { DemoLayout } from './demo-layout.ts';
import { demoInfraSettings, demoPlacement, demoService } from './demo-service.ts';
import type { ReadyLine } from './managed-child.ts';

export interface BringUpOptions {
  context: CliContext;
  fleet: DemoFleet;
  layout: DemoLayout;
  sites: readonly string[];
  samplesFolder: string;
  /** One line of progress a subject: `controller`, a site, `packages`, `service`. */
  show: (subject: string, text: string) => void;
  signal: AbortSignal;
}

export interface BroughtUp {
  northbound: string;
  username: string;
  password: string;
  nsInstanceId: string;
}

const username = 'admin';

/**
 * From nothing, or from what an earlier start left, to the demo's service on all sites. Every step looks first and does
 * only what is missing, so that it can be cut off anywhere and run again.
 */
export async function bringUp(options: BringUpOptions): Promise<BroughtUp> {
  const bring = new BringUp(options);
  try {
    return await bring.run();
  } finally {
    bring.close();
  }
}

class BringUp {
  readonly #options: BringUpOptions;
  #api: SkerryApi | undefined;
  #feed: ChangeFeed | undefined;

  constructor(options: BringUpOptions) {
    this.#options = options;
  }

  close(): void {
    this.#feed?.close();
    this.#api?.close();
  }

  async run(): Promise<BroughtUp> {
    const { fleet, layout, sites, show, samplesFolder } = this.#options;
    const password = await ensurePassword(layout);
    show('controller', 'starting');
    const samples = readSamples(samplesFolder);
    samples.catch(() => {});
    const starting = fleet.startController();
    // Agents that have been here before need nothing of the controller to start.
    const early = new Map(
      sites.filter((site) => existsSync(layout.joinTokenFile(site))).map((site) => [site, this.#startAgent(site)]),
    );
    const northbound = northboundOf(await starting, fleet.status().northbound);
    show('controller', `serves ${northbound}`);
    const api = await this.#logIn(northbound, password);
    this.#feed = new ChangeFeed(api, this.#options.context.clock);
    await Promise.all([this.#prepareSites(api, early), this.#onboard(api, await samples)]);
    const nsInstanceId = await this.#ensureService(api);
    return { northbound, username, password, nsInstanceId };
  }

  async #logIn(url: string, password: string): Promise<SkerryApi> {
    const { layout } = this.#options;
    const caPem = url.startsWith('https:') ? await readCa(layout) : undefined;
    const api = new SkerryApi({ url, caPem });
    this.#api = api;
    const issued = await api.login({ username, password });
    const expiresAt = new Date(issued.expiresAt).getTime();
    const passwordFile = layout.passwordFile;
    await writeLogin(layout.loginFile, { url, caPem, username, token: issued.token, expiresAt, passwordFile });
    return api;
  }

  async #prepareSites(api: SkerryApi, early: ReadonlyMap<string, Promise<unknown>>): Promise<void> {
    const [known, agents, infras] = await Promise.all([api.sites(), api.agents(), api.infras()]);
    await Promise.all(
      this.#options.sites.map(async (name, index) => {
        const site = known.find((one) => one.name === name) ?? (await api.createSite({ name, labels: labelsOf(name) }));
        const isEnrolled = agents.some((agent) => agent.siteId === site.id && !agent.revoked);
        if (!isEnrolled) await this.#enrol(api, name, site.id, early.get(name));
        else if (early.has(name)) await early.get(name);
        else await this.#startAgent(name);
        const agent = await this.#connected(api, site.id);
        if (!infras.some((infra) => infra.agentId === agent.id)) {
          const settings = demoInfraSettings(index);
          await api.createInfra({ name: `sim-${name.slice(5)}`, agentId: agent.id, kind: 'simulated', settings });
        }
        this.#options.show(name, 'agent connected');
        await this.#feedOf().until(async () => {
          const infra = (await api.infras()).find((one) => one.agentId === agent.id);
          return infra?.status?.facts ? infra : undefined;
        }, this.#options.signal);
        this.#options.show(name, 'agent connected, infrastructure reported');
      }),
    );
  }

  async #enrol(api: SkerryApi, name: string, siteId: string, running: Promise<unknown> | undefined): Promise<void> {
    const { fleet, layout, show } = this.#options;
    // One that started with an old token is not waited for: it would refuse, and a new token is cheap.
    if (running !== undefined) {
      await running.catch(() => {});
      if (fleet.agentState(name) !== 'stopped') await fleet.killAgent(name);
    }
    show(name, 'enrolling');
    const { token } = await api.createJoinToken({ siteId, agentName: `agent-${name.slice(5)}` });
    await mkdir(layout.siteHome(name), { recursive: true, mode: 0o700 });
    await writeFile(layout.joinTokenFile(name), `${token}\n`, { mode: 0o600 });
    await this.#startAgent(name);
  }

  #startAgent(site: string): Promise<ReadyLine> {
    this.#options.show(site, 'agent starting');
    const starting = this.#options.fleet.startAgent(site);
    starting.catch(() => {});
    return starting;
  }

  #connected(api: SkerryApi, siteId: string): Promise<AgentView> {
    return this.#feedOf().until(async () => {
      const agents = await api.agents();
      return agents.find((agent) => agent.siteId === siteId && !agent.revoked && agent.status?.connected === true);
    }, this.#options.signal);
  }

  async #onboard(api: SkerryApi, samples: PackageSource[]): Promise<void> {
    const { show } = this.#options;
    const [packages, nsds] = await Promise.all([api.vnfPackages(), api.nsds()]);
    if (nsds.some((nsd) => nsd.nsdId === demoService.nsdId && nsd.nsdOnboardingState === 'ONBOARDED')) {
      show('packages', `${packages.length} VNF packages and ${nsds.length} NSDs are there`);
      return;
    }
    const outcomes = await onboardAll(api, samples, ({ source }) => show('packages', `${source.name} is read`));
    for (const outcome of outcomes) if ('refusal' in outcome) throw outcome.refusal;
    show('packages', `${samples.length} onboarded from deploy/samples`);
  }

  async #ensureService(api: SkerryApi): Promise<string> {
    const { sites, show } = this.#options;
    const known = (await api.nsInstances()).find((ns) => ns.nsInstanceName === demoService.nsName);
    const ns =
      known ??
      (await api.createNs({
        nsdId: demoService.nsdId,
        nsName: demoService.nsName,
        nsDescription: demoService.description,
      }));
    const open = await this.#openOperation(api, ns);
    if (open !== undefined) await this.#followOperation(api, open.id);
    else if (ns.nsState !== 'INSTANTIATED')
      await this.#followOperation(api, await api.instantiateNs(ns.id, demoPlacement(sites)));
    const now = await api.ns(ns.id);
    if (now.nsState !== 'INSTANTIATED') {
      throw new CliError(exitCodes.failed, `${ns.nsInstanceName} is ${now.nsState}`, `see \`skerry ns show ${ns.id}\``);
    }
    show('service', `${ns.nsInstanceName} runs`);
    return ns.id;
  }

  async #openOperation(api: SkerryApi, ns: NsView): Promise<OperationView | undefined> {
    if (ns.nsState === 'INSTANTIATED') return undefined;
    const operations = await api.operations();
    return operations.find((one) => one.nsInstanceId === ns.id && openStates.has(one.operationState));
  }

  async #followOperation(api: SkerryApi, id: string): Promise<void> {
    const { show, signal } = this.#options;
    const end = await this.#feedOf().until(async () => {
      const operation = await api.operation(id);
      for (const site of operation._skerry?.progress?.sites ?? [])
        show(site.siteName, `${progressBar(site.ready, site.total)} ${site.waitingFor[0] ?? ''}`.trimEnd());
      show('service', `${operation.lcmOperationType} ${operation.operationState}`);
      return openStates.has(operation.operationState) ? undefined : operation;
    }, signal);
    if (end.operationState === 'COMPLETED') return;
    throw new CliError(
      exitCodes.failed,
      `${end.lcmOperationType} is ${end.operationState}: ${end.error?.detail ?? 'no reason given'}`,
      `see \`skerry op show ${id}\`, then \`skerry op retry ${id}\` or \`skerry op fail ${id}\``,
    );
  }

  #feedOf(): ChangeFeed {
    if (this.#feed === undefined) throw new Error('the event stream is opened after the login');
    return this.#feed;
  }
}

/** Made up once; kept where only the owner can read it. */
async function ensurePassword(layout: DemoLayout): Promise<string> {
  try {
    return (await readFile(layout.passwordFile, 'utf8')).trim();
  } catch {
    const password = randomBytes(12).toString('base64url');
    await writeFile(layout.passwordFile, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

async function readCa(layout: DemoLayout): Promise<string> {
  const file = layout.caFiles.find((one) => existsSync(one));
  if (file !== undefined) return readFile(file, 'utf8');
  throw new CliError(exitCodes.failed, `the controller wrote no CA certificate to ${layout.caFiles[0]}`);
}

async function readSamples(folder: string): Promise<PackageSource[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && !/\.md$/i.test(name)).sort();
  return Promise.all(names.map((name) => openPackageSource(path.join(folder, name))));
}

function northboundOf(ready: ReadyLine, fallback: string): string {
  return typeof ready['northbound'] === 'string' ? ready['northbound'] : fallback;
}

function labelsOf(site: string): Record<string, string> {
  return { demo: 'true', place: site.slice(5) };
}
