import type { ApiResource, KubeObject } from '../objects/kube-object.ts';
import { Feed } from './feed.ts';
import { keyOf, Picture } from './picture.ts';
import type { CreateReflector, Reflector, ReflectorOptions } from './reflector.ts';

export const createReflector: CreateReflector = (options) => new ListWatchReflector(options);

interface Part<T> {
  picture: Picture<T>;
  feed: Feed<T>;
}

/** Begins to list and watch at once. */
class ListWatchReflector<T> implements Reflector<T> {
  readonly resource: ApiResource;
  /** By namespace; '' for the whole cluster. */
  readonly #parts = new Map<string, Part<T>>();

  constructor(options: ReflectorOptions<T>) {
    this.resource = options.resource;
    const namespaces = options.resource.isNamespaced ? (options.namespaces ?? ['']) : [''];
    for (const namespace of new Set(namespaces)) this.#parts.set(namespace, makePart(options, namespace));
  }

  get isLive(): boolean {
    return this.#all().every(({ feed }) => feed.isLive);
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(({ feed }) => feed.synced(signal)));
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(({ feed }) => feed.refresh(signal)));
  }

  get(key: string): T | undefined {
    return this.#partOf(key)?.picture.get(key);
  }

  *entries(): Generator<[string, T]> {
    for (const { picture } of this.#parts.values()) yield* picture.entries();
  }

  put(object: KubeObject): void {
    this.#partOf(keyOf(object))?.feed.put(object);
  }

  drop(key: string): void {
    this.#partOf(key)?.picture.drop(key);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all().map(({ feed }) => feed.stop()));
  }

  #all(): Part<T>[] {
    return [...this.#parts.values()];
  }

  #partOf(key: string): Part<T> | undefined {
    return this.#parts.get('') ?? this.#parts.get(key.slice(0, key.indexOf('/')));
  }
}

function makePart<T>(options: ReflectorOptions<T>, namespace: string): Part<T> {
  const { api, resource, labelSelector, fieldSelector, reduce, onChange, onLive, clock, random, log } = options;
  const picture = new Picture<T>({ reduce, onChange, log });
  const selection = {
    resource,
    ...(namespace === '' ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  return {
    picture,
    feed: new Feed<T>({ api, selection, picture, ...(onLive === undefined ? {} : { onLive }), clock, random, log }),
  };
}
