import type {
  CallContext,
  Connector,
  ConnectorManifest,
  DesiredUnit,
  InfraFacts,
  ObservedUnit,
  UnitKind,
  UnitRef,
} from '#shared/connector/index.ts';
import { isSkerryError, type Result, SkerryError } from '#shared/errors/index.ts';
import type { ObjectKey, OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { ClusterWatch } from './cluster/cluster-watch.ts';
import { adoptableName, nameOf } from './units/adoption.ts';
import type { OwnerRoom } from './units/owner-room.ts';
import { kubernetesUnitKinds, parseKubernetesSpec } from './units/parse-spec.ts';

export interface RoomEvents {
  onChange: (unitName: string) => void;
  /** The API server answers again. */
  onLive: () => void;
}

export interface KubernetesConnectorParts {
  /** Everything of one owner: its world and what changes it. */
  openRoom: (owner: OwnerId, events: RoomEvents) => OwnerRoom;
  cluster: (onChange: () => void) => ClusterWatch;
  closeApi: () => void;
  clock: Clock;
}

/** Events of one moment are told together. */
const wakeAfterMs = 5;
const syncPatienceMs = 10_000;

/**
 * Charts, manifests, networks and virtual machines in one Kubernetes cluster. All that it knows comes by watch; all that it
 * makes is applied under its own field manager, labelled, and recorded in the cluster beside what it made.
 */
export class KubernetesConnector implements Connector {
  readonly manifest: ConnectorManifest = {
    kind: 'kubernetes',
    contract: 1,
    units: kubernetesUnitKinds,
    supports: { watch: true, updateInPlace: true },
    // Every write is by name and may be repeated; what was lost is looked for by a list of its own.
    settleMs: 0,
    fences: false,
  };
  readonly #parts: KubernetesConnectorParts;
  readonly #cluster: ClusterWatch;
  readonly #closed = new AbortController();
  readonly #rooms = new Map<OwnerId, OwnerRoom>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #wakers = new Set<{
    owner: OwnerId;
    wake: (key: ObjectKey | undefined) => void;
    factsChanged?: () => void;
  }>();
  readonly #woken = new Map<OwnerId, Set<string | undefined>>();
  #isDoubtful = false;
  #cancelWake: (() => void) | undefined;

  constructor(parts: KubernetesConnectorParts) {
    this.#parts = parts;
    this.#cluster = parts.cluster(() => {
      for (const waker of this.#wakers) waker.factsChanged?.();
    });
  }

  parseSpec(kind: UnitKind, input: unknown): Result<JsonObject> {
    return parseKubernetesSpec(kind, input);
  }

  probe(call: CallContext): Promise<InfraFacts> {
    return this.#run(call, (signal) => this.#cluster.facts(signal));
  }

  observe(call: CallContext, owner: OwnerId): Promise<readonly ObservedUnit[]> {
    return this.#run(call, async (signal) => {
      const room = this.#room(owner);
      await this.#synced(room, signal);
      if (this.#isDoubtful) {
        await room.world.refresh(signal);
        this.#isDoubtful = false;
      }
      return room.observeAll();
    });
  }

  ensure(call: CallContext, unit: DesiredUnit): Promise<ObservedUnit> {
    return this.#run(call, async (signal) => {
      const parsed = this.parseSpec(unit.kind, unit.spec);
      if (!parsed.ok) throw parsed.error;
      const room = this.#room(unit.owner);
      return this.#inTurn(unit.name, async () => {
        await this.#synced(room, signal);
        const name = nameOf(room.world, unit) ?? adoptableName(room.world, unit) ?? unit.name;
        return this.#underName(unit, name, async (named) => {
          await room.steps.ensure({ ...call, signal }, named);
          return room.observe(name);
        });
      });
    });
  }

  remove(call: CallContext, unit: UnitRef): Promise<void> {
    return this.#run(call, async (signal) => {
      const room = this.#room(unit.owner);
      await this.#inTurn(unit.name, async () => {
        await this.#synced(room, signal);
        const name = nameOf(room.world, unit) ?? unit.name;
        await this.#underName(unit, name, (named) => room.steps.remove({ ...call, signal }, named));
        room.changed(name);
      });
    });
  }

  async watch(
    call: CallContext,
    owner: OwnerId,
    wake: (key: ObjectKey | undefined) => void,
    factsChanged?: () => void,
  ): Promise<void> {
    if (this.#closed.signal.aborted) throw closed();
    this.#room(owner);
    const waker = { owner, wake, ...(factsChanged === undefined ? {} : { factsChanged }) };
    this.#wakers.add(waker);
    const ended = AbortSignal.any([call.signal, this.#closed.signal]);
    await new Promise<void>((resolve) => {
      if (ended.aborted) resolve();
      else ended.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#wakers.delete(waker);
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(closed());
    this.#cancelWake?.();
    await Promise.allSettled([...this.#turns.values()]);
    await Promise.all([...this.#rooms.values()].map((room) => room.stop()));
    await this.#cluster.stop();
    this.#parts.closeApi();
  }

  /** A cluster that does not answer is told soon: the caller has better things to do than to wait. */
  async #synced({ world }: OwnerRoom, signal: AbortSignal): Promise<void> {
    const patience = new AbortController();
    const cancel = this.#parts.clock.timer(syncPatienceMs, () =>
      patience.abort(new SkerryError('PlatformUnavailable', 'The API server does not answer')),
    );
    try {
      await world.synced(AbortSignal.any([signal, patience.signal]));
    } finally {
      cancel();
    }
  }

  #room(owner: OwnerId): OwnerRoom {
    let room = this.#rooms.get(owner);
    if (room === undefined) {
      room = this.#parts.openRoom(owner, {
        onChange: (unitName) => this.#changed(owner, unitName),
        onLive: () => this.#changed(owner, undefined),
      });
      this.#rooms.set(owner, room);
    }
    return room;
  }

  /** undefined: whatever is in the room. */
  #changed(owner: OwnerId, unitName: string | undefined): void {
    if (unitName !== undefined) this.#rooms.get(owner)?.changed(unitName);
    const names = this.#woken.get(owner) ?? new Set();
    this.#woken.set(owner, names.add(unitName));
    if (this.#cancelWake !== undefined || this.#closed.signal.aborted) return;
    this.#cancelWake = this.#parts.clock.timer(wakeAfterMs, () => {
      this.#cancelWake = undefined;
      this.#wake();
    });
  }

  #wake(): void {
    const woken = [...this.#woken];
    this.#woken.clear();
    for (const [owner, names] of woken) {
      const room = this.#rooms.get(owner);
      const [name] = names;
      const key = names.size === 1 && name !== undefined ? room?.world.view(name)?.key : undefined;
      for (const waker of this.#wakers) if (waker.owner === owner) waker.wake(key);
    }
  }

  /** What has taken another unit's place waits for calls of that one, too. */
  async #underName<U extends UnitRef, T>(unit: U, name: string, act: (named: U) => Promise<T>): Promise<T> {
    return name === unit.name ? await act(unit) : await this.#inTurn(name, () => act({ ...unit, name }));
  }

  /** One change of a unit at a time. */
  async #inTurn<T>(unitName: string, act: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(unitName) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(act);
    this.#turns.set(unitName, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(unitName) === turn) this.#turns.delete(unitName);
    }
  }

  async #run<T>(call: CallContext, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([call.signal, this.#closed.signal]);
    if (this.#closed.signal.aborted) throw closed();
    if (signal.aborted) throw new SkerryError('Aborted', 'The call was given up before it began');
    try {
      return await act(signal);
    } catch (error) {
      if (isSkerryError(error) && error.code === 'PlatformInDoubt') this.#isDoubtful = true;
      throw error;
    }
  }
}

function closed(): SkerryError {
  return new SkerryError('Aborted', 'The connector is closed');
}
