import type { CallContext, DesiredUnit, UnitKind } from '#shared/connector/index.ts';
import { type Incarnation, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { digestOf } from '#shared/wire/digest.ts';

/** A unit of an owner of its own, as an agent would ask a connector for it. */
export function loneUnit(kind: UnitKind, spec: JsonObject): DesiredUnit {
  const name = systemRandom.uuid();
  return {
    key: id<ObjectKey>(`${kind}/${name}`),
    kind,
    owner: id<OwnerId>(`agent-of-${name.slice(0, 8)}`),
    incarnation: id<Incarnation>('1-0000000000000000'),
    name,
    spec,
    specDigest: digestOf(spec),
    revision: 1,
    dependencies: {},
  };
}

export function callContext(): CallContext {
  return { signal: AbortSignal.timeout(60_000), clock: systemClock, log: silentLogger };
}
