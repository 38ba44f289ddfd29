import type { PlatformAlarm } from '#shared/connector/index.ts';
import type { Incarnation } from '#shared/model/ids.ts';
import type { Fault } from './fault.ts';
import type { EffectCount, WorldEntry, WorldSnapshot, WorldUnit } from './world-entry.ts';
import type { WorldFile } from './world-file.ts';

const entriesPerSnapshot = 2000;

/** The simulated platform's memory: a fold over its history. Knows nothing of calls, time or faults' meaning. */
export class World {
  readonly units = new Map<string, WorldUnit>();
  readonly faults = new Map<string, Fault>();
  readonly alarms = new Map<string, PlatformAlarm>();
  readonly effects = new Map<string, EffectCount>();
  readonly #taken = new Map<string, Set<string>>();
  readonly #file: WorldFile;
  readonly #changed: (unit: WorldUnit | undefined) => void;
  #entryCount = 0;

  private constructor(file: WorldFile, changed: (unit: WorldUnit | undefined) => void) {
    this.#file = file;
    this.#changed = changed;
  }

  /** `changed` hears of every later change. */
  static async open(file: WorldFile, changed: (unit: WorldUnit | undefined) => void): Promise<World> {
    const world = new World(file, changed);
    const { snapshot, entries } = await file.load();
    if (snapshot !== undefined) world.#restore(snapshot);
    for (const entry of entries) world.#apply(entry);
    return world;
  }

  unit(key: string, incarnation: Incarnation): WorldUnit | undefined {
    return this.units.get(unitId(key, incarnation));
  }

  incarnationsOf(key: string): WorldUnit[] {
    return [...this.units.values()].filter((unit) => unit.key === key);
  }

  taken(pool: string): ReadonlySet<string> {
    return this.#taken.get(pool) ?? new Set();
  }

  /** Changes the world at once, so that no other call counts on the same room, and resolves when that is durable. */
  async record(entry: WorldEntry): Promise<void> {
    const unit = this.#apply(entry);
    await this.#file.append(entry);
    if (this.#entryCount % entriesPerSnapshot === 0) await this.#file.snapshot(this.toSnapshot());
    this.#changed(unit);
  }

  toSnapshot(): WorldSnapshot {
    return {
      entryCount: this.#entryCount,
      units: [...this.units.values()],
      faults: [...this.faults.values()],
      alarms: [...this.alarms.values()],
      effects: Object.fromEntries(this.effects),
    };
  }

  #restore(snapshot: WorldSnapshot): void {
    this.#entryCount = snapshot.entryCount;
    for (const unit of snapshot.units) this.#put(unit);
    for (const fault of snapshot.faults) this.faults.set(fault.faultId, fault);
    for (const alarm of snapshot.alarms) this.alarms.set(alarm.alarmId, alarm);
    for (const [id, count] of Object.entries(snapshot.effects)) this.effects.set(id, count);
  }

  #apply(entry: WorldEntry): WorldUnit | undefined {
    this.#entryCount += 1;
    switch (entry.type) {
      case 'create':
      case 'update':
        this.#count(entry.unit.key, entry.unit.incarnation, entry.type === 'create' ? 'creates' : 'updates');
        return this.#put(entry.unit);
      case 'fault':
        this.faults.set(entry.fault.faultId, entry.fault);
        return undefined;
      case 'fault-used':
        return this.#useFault(entry.faultId);
      case 'faults-released':
        if (entry.faultId === undefined) this.faults.clear();
        else this.faults.delete(entry.faultId);
        return undefined;
      case 'alarm':
        if (entry.raised) this.alarms.set(entry.alarm.alarmId, entry.alarm);
        else this.alarms.delete(entry.alarm.alarmId);
        return undefined;
      default:
        return this.#happen(entry);
    }
  }

  #happen(entry: Extract<WorldEntry, { incarnation: Incarnation }>): WorldUnit | undefined {
    const unit = this.unit(entry.key, entry.incarnation);
    if (entry.type === 'remove') this.#count(entry.key, entry.incarnation, 'removes');
    if (entry.type === 'act') this.#count(entry.key, entry.incarnation, 'acts');
    if (unit === undefined) return undefined;
    switch (entry.type) {
      case 'remove':
      case 'deleted':
        this.#drop(unit);
        return unit;
      case 'killed':
        return this.#put({ ...unit, failure: entry.failure });
      case 'drifted':
        return this.#put({ ...unit, isDrifted: true });
      case 'act':
        return this.#put({ ...unit, failure: entry.failure, readyAt: entry.readyAt ?? unit.readyAt });
    }
  }

  #put(unit: WorldUnit): WorldUnit {
    const former = this.unit(unit.key, unit.incarnation);
    if (former !== undefined) this.#drop(former);
    this.units.set(unitId(unit.key, unit.incarnation), unit);
    for (const { pool, address } of unit.taken) {
      const addresses = this.#taken.get(pool) ?? new Set();
      this.#taken.set(pool, addresses.add(address));
    }
    return unit;
  }

  #drop(unit: WorldUnit): void {
    this.units.delete(unitId(unit.key, unit.incarnation));
    for (const { pool, address } of unit.taken) this.#taken.get(pool)?.delete(address);
  }

  #useFault(faultId: string): undefined {
    const fault = this.faults.get(faultId);
    if (fault === undefined || fault.times === 0) return;
    if (fault.times === 1) this.faults.delete(faultId);
    else this.faults.set(faultId, { ...fault, times: fault.times - 1 });
  }

  #count(key: string, incarnation: Incarnation, what: keyof EffectCount): void {
    const id = unitId(key, incarnation);
    const count = this.effects.get(id) ?? { creates: 0, updates: 0, removes: 0, acts: 0 };
    this.effects.set(id, { ...count, [what]: count[what] + 1 });
  }
}

function unitId(key: string, incarnation: Incarnation): string {
  return `${key}#${incarnation}`;
}
