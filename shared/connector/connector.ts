import type { Result } from '../errors/index.ts';
import type { Incarnation, InfraId, ObjectKey, OwnerId } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';
import type { Clock, Logger } from '../runtime/index.ts';
import type { UnitKind } from './unit-specs.ts';

/**
 * The contract between the agent and one platform (VIM, cluster, SDN controller). A new platform is one folder under
 * `agent/connectors/` and one run of the conformance suite (`test/conformance/connector-suite.ts`).
 *
 * Errors: everything foreign is translated to a SkerryError with a `Platform…` code; `PlatformInDoubt` when a call may or
 * may not have acted. No lifecycle verbs here: instantiate, scale and heal are changes of desired units.
 */
export interface Connector {
  readonly manifest: ConnectorManifest;
  /** Pure: untrusted spec of a unit → typed, or a complaint. */
  parseSpec(kind: UnitKind, input: unknown): Result<JsonObject>;
  /** Capacity, versions, zones, features. */
  probe(call: CallContext): Promise<InfraFacts>;
  /** Everything on the platform that carries our tag, known to the caller or not. */
  observe(call: CallContext, owner: OwnerId): Promise<readonly ObservedUnit[]>;
  /**
   * Makes the unit exist as specified, under the name derived from its incarnation. Idempotent by that name. Starts work and
   * returns; never waits for readiness.
   */
  ensure(call: CallContext, unit: DesiredUnit): Promise<ObservedUnit>;
  /** Removes one incarnation of a unit. Absence is success. May return before it is gone: observe tells. */
  remove(call: CallContext, unit: UnitRef): Promise<void>;
  /** One-shot: start, stop, reboot, rebuild, console. */
  act?(call: CallContext, unit: UnitRef, action: UnitAction): Promise<JsonObject>;
  /**
   * Calls `wake` when something of ours may have changed, `factsChanged` when `probe` may say something else; hints only. Resolves
   * when the watch ends; the caller restarts it.
   */
  watch?(
    call: CallContext,
    owner: OwnerId,
    wake: (key: ObjectKey | undefined) => void,
    factsChanged?: () => void,
  ): Promise<void>;
  /** Alarms that the platform holds raised about what is ours. */
  alarms?(call: CallContext, owner: OwnerId): Promise<readonly PlatformAlarm[]>;
  /** Newest measurements of what is ours. */
  measure?(call: CallContext, owner: OwnerId): Promise<readonly UnitMeasurement[]>;
  /** Afterwards every call rejects with `Aborted`. */
  close(): Promise<void>;
}

export interface ConnectorManifest {
  kind: string;
  contract: 1;
  units: readonly UnitKind[];
  supports: { watch: boolean; updateInPlace: boolean };
  /** How long after a timed-out call it may still land, milliseconds; 0 where the platform makes names unique. */
  settleMs: number;
  /** Can arm the platform to stop an exclusive object without the agent. */
  fences: boolean;
}

export interface CallContext {
  /** Aborts at the step's deadline or when the agent stops; a connector call ends within one second of it. */
  signal: AbortSignal;
  clock: Clock;
  log: Logger;
}

export interface UnitRef {
  key: ObjectKey;
  kind: UnitKind;
  owner: OwnerId;
  incarnation: Incarnation;
  /** Name on the platform: uuidv5 of (site, key, incarnation). */
  name: string;
}

export interface DesiredUnit extends UnitRef {
  spec: JsonObject;
  /** Digest of the spec; stored on the platform beside the tag, so that drift and updates are visible. */
  specDigest: string;
  /** Intent revision that asks for it: grows with every change and every retry, also when the spec stays the same. */
  revision: number;
  /**
   * A change of an incarnation that was made before: never make it anew. The connector throws `NotFound` when it is not there,
   * and `PlatformRefused` with details `{needsReplacement: true}` when the change cannot be made in place.
   */
  mustExist?: boolean;
  /** What the units that this one depends on turned out to be, by their object key (networks for a compute, …). */
  dependencies: Readonly<Record<ObjectKey, ObservedUnit>>;
}

export type UnitPhase =
  /** Being made or changed. */
  | 'pending'
  | 'ready'
  /** There, but not doing its work (crashed, stopped behind our back, health check failed). */
  | 'failed'
  | 'removing';

export interface ObservedUnit {
  key: ObjectKey;
  kind: UnitKind;
  incarnation: Incarnation;
  /** Spec digest found on the platform. */
  specDigest: string;
  phase: UnitPhase;
  /** The platform's own identifier (Nova server id, domain uuid, release name). */
  platformId: string;
  /** The live object differs from the spec that it was made from. */
  drifted: boolean;
  /** For people, when the phase is not ready. */
  message?: string;
  /**
   * Work in steps: the next one is due and needs a call, with the same spec (a chart's hook has ended, a release is to be rolled
   * back). `ensure` of what is wanted, `remove` of what is condemned. The connector never acts by itself.
   */
  isStepDue?: boolean;
  /** The platform has given up what this revision asked for. It is a terminal failure of that revision, and of no other. */
  givenUp?: GivenUp;
  /** Addresses, endpoints, sizes: what others need. */
  facts: UnitFacts;
}

export interface GivenUp {
  /** `DesiredUnit.revision` of the call that failed. */
  revision: number;
  /** For people: why, and what runs now instead. */
  reason: string;
}

export interface UnitFacts {
  /** Per port name (compute) or service name (helm-release). */
  addresses?: Record<string, string[]>;
  [fact: string]: unknown;
}

export interface UnitAction {
  verb: 'start' | 'stop' | 'reboot' | 'rebuild' | 'console';
  args: JsonObject;
}

export interface PlatformAlarm {
  /** The platform's own identifier; stays the same while the alarm is raised. */
  alarmId: string;
  /** undefined: about the infra as a whole. */
  key?: ObjectKey;
  /** ETSI GS NFV-SOL 005 clause 8.5.4.3. */
  severity: 'CRITICAL' | 'MAJOR' | 'MINOR' | 'WARNING' | 'INDETERMINATE';
  eventType: string;
  probableCause: string;
}

export interface UnitMeasurement {
  key: ObjectKey;
  /** Wall clock, epoch ms. */
  at: number;
  /** Value by metric name; the unit of measure is in the name (`cpu_percent`, `memory_mib`). */
  values: Record<string, number>;
}

/** What an infra says of itself (ETSI GS NFV-SOL 005 clause 10: NFVI capacity information). */
export interface InfraFacts {
  kind: string;
  version: string;
  features: string[];
  zones: string[];
  images: string[];
  /** Absent resources are not limited or not known. */
  capacity: { total: Resources; used: Resources };
  healthy: boolean;
  message?: string;
  /** What runs uses at present, as far as the platform measures it; `capacity.used` is what is promised to it. */
  measured?: Resources;
  cluster?: ClusterFacts;
}

/** What a container cluster says of itself beside its sums. */
export interface ClusterFacts {
  /** Kubernetes version without `v`: `1.35.4`. */
  version: string;
  /** Container network plugins that are recognised: `multus`, `calico`, `flannel`, … */
  cni: string[];
  /** Additional networks that pods can join: `namespace/name`. At most 200. */
  networks: string[];
  storageClasses: { name: string; provisioner: string; isDefault: boolean }[];
  /** At most 500, sorted by name. */
  nodes: ClusterNode[];
  /** What the agent needs and does not find, each a sentence with its remedy. */
  missing: string[];
}

export interface ClusterNode {
  name: string;
  isReady: boolean;
  /** False: cordoned. */
  isSchedulable: boolean;
  zone?: string;
  /** Conditions other than Ready that are true: `MemoryPressure`, … */
  conditions: string[];
  total: Resources;
  used: Resources;
  measured?: Resources;
}

/** Amounts of NFVI resources; also what a unit asks for. */
export interface Resources {
  vcpus: number;
  memoryMib: number;
  storageGib: number;
}

export const noResources: Resources = { vcpus: 0, memoryMib: 0, storageGib: 0 };

export interface InfraConfig {
  infraId: InfraId;
  name: string;
  kind: string;
  /** Connector's own settings; secrets are opened by the agent just before. */
  settings: JsonObject;
}
