import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { ApiResource, KubeObject } from '../objects/kube-object.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

export interface ReflectorOptions<T> {
  api: KubernetesApi;
  resource: ApiResource;
  /** One list and watch per namespace; absent: cluster-wide. */
  namespaces?: readonly string[];
  labelSelector?: string;
  fieldSelector?: string;
  /** What is kept of an object; undefined: nothing. Called once per event; must not hold on to the object. */
  reduce: (object: KubeObject) => T | undefined;
  /** After each change of the picture. `before` undefined: new; `after` undefined: gone. */
  onChange: (key: string, before: T | undefined, after: T | undefined) => void;
  /** The watch is open again after it could not be (or for the first time). */
  onLive?: () => void;
  clock: Clock;
  random: { next(): number };
  log: Logger;
}

/**
 * What the cluster holds of one kind, kept up to date by list and watch. Own writes are put in at once; an older
 * `resourceVersion` never overwrites a newer one.
 */
export interface Reflector<T> {
  readonly resource: ApiResource;
  /** Resolves when the picture is whole and watched; while the API server is away it tries until the signal ends. @throws the newest reason */
  synced(signal: AbortSignal): Promise<void>;
  /** Resolves after a list that began after this call. @throws SkerryError */
  refresh(signal: AbortSignal): Promise<void>;
  /** The watch is open and the picture whole. */
  readonly isLive: boolean;
  /** By `namespace/name`; `/name` for cluster-wide kinds. */
  get(key: string): T | undefined;
  entries(): Iterable<[key: string, value: T]>;
  /** The answer to an own write. */
  put(object: KubeObject): void;
  /** An own delete was answered with "gone". */
  drop(key: string): void;
  /** Ends the watch; resolves when nothing runs any more. */
  stop(): Promise<void>;
}

export type CreateReflector = <T>(options: ReflectorOptions<T>) => Reflector<T>;
