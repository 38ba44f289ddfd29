import type { WorldEntry, WorldUnit } from '#agent/connectors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { Breach } from '../breach.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import type { DiskWitness } from './disk-witness.ts';
import type { StoreWitness } from './store-witness.ts';

interface Present {
  unit: WorldUnit;
  /** Its create landed when the disk did not know of it any more. */
  isForgotten: boolean;
  /** Killed, drifted or deleted behind our back. */
  isHarmed: boolean;
}

export interface PlatformParts {
  name: string;
  agentId: string;
  disk: SimulatedDisk;
  diskWitness: DiskWitness;
  store: StoreWitness;
}

/** What really happened on one site's platforms: every effect, whoever caused it and whoever knows of it. */
export class PlatformWitness {
  readonly breaches: Breach[] = [];
  readonly #parts: PlatformParts;
  readonly #created = new Set<string>();
  readonly #present = new Map<string, Present>();
  /** Specs with which a unit was ever made, by key. */
  readonly #made = new Map<string, Set<string>>();
  /** Units that somebody else took away or broke last. */
  readonly #taken = new Set<string>();

  constructor(parts: PlatformParts) {
    this.#parts = parts;
  }

  entry(infraId: InfraId, entry: WorldEntry): void {
    switch (entry.type) {
      case 'create':
        this.#create(infraId, entry.unit);
        return;
      case 'update':
        this.#update(entry.unit);
        return;
      case 'remove':
        this.#remove(entry.key, entry.incarnation);
        return void this.#present.delete(`${entry.key}#${entry.incarnation}`);
      case 'deleted':
        this.#taken.add(entry.key);
        return void this.#present.delete(`${entry.key}#${entry.incarnation}`);
      case 'killed':
      case 'drifted': {
        this.#taken.add(entry.key);
        const present = this.#present.get(`${entry.key}#${entry.incarnation}`);
        if (present !== undefined) present.isHarmed = true;
        return;
      }
    }
  }

  isPresent(key: string, incarnation?: string): boolean {
    if (incarnation !== undefined) return this.#present.has(`${key}#${incarnation}`);
    const current = this.#parts.diskWitness.journal.get(key)?.current?.incarnation;
    // What the disk had forgotten counts again once it was adopted.
    const counts = ({ unit, isForgotten }: Present) => !isForgotten || unit.incarnation === current;
    return [...this.#present.values()].some((present) => present.unit.key === key && counts(present));
  }

  /** Was it made with this spec, and is it there unless somebody else took it away since? */
  wasMade(key: string, spec: string): boolean {
    return this.#made.get(key)?.has(spec) === true && (this.isPresent(key) || this.#taken.has(key));
  }

  get #isDiskTrue(): boolean {
    return this.#parts.disk.faults.length === 0;
  }

  #breach(invariant: string, message: string): void {
    this.breaches.push({ invariant, message: `${this.#parts.name}: ${message}` });
  }

  #isKnown(key: string, incarnation: string): boolean {
    const record = this.#parts.diskWitness.journal.get(key);
    return (
      record?.current?.incarnation === incarnation ||
      record?.condemned.some((entry) => entry.incarnation === incarnation) === true
    );
  }

  #create(infraId: InfraId, unit: WorldUnit): void {
    const name = `${unit.key}#${unit.incarnation}`;
    if (this.#created.has(name)) this.#breach('I3', `${name} was created twice`);
    this.#created.add(name);
    const isForgotten = !this.#isDiskTrue && !this.#isKnown(unit.key, unit.incarnation);
    if (this.#isDiskTrue && !this.#isKnown(unit.key, unit.incarnation))
      this.#breach('I3', `${name} was created and is not in the journal`);
    const others = [...this.#present.values()].filter((other) => other.unit.key === unit.key);
    for (const other of others) {
      // Not promised: a call that the disk has forgotten may land beside what replaced it; the older one goes.
      if (isForgotten || other.isForgotten) continue;
      this.#breach('I3', `${name} was created on ${infraId} beside ${other.unit.incarnation}`);
    }
    this.#checkSpec(unit);
    this.#present.set(name, { unit, isForgotten, isHarmed: false });
    if (!isForgotten) this.#taken.delete(unit.key);
  }

  #update(unit: WorldUnit): void {
    this.#checkSpec(unit);
    const present = this.#present.get(`${unit.key}#${unit.incarnation}`);
    if (present !== undefined) Object.assign(present, { unit, isHarmed: false });
    this.#taken.delete(unit.key);
  }

  /** A3: what is made was asked for, word for word. */
  #checkSpec(unit: WorldUnit): void {
    const spec = canonicalJson(unit.spec);
    if (this.#parts.store.specs.get(unit.key)?.has(spec) !== true)
      this.#breach('A3', `${unit.key} was made with a spec that nobody asked for`);
    this.#made.set(unit.key, (this.#made.get(unit.key) ?? new Set()).add(spec));
  }

  /**
   * I5: only a tombstone, a one-shot, a newer incarnation, harm or a change of the spec takes something away. An incarnation
   * that was given up in doubt and landed after all goes too.
   */
  #remove(key: string, incarnation: string): void {
    const present = this.#present.get(`${key}#${incarnation}`);
    if (present === undefined) return;
    const { store, diskWitness, agentId } = this.#parts;
    const object = store.objects.get(agentId)?.get(key);
    const isDue =
      store.tombstones.has(key) ||
      present.isHarmed ||
      present.isForgotten ||
      [...store.oneShots.values()].some((action) => action.target === key) ||
      diskWitness.journal.get(key)?.condemned.some((e) => e.incarnation === incarnation && e.reason === 'doubt') ||
      [...this.#present.values()].some((other) => other.unit.key === key && other !== present) ||
      (object?.body.type === 'unit' && canonicalJson(object.body.spec) !== canonicalJson(present.unit.spec));
    if (!isDue) this.#breach('I5', `${key}#${incarnation} was removed though nothing named it`);
  }
}
