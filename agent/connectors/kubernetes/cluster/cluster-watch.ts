import type { ClusterFacts, InfraFacts, Resources } from '#shared/connector/index.ts';
import { isSkerryError, type SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import { type ApiResources, resourcePath } from '../api/api-resources.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import type { CreateReflector, Reflector } from '../api/reflector.ts';
import type { ApiResource, KubeObject } from '../objects/kube-object.ts';
import { sumOf } from './amounts.ts';
import { clusterFacts, storageClassFacts } from './cluster-facts.ts';
import { MissingSentences } from './missing-sentences.ts';
import { type NodeFacts, nodeFacts, nodeUsage } from './node-facts.ts';
import { type PodRequests, podRequests } from './pod-requests.ts';
import { SteadyUsage } from './steady-usage.ts';

export interface ClusterWatchOptions {
  api: KubernetesApi;
  resources: ApiResources;
  createReflector: CreateReflector;
  namespaces?: readonly string[];
  /** Resolves to why Helm cannot be used; undefined when it can. */
  findHelm: (signal: AbortSignal) => Promise<string | undefined>;
  /** The facts may have changed by more than what runs does all the time. */
  onChange: () => void;
  clock: Clock;
  random: { next(): number };
  log: Logger;
}

const nodeResource: ApiResource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', isNamespaced: false };
const podResource: ApiResource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', isNamespaced: true };
const attachmentGroup = 'k8s.cni.cncf.io';
/** Pods come and go all the time: what they take is told this often at most. */
const podsChangedMs = 60_000;
/** The metrics API is asked this often at most, whatever else changes. */
const measureEveryMs = 240_000;
const reportBytes = 40_000;

/** Capacity, nodes and abilities of the cluster, by watch; each object is reduced as it comes. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly #missing: MissingSentences;
  readonly #nodes: Reflector<NodeFacts>;
  readonly #pods: Reflector<PodRequests>;
  #storageClasses: Reflector<ClusterFacts['storageClasses'][number]> | undefined;
  #networks: Reflector<string> | undefined;
  readonly #usage = new SteadyUsage();
  #daemonSetNames: string[] | undefined;
  #measured: { byNode: Map<string, Resources>; atMono: number } | undefined;
  #cancelPods: (() => void) | undefined;
  #isStopped = false;

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    this.#missing = new MissingSentences(options);
    this.#nodes = this.#follow(nodeResource, nodeFacts, (before, after) => {
      if (JSON.stringify(before) !== JSON.stringify(after)) options.onChange();
    });
    this.#pods = this.#follow(podResource, podRequests, () => this.#podsChanged(), {
      fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
      ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    });
  }

  /** @throws SkerryError when the cluster cannot be asked; what may not be read is told as missing */
  async facts(signal: AbortSignal): Promise<InfraFacts> {
    const { resources } = this.#options;
    const version = await resources.serverVersion(signal);
    const apiVersions = await resources.versions(signal);
    const denied: string[] = [];
    await this.#readable(this.#nodes, denied, signal);
    await this.#readable(this.#pods, denied, signal);
    await this.#readClasses(denied, signal);
    await this.#readNetworks(denied, signal);
    const measured = await this.#measure(apiVersions, signal);
    const report = clusterFacts({
      version,
      nodes: valuesOf(this.#nodes),
      requestsByNode: this.#requestsByNode(),
      ...(measured === undefined ? {} : { measuredByNode: measured }),
      storageClasses: valuesOf(this.#storageClasses),
      networks: valuesOf(this.#networks).sort(),
      apiVersions,
      daemonSetNames: await this.#daemonSets(signal),
    });
    const helm = await this.#options.findHelm(signal);
    const missing = await this.#missing.of({
      ...{ denied, helm, features: report.features, signal },
      ...(this.#options.namespaces === undefined ? {} : { namespaces: this.#options.namespaces }),
    });
    const nodes = report.cluster.nodes;
    const isWorking = nodes.some((node) => node.isReady && node.isSchedulable);
    const features = helm === undefined ? report.features : report.features.filter((name) => name !== 'helm-release');
    return {
      kind: 'kubernetes',
      version,
      images: [],
      healthy: isWorking || denied.includes('nodes'),
      ...(isWorking || denied.includes('nodes') ? {} : { message: 'no node of the cluster takes work' }),
      ...report,
      features,
      cluster: withinReport({ ...report.cluster, missing }),
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPods?.();
    await Promise.all(
      [this.#nodes, this.#pods, this.#storageClasses, this.#networks].map((reflector) => reflector?.stop()),
    );
  }

  #follow<T>(
    resource: ApiResource,
    reduce: (object: KubeObject) => T | undefined,
    onChange: (before: T | undefined, after: T | undefined) => void,
    selection: { fieldSelector?: string; namespaces?: readonly string[] } = {},
  ): Reflector<T> {
    const { api, createReflector, clock, random, log } = this.#options;
    return createReflector<T>({
      ...{ api, resource, reduce, clock, random, log },
      ...selection,
      onChange: (_key, before, after) => onChange(before, after),
    });
  }

  #podsChanged(): void {
    if (this.#isStopped || this.#cancelPods !== undefined) return;
    this.#cancelPods = this.#options.clock.timer(podsChangedMs, () => {
      this.#cancelPods = undefined;
      this.#options.onChange();
    });
  }

  /** What may not be read is left out and named. */
  async #readable(reflector: Reflector<unknown>, denied: string[], signal: AbortSignal): Promise<void> {
    try {
      await reflector.synced(signal);
    } catch (error) {
      if (!isDenied(error)) throw error;
      denied.push(reflector.resource.plural);
    }
  }

  async #readClasses(denied: string[], signal: AbortSignal): Promise<void> {
    const resource = await this.#options.resources.find('storage.k8s.io/v1', 'StorageClass', signal);
    if (resource === undefined) return;
    this.#storageClasses ??= this.#follow(resource, storageClassFacts, () => this.#options.onChange());
    await this.#readable(this.#storageClasses, denied, signal);
  }

  async #readNetworks(denied: string[], signal: AbortSignal): Promise<void> {
    const { resources, namespaces, onChange } = this.#options;
    const resource = await resources.findByGroup(attachmentGroup, 'NetworkAttachmentDefinition', signal);
    if (resource === undefined) return;
    const name = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;
    this.#networks ??= this.#follow(resource, name, () => onChange(), namespaces === undefined ? {} : { namespaces });
    await this.#readable(this.#networks, denied, signal);
  }

  #requestsByNode(): Map<string, Resources> {
    const byNode = new Map<string, Resources[]>();
    for (const [, { node, ...requests }] of this.#pods.entries()) {
      const list = byNode.get(node);
      if (list === undefined) byNode.set(node, [requests]);
      else list.push(requests);
    }
    return new Map([...byNode].map(([node, list]) => [node, sumOf(list)]));
  }

  /** The one thing that cannot be watched; undefined where there is no metrics API, or it does not answer. */
  async #measure(apiVersions: readonly string[], signal: AbortSignal): Promise<Map<string, Resources> | undefined> {
    const version = ['metrics.k8s.io/v1', 'metrics.k8s.io/v1beta1'].find((each) => apiVersions.includes(each));
    if (version === undefined) return undefined;
    const nowMono = this.#options.clock.mono();
    if (this.#measured !== undefined && nowMono - this.#measured.atMono < measureEveryMs) return this.#measured.byNode;
    const path = resourcePath({ apiVersion: version, kind: 'NodeMetrics', plural: 'nodes', isNamespaced: false });
    try {
      const { body } = await this.#options.api.request<{ items: KubeObject[] | null }>({ method: 'GET', path, signal });
      const totals = new Map(valuesOf(this.#nodes).map((node) => [node.name, node.total]));
      const now = new Map((body.items ?? []).map(nodeUsage).map(({ name, measured }) => [name, measured]));
      const byNode = this.#usage.settle(now, totals);
      this.#measured = { byNode, atMono: nowMono };
      return byNode;
    } catch (error) {
      this.#options.log.debug({ error }, 'The metrics API did not answer.');
      return undefined;
    }
  }

  /** By which a network plugin shows; read once. */
  async #daemonSets(signal: AbortSignal): Promise<string[]> {
    if (this.#daemonSetNames !== undefined) return this.#daemonSetNames;
    try {
      const { body } = await this.#options.api.request<{ items: KubeObject[] | null }>({
        method: 'GET',
        path: '/apis/apps/v1/namespaces/kube-system/daemonsets',
        query: { limit: '200' },
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
        signal,
      });
      this.#daemonSetNames = (body.items ?? []).map((item) => item.metadata.name);
    } catch (error) {
      if (!isDenied(error)) throw error;
      this.#daemonSetNames = [];
    }
    return this.#daemonSetNames;
  }
}

/** One report has to hold it all: what is told of single nodes gives way first. The sums count every node. */
function withinReport(cluster: ClusterFacts): ClusterFacts {
  const bytes = () => JSON.stringify(fitting).length;
  let fitting = cluster;
  if (bytes() > reportBytes) fitting = { ...cluster, nodes: cluster.nodes.map(({ measured: _, ...node }) => node) };
  while (bytes() > reportBytes && fitting.nodes.length > 1)
    fitting = { ...fitting, nodes: fitting.nodes.slice(0, Math.floor(fitting.nodes.length * 0.8)) };
  return fitting;
}

function isDenied(error: unknown): error is SkerryError {
  return isSkerryError(error) && error.code === 'PlatformAuth' && error.details['status'] !== 401;
}

function valuesOf<T>(reflector: Reflector<T> | undefined): T[] {
  return reflector === undefined ? [] : [...reflector.entries()].map(([, value]) => value);
}
