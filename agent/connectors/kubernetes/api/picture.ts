import type { Logger } from '#shared/runtime/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ReflectorOptions } from './reflector.ts';
import { isOlder } from './resource-version.ts';

interface Entry<T> {
  value: T;
  version: string;
}

export type PictureOptions<T> = Pick<ReflectorOptions<T>, 'reduce' | 'onChange'> & { log: Logger };

/** What is kept of the objects of one list: reduced values, each with the version that it was taken from. */
export class Picture<T> {
  readonly #options: PictureOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: PictureOptions<T>) {
    this.#options = options;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  *entries(): Generator<[string, T]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  /** Older than what is known: left out, unless the server's own versions went back (`isForced`). */
  put(object: KubeObject, isForced = false): void {
    const key = keyOf(object);
    const version = object.metadata.resourceVersion ?? '';
    const known = this.#entries.get(key);
    if (known !== undefined && !isForced && (known.version === version || isOlder(version, known.version))) return;
    const value = this.#reduce(object);
    if (value === undefined) this.#delete(key, known);
    else {
      this.#entries.set(key, { value, version });
      this.#tell(key, known?.value, value);
    }
  }

  /** The object was deleted, in the version that it names. */
  remove(object: KubeObject): void {
    const key = keyOf(object);
    const known = this.#entries.get(key);
    // Made anew by us since then.
    if (known !== undefined && isOlder(object.metadata.resourceVersion ?? '', known.version)) return;
    this.#delete(key, known);
  }

  drop(key: string): void {
    this.#delete(key, this.#entries.get(key));
  }

  /** A list of this version held these keys and no others. */
  keepOnly(keys: ReadonlySet<string>, version: string, isForced: boolean): void {
    for (const [key, known] of this.#entries) {
      if (keys.has(key)) continue;
      // Put in by us while the list was being read.
      if (!isForced && isOlder(version, known.version)) continue;
      this.#delete(key, known);
    }
  }

  #delete(key: string, known: Entry<T> | undefined): void {
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#tell(key, known.value, undefined);
  }

  #reduce(object: KubeObject): T | undefined {
    try {
      return this.#options.reduce(object);
    } catch (error) {
      this.#options.log.error(
        { key: keyOf(object), error },
        'An object of the cluster cannot be read and is left out.',
      );
      return undefined;
    }
  }

  #tell(key: string, before: T | undefined, after: T | undefined): void {
    try {
      this.#options.onChange(key, before, after);
    } catch (error) {
      this.#options.log.error({ key, error }, 'A change of the cluster could not be passed on.');
    }
  }
}

export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
