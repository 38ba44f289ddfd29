import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { type Clock, delay } from '#shared/runtime/index.ts';
import { type ApiResources, resourcePath } from '../api/api-resources.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import { type ApiResource, type KubeObject, type ObjectRef, refText } from './kube-object.ts';
import { fieldManager } from './own-labels.ts';

export interface ObjectWriterOptions {
  api: KubernetesApi;
  resources: ApiResources;
  clock: Clock;
}

/** Repeats of one request that the server put off, before its caller hears of it. */
const patienceTries = 4;
const patienceMs = 5000;
const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob']);
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const metadataListOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Writes of single objects; each may be repeated. */
export class ObjectWriter {
  readonly #options: ObjectWriterOptions;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
  }

  /** Server-side apply as our field manager; conflicts are decided for us, since only objects of ours get here. */
  async apply(object: KubeObject, signal: AbortSignal): Promise<{ object: KubeObject; isNew: boolean }> {
    const resource = await this.resourceOf(object, signal);
    const { namespace, name } = object.metadata;
    const answer = await this.#patiently(signal, () =>
      this.#options.api.request({
        method: 'PATCH',
        path: resourcePath(resource, namespace, name),
        query: { fieldManager, force: 'true' },
        body: object,
        contentType: 'application/apply-patch+yaml',
        signal,
      }),
    );
    return { object: answer.body, isNew: answer.status === 201 };
  }

  /** Labels and ownership of what stands under a name; undefined: nothing does. */
  look(ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#get(ref, { accept: metadataOnly, signal });
  }

  /** The whole of it. */
  read(ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#get(ref, { signal });
  }

  async #get(
    ref: ObjectRef,
    { accept, signal }: { accept?: string; signal: AbortSignal },
  ): Promise<KubeObject | undefined> {
    const resource = await this.resourceOf(ref, signal);
    try {
      const { body } = await this.#patiently(signal, () =>
        this.#options.api.request({
          method: 'GET',
          path: resourcePath(resource, ref.namespace, ref.name),
          ...(accept === undefined ? {} : { accept }),
          signal,
        }),
      );
      return body;
    } catch (error) {
      if (isSkerryError(error) && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  /** Metadata of all objects of one kind in one place that have these labels; undefined: there are more than `limit`. */
  async list(
    where: Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'>,
    { labelSelector, limit }: { labelSelector: string; limit: number },
    signal: AbortSignal,
  ): Promise<KubeObject[] | undefined> {
    const resource = await this.resourceOf(where, signal);
    const { body } = await this.#patiently(signal, () =>
      this.#options.api.request<{ items?: KubeObject[] | null; metadata?: { continue?: string } }>({
        method: 'GET',
        path: resourcePath(resource, where.namespace),
        query: { labelSelector, limit: String(limit) },
        accept: metadataListOnly,
        signal,
      }),
    );
    return body.metadata?.continue ? undefined : (body.items ?? []);
  }

  /** Deletes exactly this object. Resolves to what still stands of it (finalizers, children); undefined: it is gone. */
  async remove(ref: ObjectRef, uid: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const resource = await this.#options.resources.find(ref.apiVersion, ref.kind, signal);
    if (resource === undefined) return undefined;
    try {
      const { body } = await this.#patiently(signal, () =>
        this.#options.api.request<KubeObject>({
          method: 'DELETE',
          path: resourcePath(resource, ref.namespace, ref.name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            // A workload goes when its pods have gone.
            propagationPolicy: workloads.has(ref.kind) ? 'Foreground' : 'Background',
            ...(uid === '' ? {} : { preconditions: { uid } }),
          },
          signal,
        }),
      );
      const isGone = body.kind === 'Status' || (body.metadata.finalizers ?? []).length === 0;
      // A pod is answered whole while it is given time to end.
      return isGone && ref.kind !== 'Pod' ? undefined : body;
    } catch (error) {
      // Conflict: another object has taken the name; ours is gone.
      if (isSkerryError(error) && (error.code === 'NotFound' || error.code === 'Conflict')) return undefined;
      throw error;
    }
  }

  /** @throws SkerryError PlatformRefused when the cluster does not serve the kind */
  async resourceOf(
    object: ObjectRef | KubeObject | Pick<ObjectRef, 'apiVersion' | 'kind'>,
    signal: AbortSignal,
  ): Promise<ApiResource> {
    const { apiVersion, kind } = object;
    const resource = await this.#options.resources.find(apiVersion, kind, signal);
    if (resource !== undefined) return resource;
    const text = 'metadata' in object ? refText({ kind, ...(object as KubeObject).metadata }) : kind;
    throw new SkerryError('PlatformRefused', `${text}: this cluster serves no ${kind} of ${apiVersion}`, {
      remedy: 'Install what defines it (a CustomResourceDefinition) first, or use a version that the cluster knows.',
    });
  }

  /** A server that asks for patience gets it, as long as the call may take. */
  async #patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        const isPutOff = isSkerryError(error) && typeof error.retry === 'object';
        if (!isPutOff || tries >= patienceTries || signal.aborted) throw error;
        const { afterMs } = error.retry as { afterMs: number };
        await delay(this.#options.clock, Math.min(afterMs, patienceMs), signal);
      }
    }
  }
}
