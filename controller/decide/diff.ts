import type { IntentObject } from '#shared/wire/frames.ts';
import { objectDigest } from '#shared/wire/index.ts';
import type { NewObject, NewRemoval } from './new-object.ts';

export interface ScopeChange {
  upserts: NewObject[];
  tombstones: NewRemoval[];
}

/** What has to change at one agent so that its part of the scope is what is wanted. `opId` names the removals. */
export function diffScope(
  scope: string,
  present: readonly IntentObject[],
  wanted: readonly NewObject[],
  opId: string,
): ScopeChange {
  const wantedKeys = new Set(wanted.map((object) => object.key));
  const digests = new Map(present.map((object) => [object.key, object.digest]));
  return {
    upserts: wanted.filter((object) => digests.get(object.key) !== objectDigest(object)),
    tombstones: present
      .filter((object) => !wantedKeys.has(object.key))
      .map((object) => ({ key: object.key, scope, opId })),
  };
}
