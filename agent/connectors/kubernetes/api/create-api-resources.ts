import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import { type ApiResource, groupOf } from '../objects/kube-object.ts';
import type { ApiResources } from './api-resources.ts';
import { discover } from './discovery.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { untilAborted } from './until-aborted.ts';

export interface ApiResourcesOptions {
  api: KubernetesApi;
  clock: Clock;
  log: Logger;
}

/** A kind that is not there is looked for again no sooner. */
const leastAgeMs = 2000;
/** Nothing tells of a kind that somebody has installed: whoever wants all of them gets no older picture. */
const mostAgeMs = 600_000;

interface Table {
  /** By `apps/v1/Deployment`. */
  byVersion: Map<string, ApiResource>;
  /** By `apps/Deployment`, in the version that the server prefers. */
  byGroup: Map<string, ApiResource>;
  takenMs: number;
}

export function createApiResources(options: ApiResourcesOptions): ApiResources {
  return new DiscoveredResources(options);
}

class DiscoveredResources implements ApiResources {
  readonly #options: ApiResourcesOptions;
  readonly #never = new AbortController().signal;
  #table: Table | undefined;
  #loading: Promise<Table> | undefined;
  #serverVersion: string | undefined;

  constructor(options: ApiResourcesOptions) {
    this.#options = options;
  }

  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<ApiResource | undefined> {
    return this.#find((table) => table.byVersion.get(`${apiVersion}/${kind}`), signal);
  }

  findByGroup(group: string, kind: string, signal: AbortSignal): Promise<ApiResource | undefined> {
    return this.#find((table) => table.byGroup.get(`${group}/${kind}`), signal);
  }

  async versions(signal: AbortSignal): Promise<string[]> {
    if (this.#options.clock.mono() - (this.#table?.takenMs ?? 0) > mostAgeMs) this.#table = undefined;
    const { byVersion } = await this.#read(signal);
    const versions = new Set<string>();
    for (const [key, { apiVersion }] of byVersion) versions.add(apiVersion).add(key);
    return [...versions].sort();
  }

  async serverVersion(signal: AbortSignal): Promise<string> {
    if (this.#serverVersion !== undefined) return this.#serverVersion;
    const { api } = this.#options;
    const { body } = await api.request<{ gitVersion?: unknown }>({ method: 'GET', path: '/version', signal });
    const version = body?.gitVersion;
    if (typeof version !== 'string' || !/^v?\d+\.\d+/.test(version) || version.length > 100)
      throw new SkerryError('PlatformUnavailable', `${api.server} does not say which Kubernetes it is.`, {
        remedy: 'check that this is the address of an API server',
      });
    this.#serverVersion = version.replace(/^v/, '');
    return this.#serverVersion;
  }

  forget(): void {
    this.#table = undefined;
    // Who has asked before is answered with what is being read; who asks from now on is not.
    this.#loading = undefined;
    this.#serverVersion = undefined;
  }

  async #find(look: (table: Table) => ApiResource | undefined, signal: AbortSignal): Promise<ApiResource | undefined> {
    const table = await this.#read(signal);
    const found = look(table);
    if (found !== undefined || this.#options.clock.mono() - table.takenMs < leastAgeMs) return found;
    if (this.#table === table) this.#table = undefined;
    return look(await this.#read(signal));
  }

  async #read(signal: AbortSignal): Promise<Table> {
    if (this.#table !== undefined) return this.#table;
    this.#loading ??= this.#load();
    return await untilAborted(this.#loading, signal);
  }

  #load(): Promise<Table> {
    const { api, clock, log } = this.#options;
    const takenMs = clock.mono();
    const loading: Promise<Table> = discover(api, log, this.#never)
      .then((resources) => {
        const table = { ...tableOf(resources), takenMs };
        if (this.#loading === loading) this.#table = table;
        return table;
      })
      .finally(() => {
        if (this.#loading === loading) this.#loading = undefined;
      });
    return loading;
  }
}

function tableOf(resources: readonly ApiResource[]): Pick<Table, 'byVersion' | 'byGroup'> {
  const byVersion = new Map<string, ApiResource>();
  const byGroup = new Map<string, ApiResource>();
  for (const resource of resources) {
    const { apiVersion, kind } = resource;
    const versionKey = `${apiVersion}/${kind}`;
    const groupKey = `${groupOf(apiVersion)}/${kind}`;
    if (!byVersion.has(versionKey)) byVersion.set(versionKey, resource);
    if (!byGroup.has(groupKey)) byGroup.set(groupKey, resource);
  }
  return { byVersion, byGroup };
}
