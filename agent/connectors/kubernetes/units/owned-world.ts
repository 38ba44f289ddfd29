import { isSkerryError, type SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { ApiResources } from '../api/api-resources.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import type { CreateReflector, Reflector } from '../api/reflector.ts';
import { type ApiResource, groupOf, type KubeObject, type ObjectRef, refOf } from '../objects/kube-object.ts';
import { ownerLabel } from '../objects/own-labels.ts';
import { type Tracked, track } from './tracked-object.ts';
import { type Release, type UnitRecord, unpackRecord } from './unit-record.ts';

export interface OwnedWorldOptions {
  api: KubernetesApi;
  resources: ApiResources;
  createReflector: CreateReflector;
  owner: string;
  /** Absent: the whole cluster. */
  namespaces?: readonly string[];
  /** Something of this unit may have changed. */
  onChange: (unitName: string) => void;
  /** The API server answers again. */
  onLive: () => void;
  clock: Clock;
  random: { next(): number };
  log: Logger;
}

/** A record without the objects themselves: what observing needs, small enough to keep of every unit. */
export type RecordView = Omit<UnitRecord, 'target' | 'former'> & {
  target: Omit<Release, 'objects' | 'hooks' | 'values'> & { refs: ObjectRef[]; hooks: KubeObject[] };
};

interface KnownRecord {
  view: RecordView;
  packed: Buffer;
}

export const secretResource: ApiResource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', isNamespaced: true };
const podResource: ApiResource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', isNamespaced: true };

/** Everything in the cluster that carries one owner's label, by watch: records of units, their objects, their pods. */
export class OwnedWorld {
  readonly #options: OwnedWorldOptions;
  readonly #reflectors = new Map<string, Reflector<Tracked>>();
  readonly #records = new Map<string, KnownRecord>();
  readonly #ofUnit = new Map<string, Map<string, Tracked>>();
  /** Kinds that cannot be read, and why: units that need them are told so, all others go on. */
  readonly #blind = new Map<string, SkerryError>();
  #isComplete = false;

  constructor(options: OwnedWorldOptions) {
    this.#options = options;
    this.#follow(secretResource);
  }

  /** Resolves when all that is ours is known and watched. @throws SkerryError when the cluster cannot be asked */
  async synced(signal: AbortSignal): Promise<void> {
    await this.#reflectors.get(kindKey(secretResource))?.synced(signal);
    if (!this.#isComplete) {
      this.#follow(podResource);
      for (const { view } of this.#records.values())
        for (const ref of [...view.target.refs, ...view.leftovers, ...view.target.hooks.map(refOf)])
          await this.#followKind(ref, signal);
      this.#isComplete = true;
    }
    await this.#eachKind((reflector, isBlind) => {
      const synced = reflector.synced(signal);
      if (!isBlind || reflector.isLive) return synced;
      // What may not be read is asked for again, but not waited for at every look; it tells when it can be.
      synced.catch(() => undefined);
      return undefined;
    });
  }

  /** A picture that began after this call: after an answer was lost, absence has to be proved. */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#eachKind((reflector, isBlind) => (isBlind ? undefined : reflector.refresh(signal)));
  }

  /** Why objects of this kind cannot be seen at present; undefined: they can. */
  blindness(ref: ObjectRef): SkerryError | undefined {
    return this.#blind.get(kindKey(ref));
  }

  records(): RecordView[] {
    return [...this.#records.values()].map(({ view }) => view);
  }

  view(unitName: string): RecordView | undefined {
    return this.#records.get(unitName)?.view;
  }

  /** The whole record, objects included. */
  record(unitName: string): UnitRecord | undefined {
    const known = this.#records.get(unitName);
    return known === undefined ? undefined : unpackRecord(known.packed);
  }

  /** An object of the unit itself; what another unit (another incarnation) holds under that name is not it. */
  find(unitName: string, ref: ObjectRef): Tracked | undefined {
    return this.#ofUnit.get(unitName)?.get(trackKey(ref));
  }

  /** Whatever carries the unit's label: objects, pods, records. */
  ofUnit(unitName: string): Tracked[] {
    return [...(this.#ofUnit.get(unitName)?.values() ?? [])];
  }

  /**
   * Makes the kinds of these objects watched, before the first of them is made, and waits until all of ours of these kinds are
   * known. @throws SkerryError PlatformAuth when one may not be read
   */
  async followKinds(refs: readonly ObjectRef[], signal: AbortSignal): Promise<void> {
    const kinds = new Map(refs.map((ref) => [kindKey(ref), ref]));
    for (const ref of kinds.values()) await this.#followKind(ref, signal);
    await Promise.all([...kinds.keys()].map((key) => this.#reflectors.get(key)?.synced(signal)));
    for (const key of kinds.keys()) this.#blind.delete(key);
  }

  /** Which unit an object of ours belongs to, by its label; undefined: nothing of ours is under that name. */
  holder(ref: ObjectRef): string | undefined {
    return this.#reflectors.get(kindKey(ref))?.get(`${ref.namespace ?? ''}/${ref.name}`)?.unitName;
  }

  /** The answer to a write of ours. */
  put(object: KubeObject): void {
    this.#reflectors.get(kindKey(object))?.put(object);
  }

  /** The answer to a removal of ours: what is left of the object, or nothing. */
  removed(ref: ObjectRef, left: KubeObject | undefined): void {
    if (left === undefined) this.#drop(ref);
    else this.put({ ...left, apiVersion: ref.apiVersion, kind: ref.kind });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
  }

  async #eachKind(ask: (reflector: Reflector<Tracked>, isBlind: boolean) => Promise<void> | undefined): Promise<void> {
    await Promise.all(
      [...this.#reflectors].map(async ([key, reflector]) => {
        try {
          await ask(reflector, this.#blind.has(key));
          if (reflector.isLive) this.#blind.delete(key);
        } catch (error) {
          if (!isSkerryError(error) || key === kindKey(secretResource)) throw error;
          if (error.code === 'NotFound') await this.#lose(key, reflector);
          else if (error.code === 'PlatformAuth' && error.details['status'] === 403) this.#blind.set(key, error);
          else throw error;
        }
      }),
    );
  }

  /** The kind is not served any more: its definition was removed, and with it all objects. */
  async #lose(key: string, reflector: Reflector<Tracked>): Promise<void> {
    this.#reflectors.delete(key);
    for (const [, tracked] of [...reflector.entries()]) this.#onChange(tracked, undefined);
    this.#options.resources.forget();
    await reflector.stop();
  }

  #drop(ref: ObjectRef): void {
    this.#reflectors.get(kindKey(ref))?.drop(`${ref.namespace ?? ''}/${ref.name}`);
  }

  async #followKind(ref: ObjectRef, signal: AbortSignal): Promise<void> {
    if (this.#reflectors.has(kindKey(ref))) return;
    const resource = await this.#options.resources.find(ref.apiVersion, ref.kind, signal);
    // A kind that is not served (its CRD is gone) has no objects.
    if (resource !== undefined) this.#follow(resource);
    // Addresses of a virtual machine are told by the instance that runs it.
    if (ref.kind === 'VirtualMachine') await this.#followKind({ ...ref, kind: 'VirtualMachineInstance' }, signal);
  }

  #follow(resource: ApiResource): void {
    const key = kindKey(resource);
    if (this.#reflectors.has(key)) return;
    const { api, createReflector, owner, namespaces, onLive, clock, random, log } = this.#options;
    const reflector = createReflector<Tracked>({
      api,
      resource,
      ...(namespaces !== undefined && resource.isNamespaced ? { namespaces } : {}),
      labelSelector: `${ownerLabel}=${owner}`,
      reduce: track,
      onChange: (_name, before, after) => this.#onChange(before, after),
      onLive,
      clock,
      random,
      log,
    });
    this.#reflectors.set(key, reflector);
  }

  #onChange(before: Tracked | undefined, after: Tracked | undefined): void {
    if (before !== undefined && (after === undefined || after.unitName !== before.unitName)) this.#forget(before);
    if (after !== undefined) this.#remember(after);
    for (const unitName of new Set([before?.unitName, after?.unitName]))
      if (unitName !== undefined) this.#options.onChange(unitName);
  }

  #remember(tracked: Tracked): void {
    const { unitName, packed, ref } = tracked;
    let own = this.#ofUnit.get(unitName);
    if (own === undefined) {
      own = new Map();
      this.#ofUnit.set(unitName, own);
    }
    own.set(trackKey(ref), tracked);
    if (packed === undefined || this.#records.get(unitName)?.packed.equals(packed)) return;
    const record = unpackRecord(packed);
    if (record !== undefined) this.#records.set(unitName, { packed, view: viewOf(record) });
    else this.#records.delete(unitName);
    // Kinds that another life of this agent made: watched from the next look on.
    if (record?.target.objects.some((object) => !this.#reflectors.has(kindKey(object)))) this.#isComplete = false;
  }

  #forget({ unitName, packed, ref }: Tracked): void {
    const own = this.#ofUnit.get(unitName);
    own?.delete(trackKey(ref));
    if (own?.size === 0) this.#ofUnit.delete(unitName);
    if (packed !== undefined) this.#records.delete(unitName);
  }
}

function viewOf(record: UnitRecord): RecordView {
  const { former: _, target, ...rest } = record;
  const { objects, values: __, ...release } = target;
  return { ...rest, target: { ...release, refs: objects.map(refOf) } };
}

/** One watch per kind, whatever the version of its group. */
function kindKey({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

function trackKey({ apiVersion, kind, namespace, name }: ObjectRef): string {
  return `${groupOf(apiVersion)}/${kind}/${namespace ?? ''}/${name}`;
}
