import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import type { ApiResources } from '../api/api-resources.ts';
import { resourcePath } from '../api/api-resources.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import type { ApiResource, KubeObject } from '../objects/kube-object.ts';
import { fieldManager, madeAnnotation, ownerLabel } from '../objects/own-labels.ts';

const namespaceResource: ApiResource = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  isNamespaced: false,
};
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const mostLookedAt = 100;

/** Kinds that show that a namespace is still used. */
const telling: [apiVersion: string, kind: string][] = [
  ...(['Pod', 'Service', 'ConfigMap', 'Secret', 'PersistentVolumeClaim'] as const).map((kind): [string, string] => [
    'v1',
    kind,
  ]),
  ...(['Deployment', 'StatefulSet', 'DaemonSet'] as const).map((kind): [string, string] => ['apps/v1', kind]),
  ...(['Job', 'CronJob'] as const).map((kind): [string, string] => ['batch/v1', kind]),
  ['networking.k8s.io/v1', 'Ingress'],
];

/** Namespaces that units lie in: made when they are missing, removed with the last unit when they were made for units. */
export class UnitNamespaces {
  readonly #api: KubernetesApi;
  readonly #resources: ApiResources;
  readonly #log: Logger;
  readonly #known = new Set<string>();

  constructor(parts: { api: KubernetesApi; resources: ApiResources; log: Logger }) {
    this.#api = parts.api;
    this.#resources = parts.resources;
    this.#log = parts.log;
  }

  /** Resolves to true when it was made just now: nothing of anybody else can be in it. */
  async ensure(name: string, owner: string, signal: AbortSignal): Promise<boolean> {
    if (this.#known.has(name)) return false;
    const isMade = await this.#make(name, owner, signal);
    this.#known.add(name);
    return isMade;
  }

  /** Something said that it is not there. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  /** With its last unit gone it goes too, if it was made for units and holds nothing else: not even what units left to be kept. */
  async release(name: string, owner: string, signal: AbortSignal): Promise<void> {
    const found = await this.#get(name, signal);
    const { annotations, labels, uid, deletionTimestamp } = found?.metadata ?? {};
    if (annotations?.[madeAnnotation] !== 'true' || labels?.[ownerLabel] !== owner || deletionTimestamp !== undefined)
      return;
    const tenant = await this.#findTenant(name, signal);
    if (tenant !== undefined) {
      this.#log.info({ namespace: name, tenant }, 'A namespace made for units stays: it holds something else.');
      return;
    }
    this.#known.delete(name);
    const path = resourcePath(namespaceResource, undefined, name);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
    await this.#api.request({ method: 'DELETE', path, body, signal }).catch((error) => {
      if (!isSkerryError(error) || !['NotFound', 'Conflict'].includes(error.code)) throw error;
    });
  }

  async #make(name: string, owner: string, signal: AbortSignal): Promise<boolean> {
    const present = await this.#get(name, signal);
    if (present !== undefined) return refuseEnding(present);
    const body = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { [ownerLabel]: owner }, annotations: { [madeAnnotation]: 'true' } },
    };
    try {
      const query = { fieldManager };
      await this.#api.request({ method: 'POST', path: resourcePath(namespaceResource), query, body, signal });
      return true;
    } catch (error) {
      // Another unit was quicker.
      if (isSkerryError(error) && error.code === 'Conflict') return false;
      throw error;
    }
  }

  async #get(name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const path = resourcePath(namespaceResource, undefined, name);
    return this.#api.request({ method: 'GET', path, signal }).then(
      ({ body }) => body,
      (error) => {
        if (isSkerryError(error) && error.code === 'NotFound') return undefined;
        throw error;
      },
    );
  }

  async #findTenant(name: string, signal: AbortSignal): Promise<string | undefined> {
    for (const [apiVersion, kind] of telling) {
      const resource = await this.#resources.find(apiVersion, kind, signal);
      if (resource === undefined) continue;
      const { body } = await this.#api.request<{ items: KubeObject[] | null; metadata?: { continue?: string } }>({
        method: 'GET',
        path: resourcePath(resource, name),
        query: { limit: String(mostLookedAt) },
        accept: metadataList,
        signal,
      });
      const tenant = (body.items ?? []).find((item) => !isOfEveryNamespace(kind, item));
      if (tenant !== undefined) return `${kind} ${tenant.metadata.name}`;
      if (body.metadata?.continue) return `more than ${mostLookedAt} of ${kind}`;
    }
    return undefined;
  }
}

function refuseEnding(namespace: KubeObject): false {
  const { name, deletionTimestamp } = namespace.metadata;
  if (deletionTimestamp === undefined) return false;
  throw new SkerryError('PlatformUnavailable', `Namespace ${name} is being deleted`, {
    remedy: 'If it never goes away, look at its finalizers: `kubectl get namespace NAME -o yaml`.',
  });
}

/** What the cluster itself puts into each, and what is on its way out. */
function isOfEveryNamespace(kind: string, { metadata }: KubeObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  if (kind === 'ConfigMap') return metadata.name === 'kube-root-ca.crt' || metadata.name === 'openshift-service-ca.crt';
  return kind === 'Secret' && /-token-\w{5}$|-dockercfg-\w{5}$/.test(metadata.name);
}
