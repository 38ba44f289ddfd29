import { type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import { digestOf } from '#shared/wire/digest.ts';
import type { InfraObject, IntentObject, OperationObject, Tombstone, UnitObject } from '#shared/wire/frames.ts';
import type { IntentHolder } from '../intent/intent-holder.ts';
import type { DesiredState } from '../plan/index.ts';

export type UnitIntent = IntentObject & { body: UnitObject };
export type OperationIntent = IntentObject & { body: OperationObject };
export type InfraIntent = IntentObject & { body: InfraObject };

/** What a scope asks for. */
export interface ScopeIntent {
  units: UnitIntent[];
  operations: OperationIntent[];
  tombstones: Tombstone[];
  otherRevisions: number[];
}

/** The intent document, arranged as the lanes ask for it. Built anew after each change: documents are small. */
export class IntentIndex {
  readonly units = new Map<ObjectKey, UnitIntent>();
  readonly infras = new Map<InfraId, InfraIntent>();
  readonly tombstones = new Map<ObjectKey, Tombstone>();
  readonly operationsOn = new Map<ObjectKey, OperationIntent[]>();
  readonly scopes = new Map<string, ScopeIntent>();
  /** Keys of the units that stand on a unit. */
  readonly dependents = new Map<ObjectKey, ObjectKey[]>();
  readonly #digests = new Map<ObjectKey, string>();

  constructor(holder: IntentHolder) {
    for (const object of holder.objects()) this.#add(object);
    for (const tombstone of holder.tombstones()) {
      // An object that came back under the key of its tombstone would be a mistake of the centre: what is wanted wins.
      if (this.units.has(tombstone.key)) continue;
      this.tombstones.set(tombstone.key, tombstone);
      this.scope(tombstone.scope).tombstones.push(tombstone);
    }
    for (const operations of this.operationsOn.values()) operations.sort((a, b) => a.revision - b.revision);
  }

  desired(key: ObjectKey): DesiredState | undefined {
    const unit = this.units.get(key);
    if (unit === undefined) return undefined;
    const { kind, infraId, deletePolicy } = unit.body;
    const { revision, scope, dependsOn } = unit;
    return { revision, scope, kind, infraId, specDigest: this.specDigest(unit), dependsOn, deletePolicy };
  }

  scope(name: string): ScopeIntent {
    let scope = this.scopes.get(name);
    if (scope === undefined) {
      scope = { units: [], operations: [], tombstones: [], otherRevisions: [] };
      this.scopes.set(name, scope);
    }
    return scope;
  }

  /** Only what the platform is told: a change of autonomy or healing rebuilds nothing. */
  specDigest(unit: UnitIntent): string {
    let digest = this.#digests.get(unit.key);
    if (digest === undefined) {
      digest = digestOf({ kind: unit.body.kind, spec: unit.body.spec });
      this.#digests.set(unit.key, digest);
    }
    return digest;
  }

  #add(object: IntentObject): void {
    const scope = this.scope(object.scope);
    if (isUnit(object)) {
      this.units.set(object.key, object);
      scope.units.push(object);
      for (const key of object.dependsOn) push(this.dependents, key, object.key);
      return;
    }
    scope.otherRevisions.push(object.revision);
    if (isOperation(object)) {
      scope.operations.push(object);
      push(this.operationsOn, object.body.target, object);
    } else if (isInfra(object)) this.infras.set(id<InfraId>(object.body.infraId), object);
  }
}

export function isUnit(object: IntentObject): object is UnitIntent {
  return object.body.type === 'unit';
}
export function isOperation(object: IntentObject): object is OperationIntent {
  return object.body.type === 'operation';
}
export function isInfra(object: IntentObject): object is InfraIntent {
  return object.body.type === 'infra';
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
