import type {
  CallContext,
  Connector,
  ConnectorManifest,
  DesiredUnit,
  InfraFacts,
  ObservedUnit,
  PlatformAlarm,
  UnitAction,
  UnitMeasurement,
  UnitRef,
} from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Incarnation, ObjectKey, OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import { buildUnit, usedResources } from './build-unit.ts';
import { parseUnitSpec, simulatedUnitKinds } from './parse-unit-spec.ts';
import type { SimulatedCall, SimulatedCalls } from './simulated-calls.ts';
import type { SimulatedSettings } from './simulated-settings.ts';
import type { World } from './world.ts';
import type { WorldUnit } from './world-entry.ts';

export interface SimulatedConnectorParts {
  settings: SimulatedSettings;
  world: World;
  calls: SimulatedCalls;
  clock: Clock;
  random: Random;
  listeners: Set<(key: ObjectKey | undefined) => void>;
  close: () => Promise<void>;
}

/** A connector over a simulated platform: honest about capacity, names, addresses and time, and it fails when it is told to. */
export class SimulatedConnector implements Connector {
  readonly manifest: ConnectorManifest;
  readonly #parts: SimulatedConnectorParts;
  readonly #closed = new AbortController();

  constructor(parts: SimulatedConnectorParts) {
    this.#parts = parts;
    this.manifest = {
      kind: 'simulated',
      contract: 1,
      units: simulatedUnitKinds,
      supports: { watch: true, updateInPlace: parts.settings.canUpdateInPlace },
      settleMs: parts.settings.settleMs,
      fences: false,
    };
  }

  parseSpec = parseUnitSpec;

  probe(call: CallContext): Promise<InfraFacts> {
    return this.#run(call, { verb: 'probe' }, async () => {
      const { settings, world } = this.#parts;
      return {
        kind: 'simulated',
        version: '1',
        features: ['compute', 'network', 'volume', 'helm', 'manifests', 'monitor'],
        zones: settings.zones,
        images: settings.images ?? [],
        capacity: { total: settings.capacity, used: usedResources(world) },
        healthy: true,
      };
    });
  }

  observe(call: CallContext, owner: OwnerId): Promise<readonly ObservedUnit[]> {
    return this.#run(call, { verb: 'observe' }, async () =>
      [...this.#parts.world.units.values()].filter((unit) => unit.owner === owner).map((unit) => this.#observed(unit)),
    );
  }

  ensure(call: CallContext, unit: DesiredUnit): Promise<ObservedUnit> {
    return this.#run(call, { verb: 'ensure', kind: unit.kind, key: unit.key }, async () => {
      const parsed = parseUnitSpec(unit.kind, unit.spec);
      if (!parsed.ok) throw parsed.error;
      const former = this.#parts.world.unit(unit.key, unit.incarnation);
      if (former === undefined) return this.#create(unit);
      if (former.owner !== unit.owner) throw foreign(unit);
      if (former.specDigest === unit.specDigest && !this.#isDrifted(former)) return this.#observed(former);
      return this.#update(unit, former);
    });
  }

  remove(call: CallContext, unit: UnitRef): Promise<void> {
    return this.#run(call, { verb: 'remove', kind: unit.kind, key: unit.key }, async () => {
      const { world, clock } = this.#parts;
      const found = world.unit(unit.key, unit.incarnation);
      if (found === undefined) return;
      if (found.owner !== unit.owner) throw foreign(unit);
      await world.record({ at: clock.now(), type: 'remove', key: unit.key, incarnation: unit.incarnation });
    });
  }

  act(call: CallContext, unit: UnitRef, action: UnitAction): Promise<JsonObject> {
    return this.#run(call, { verb: 'act', kind: unit.kind, key: unit.key }, async () => {
      const { world, clock, settings } = this.#parts;
      const found = world.unit(unit.key, unit.incarnation);
      if (found === undefined || found.owner !== unit.owner)
        throw new SkerryError('NotFound', `${unit.key} is not on this infra`);
      if (action.verb === 'console') return { url: `simulated:${found.platformId}` };
      const isStop = action.verb === 'stop';
      await world.record({
        at: clock.now(),
        type: 'act',
        key: unit.key,
        incarnation: unit.incarnation,
        verb: action.verb,
        failure: isStop ? 'stopped' : undefined,
        readyAt: isStop ? undefined : clock.now() + settings.bootMs,
      });
      return {};
    });
  }

  watch(call: CallContext, _owner: OwnerId, wake: (key: ObjectKey | undefined) => void): Promise<void> {
    const signal = AbortSignal.any([call.signal, this.#closed.signal]);
    const { listeners } = this.#parts;
    if (signal.aborted) return Promise.reject(aborted());
    listeners.add(wake);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        listeners.delete(wake);
        resolve();
      });
    });
  }

  async alarms(_call: CallContext, _owner: OwnerId): Promise<readonly PlatformAlarm[]> {
    return [...this.#parts.world.alarms.values()];
  }

  /** A gentle wave per unit, so that charts have something to show. */
  async measure(_call: CallContext, owner: OwnerId): Promise<readonly UnitMeasurement[]> {
    const at = this.#parts.clock.now();
    const computes = [...this.#parts.world.units.values()].filter((u) => u.owner === owner && u.kind === 'compute');
    return computes.map((unit) => ({
      key: unit.key,
      at,
      values: {
        cpu_percent: Math.round(30 + 20 * Math.sin(at / 60_000) + 10 * this.#parts.random.next()),
        memory_mib: Math.round(unit.resources.memoryMib * (0.4 + 0.1 * this.#parts.random.next())),
      },
    }));
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(aborted());
    await this.#parts.close();
  }

  #run<T>(context: CallContext, call: SimulatedCall, act: () => Promise<T>): Promise<T> {
    if (this.#closed.signal.aborted) return Promise.reject(aborted());
    return this.#parts.calls.run(AbortSignal.any([context.signal, this.#closed.signal]), call, act);
  }

  async #create(unit: DesiredUnit): Promise<ObservedUnit> {
    if (unit.mustExist === true)
      throw new SkerryError('NotFound', `${unit.key} is not there any more`, { details: { key: unit.key } });
    const { world, settings, clock } = this.#parts;
    const isBooting = unit.kind === 'compute' || unit.kind === 'helm-release';
    const readyAt = clock.now() + (isBooting ? settings.bootMs : 0);
    const made: WorldUnit = { ...buildUnit(world, settings, unit, undefined), readyAt };
    await world.record({ at: clock.now(), type: 'create', unit: made });
    return this.#observed(made);
  }

  async #update(unit: DesiredUnit, former: WorldUnit): Promise<ObservedUnit> {
    const { world, settings, clock } = this.#parts;
    const isFixed = (name: string) => JSON.stringify(unit.spec[name]) !== JSON.stringify(former.spec[name]);
    const fixed = unit.kind === 'compute' ? ['image'] : unit.kind === 'network' ? ['cidr', 'existingName'] : [];
    const blocked = !settings.canUpdateInPlace ? ['spec'] : fixed.filter(isFixed);
    if (blocked.length > 0)
      throw new SkerryError('PlatformRefused', `${blocked.join(', ')} of a ${unit.kind} cannot be changed in place`, {
        details: { needsReplacement: true },
      });
    const { isDrifted: _, ...changed } = { ...former, ...buildUnit(world, settings, unit, former) };
    await world.record({ at: clock.now(), type: 'update', unit: changed });
    return this.#observed(changed);
  }

  #observed(unit: WorldUnit): ObservedUnit {
    const isReady = this.#parts.clock.now() >= unit.readyAt;
    const { key, kind, incarnation, specDigest, platformId, facts } = unit;
    return {
      key,
      kind,
      incarnation,
      specDigest,
      platformId,
      phase: unit.failure !== undefined ? 'failed' : isReady ? 'ready' : 'pending',
      drifted: this.#isDrifted(unit),
      ...(unit.failure === undefined ? (isReady ? {} : { message: 'boots' }) : { message: unit.failure }),
      facts: structuredClone(facts),
    };
  }

  /** Changed behind our back, or attached to a network that is gone. */
  #isDrifted(unit: WorldUnit): boolean {
    if (unit.isDrifted === true) return true;
    if (unit.attached.length === 0) return false;
    const networks = new Set<Incarnation>();
    for (const other of this.#parts.world.units.values()) if (other.kind === 'network') networks.add(other.incarnation);
    return unit.attached.some((incarnation) => !networks.has(incarnation));
  }
}

function aborted(): SkerryError {
  return new SkerryError('Aborted', 'The connector is closed');
}

function foreign(unit: UnitRef): SkerryError {
  return new SkerryError('PlatformRefused', `${unit.key} belongs to somebody else`);
}
