import type { UnitKind, UnitSpecs } from '#shared/connector/index.ts';
import type { AgentId, InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { IntentObject, Tombstone, UnitObject } from '#shared/wire/frames.ts';

/** An intent object as its author knows it: revision and digest are the intent book's. */
export type NewObject = Omit<IntentObject, 'revision' | 'digest'>;
export type NewRemoval = Omit<Tombstone, 'revision'>;

/** Objects per agent. */
export type CompiledIntent = Map<AgentId, NewObject[]>;

export interface UnitDraft<Kind extends UnitKind & keyof UnitSpecs> {
  key: ObjectKey;
  kind: Kind;
  infraId: InfraId;
  spec: UnitSpecs[Kind];
  dependsOn?: ObjectKey[];
  keep?: boolean;
  healing?: UnitObject['healing'];
}

/** What dies or is deleted behind our back is made again, unless the descriptor says otherwise. */
const healByDefault: UnitObject['healing'] = { enabled: true, cooldownMs: 10_000 };
/** A new volume is an empty one: whether that helps is for a person to say. */
const noHealing: UnitObject['healing'] = { enabled: false, cooldownMs: 0 };

export function unitObject<Kind extends UnitKind & keyof UnitSpecs>(
  scope: string,
  draft: UnitDraft<Kind>,
  attempt: number | undefined,
): NewObject {
  const body: UnitObject = {
    type: 'unit',
    kind: draft.kind,
    infraId: draft.infraId,
    spec: withoutUndefined(draft.spec as unknown as JsonObject),
    delegated: [],
    autonomy: { onLeaseExpiry: 'keep', exclusive: false },
    deletePolicy: draft.keep === true ? 'keep' : 'remove',
    secretRefs: [],
    healing: draft.healing ?? (draft.kind === 'volume' ? noHealing : healByDefault),
  };
  if (attempt !== undefined && attempt > 0) body.attempt = attempt;
  return { key: draft.key, scope, body, dependsOn: [...new Set(draft.dependsOn ?? [])].sort() };
}

/** What is stored must equal what is compared: JSON has no undefined. */
function withoutUndefined(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
