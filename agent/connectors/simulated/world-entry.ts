import type { PlatformAlarm, Resources, UnitFacts, UnitKind } from '#shared/connector/index.ts';
import type { Incarnation, ObjectKey, OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Fault } from './fault.ts';

/** One thing on the simulated platform, as a VIM would hold it with our tags. */
export interface WorldUnit {
  key: ObjectKey;
  kind: UnitKind;
  owner: OwnerId;
  incarnation: Incarnation;
  name: string;
  platformId: string;
  spec: JsonObject;
  specDigest: string;
  resources: Resources;
  /** Wall clock, epoch ms: it boots until then. */
  readyAt: number;
  /** Why it does not work; undefined: it does. */
  failure?: string;
  isDrifted?: boolean;
  facts: UnitFacts;
  /** Addresses taken, by pool. */
  taken: { pool: string; address: string }[];
  /** Incarnations of the networks that it is attached to. */
  attached: Incarnation[];
}

/** Every change of the world, in order. `create`, `update`, `remove` and `act` are effects of calls; the rest happens to it. */
export type WorldEntry = { at: number } & (
  | { type: 'create'; unit: WorldUnit }
  | { type: 'update'; unit: WorldUnit }
  | { type: 'remove'; key: ObjectKey; incarnation: Incarnation }
  | { type: 'act'; key: ObjectKey; incarnation: Incarnation; verb: string; failure?: string; readyAt?: number }
  | { type: 'killed'; key: ObjectKey; incarnation: Incarnation; failure: string }
  | { type: 'deleted'; key: ObjectKey; incarnation: Incarnation }
  | { type: 'drifted'; key: ObjectKey; incarnation: Incarnation }
  | { type: 'fault'; fault: Fault }
  | { type: 'fault-used'; faultId: string }
  | { type: 'faults-released'; faultId?: string }
  | { type: 'alarm'; alarm: PlatformAlarm; raised: boolean }
);

/** What calls did to one incarnation. */
export interface EffectCount {
  creates: number;
  updates: number;
  removes: number;
  acts: number;
}

export interface WorldSnapshot {
  /** Entries of the history that it covers. */
  entryCount: number;
  units: WorldUnit[];
  faults: Fault[];
  alarms: PlatformAlarm[];
  /** By `<key>#<incarnation>`. */
  effects: Record<string, EffectCount>;
}
