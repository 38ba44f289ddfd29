import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { NewIntentObject } from '#controller/intent-book/index.ts';
import { type AgentId, type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { systemRandom as random } from '#shared/runtime/index.ts';
import { TestCluster, until } from '../../kubernetes/cluster.ts';
import { FaultProxy, type ProxiedCall } from '../../kubernetes/fault-proxy.ts';
import { type OwnController, openOwnController } from '../own-controller.ts';
import { type BareAgent, startBareAgent } from '../testbed.ts';

const runProgram = promisify(execFile);
const infraId = id<InfraId>('bench');

export interface Chart {
  file: string;
  digest: string;
}

/**
 * A real cluster, a controller in this process, and an agent process from the bundle with that cluster as its only infra.
 * Whoever is measured reaches the cluster through one counting proxy: the agent, Helm and kubectl alike.
 */
export class KubernetesRig {
  readonly home: string;
  readonly cluster: TestCluster;
  readonly proxy: FaultProxy;
  readonly #charts = new Map<string, string>();
  readonly #namespaces: string[] = [];
  #controller: OwnController | undefined;
  #agent: BareAgent | undefined;

  private constructor(home: string, cluster: TestCluster, proxy: FaultProxy) {
    this.home = home;
    this.cluster = cluster;
    this.proxy = proxy;
  }

  static async with<T>(kubeconfigFile: string, work: (rig: KubernetesRig) => Promise<T>): Promise<T> {
    const home = await mkdtemp(path.join(tmpdir(), 'skerry-bench-'));
    const rig = new KubernetesRig(home, await TestCluster.open(kubeconfigFile), await FaultProxy.open(kubeconfigFile));
    try {
      await rig.#start();
      return await work(rig);
    } finally {
      await rig.#close();
    }
  }

  get agentPid(): number {
    return this.#agent?.pid ?? 0;
  }

  /** For programs beside the agent. */
  get kubeconfigFile(): string {
    return path.join(this.home, 'kubeconfig');
  }

  /** Requests of one program since `from`, watches left out. */
  requests(program: 'agent' | 'helm' | 'kubectl', from: number): ProxiedCall[] {
    const name = { agent: 'skerry-agent', helm: 'Helm', kubectl: 'kubectl' }[program];
    return this.proxy.requests(from).filter(({ userAgent }) => userAgent.startsWith(name));
  }

  async makeNamespace(what: string): Promise<string> {
    const name = await this.cluster.makeNamespace(`skerry-bench-${what}`);
    this.#namespaces.push(name);
    return name;
  }

  /** What the agent may then fetch by its digest. */
  async addChart(file: string): Promise<Chart> {
    const digest = `sha256:${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}`;
    this.#charts.set(digest, file);
    return { file, digest };
  }

  /** Commits, and waits until the agent has told the controller that all of them are ready. @returns milliseconds, and when it began */
  async makeReady(upserts: NewIntentObject[], timeoutMs = 300_000): Promise<number> {
    const beganMs = performance.now();
    const generation = await this.#commit(upserts, []);
    const { agents } = this.#present();
    const isReady = (key: string): boolean => {
      const state = agents.state(key);
      return state?.type === 'unit' && state.ready && state.revision >= generation;
    };
    await within(
      timeoutMs,
      'units are ready',
      agents.until(() => upserts.every(({ key }) => isReady(key))),
    );
    return performance.now() - beganMs;
  }

  /** As the end of an operation would, so that no brake holds it. @returns milliseconds until the cluster has none of them */
  async remove(keys: readonly ObjectKey[], namespace: string): Promise<number> {
    const beganMs = performance.now();
    await this.#commit([], keys);
    await until(
      async () => (await this.cluster.list('v1', 'Secret', { namespace, labels: 'skerry.io/owner' })).length === 0,
      'all units are gone',
      300_000,
    );
    return performance.now() - beganMs;
  }

  /** Runs helm or kubectl through the proxy; rejects with what it says. */
  async run(program: 'helm' | 'kubectl', args: readonly string[]): Promise<void> {
    const environment = {
      ...process.env,
      KUBECONFIG: this.kubeconfigFile,
      HELM_CACHE_HOME: path.join(this.home, 'helm'),
    };
    await runProgram(program, [...args], { env: environment, maxBuffer: 64 * 2 ** 20 });
  }

  async #start(): Promise<void> {
    await writeFile(this.kubeconfigFile, this.proxy.kubeconfig, { mode: 0o600 });
    this.#controller = await openOwnController(this.home, async (digest) => this.#charts.get(digest));
    this.#agent = await startBareAgent(this.home, this.#controller.token);
    const { agents } = this.#controller;
    await within(30_000, 'the agent is connected', agents.acknowledged(id<AgentId>(this.#agent.id), 0));
    await this.#commit([infraObject(this.proxy.kubeconfig)], []);
    const hasFacts = () => {
      const state = agents.state(`infra/${infraId}`);
      return state?.type === 'infra' && state.facts !== null;
    };
    await within(60_000, 'the agent knows the cluster', agents.until(hasFacts));
  }

  async #commit(upserts: NewIntentObject[], removed: readonly ObjectKey[]): Promise<number> {
    const agentId = id<AgentId>(this.#agent?.id ?? '');
    const tombstones = removed.map((key) => ({ key, scope: key.slice(key.indexOf('/') + 1), opId: random.uuid() }));
    const { book } = this.#present();
    const generations = await book.commit({ agents: [{ agentId, upserts, tombstones }], changes: () => [] });
    return generations.get(agentId) ?? 0;
  }

  #present(): OwnController {
    if (this.#controller === undefined) throw new Error('the rig is not up');
    return this.#controller;
  }

  async #close(): Promise<void> {
    await this.#agent?.close();
    await this.#controller?.close();
    await this.proxy.close();
    for (const name of this.#namespaces)
      await this.cluster.removeNamespace(name).catch((error) => {
        // What was measured is worth more than a clean end.
        console.error(`namespace ${name} is left behind: ${error.message}`);
      });
    this.cluster.close();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Of a chart that the agent fetches from the controller. */
export function releaseObject(name: string, namespace: string, chart: Chart, values: JsonObject = {}): NewIntentObject {
  const spec = { name, namespace, chart: 'bench', chartDigest: chart.digest, values };
  return unitObject('helm-release', name, spec);
}

export function manifestsObject(name: string, namespace: string, objects: JsonObject[]): NewIntentObject {
  return unitObject('manifests', name, { name, namespace, objects });
}

function unitObject(kind: 'helm-release' | 'manifests', name: string, spec: JsonObject): NewIntentObject {
  return {
    key: id<ObjectKey>(`${kind}/${name}`),
    scope: name,
    dependsOn: [],
    body: {
      type: 'unit',
      ...{ kind, infraId, spec },
      delegated: [],
      autonomy: { onLeaseExpiry: 'keep', exclusive: false },
      deletePolicy: 'remove',
      secretRefs: [],
      healing: { enabled: true, cooldownMs: 1000 },
    },
  };
}

function infraObject(kubeconfig: string): NewIntentObject {
  const settings = { kubeconfig };
  return {
    key: id<ObjectKey>(`infra/${infraId}`),
    scope: '',
    dependsOn: [],
    body: { type: 'infra', infraId, name: 'bench', kind: 'kubernetes', settings },
  };
}

async function within(timeoutMs: number, what: string, promise: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not seen in ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
