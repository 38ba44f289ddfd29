import type { InfraFacts, ObservedUnit, UnitKind } from '../connector/index.ts';
import type { AgentId, Digest, Incarnation, InfraId, ObjectKey, SiteId } from '../model/ids.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { StateDigest } from './state-digest.ts';

/**
 * Frames of the sync protocol as plain data (docs/sync-protocol.md). One set of frames, several carriers; correctness lives
 * here, never in the carrier. `shared/wire/codec.ts` turns them into protobuf and back.
 */

/** On every frame: downward the store that it is for, upward the store that it is from. */
export interface FrameHead {
  agentId: AgentId;
  /** Random when the agent's store is created or reborn. */
  storeId: string;
  /** Random, changes on restore of the controller. '' in a first Hello: the agent has none yet. */
  lineage: string;
  /** The controller's leader term within the lineage. */
  term: number;
  /** One connection; a newer one fences the older. 0 in a Hello. */
  sessionEpoch: number;
}

/** Must-deliver streams, in the order in which the outbox is emptied. `state` is apart: one slot per key. */
export const reportStreams = ['results', 'decisions', 'alarms'] as const;
export type ReportStream = (typeof reportStreams)[number];

/** Where a stream stands: number and chain hash of its last record ('' and 0 before the first). */
export interface StreamPosition {
  seq: number;
  chain: string;
}

// ---------------------------------------------------------------- up

export interface Hello extends FrameHead {
  type: 'hello';
  nonce: string;
  siteId: SiteId;
  bootId: string;
  /** Highest session epoch persisted. */
  lastEpoch: number;
  generation: number;
  /** History hash at `generation`. */
  history: string;
  /** Root of the digest tree over the intent held on disk. */
  root: string;
  streams: Record<ReportStream, StreamPosition>;
  capabilities: string[];
  versions: { agent: string; protocol: number };
  health: { diskFreeBytes: number; clockMs: number; storeDamaged: boolean };
  /** Grows with every exported return bundle; 0 on a live carrier. */
  exportNo: number;
  /** Acknowledged state slots, and how many have a newer value; absent from an agent that does not tell. */
  state?: StateDigest & { pending: number };
}

/** One record of a must-deliver stream. */
export interface Report extends FrameHead {
  type: 'report';
  stream: ReportStream;
  seq: number;
  /** Chain hash before this record. */
  prevHash: string;
  recordId: string;
  /** Was already sent under another storeId. */
  carried: boolean;
  /** Agent's wall clock when it was made, epoch ms; shown with its age, never trusted for order. */
  at: number;
  body: ReportBody;
}

/** Newest value of one state slot; seq per key. */
export interface StateReport extends FrameHead {
  type: 'state';
  key: string;
  seq: number;
  at: number;
  /** null: the slot's object is gone. */
  body: StateBody | null;
}

/** Durable, not applied. Valid only in its session. */
export interface IntentAck extends FrameHead {
  type: 'intent-ack';
  generation: number;
  history: string;
}

/** A refusal says where the agent stands: once per frame of the live session. */
export interface Nack extends FrameHead {
  type: 'nack';
  frameNo: number;
  generation: number;
  history: string;
  reason: string;
}

/** Damage at equal history: asks for the objects of these buckets. */
export interface Want extends FrameHead {
  type: 'want';
  buckets: number[];
}

export interface UpPing extends FrameHead {
  type: 'ping';
  n: number;
}

export type UpFrame = Hello | Report | StateReport | IntentAck | Nack | Want | UpPing;

// ---------------------------------------------------------------- down

export interface Welcome extends FrameHead {
  type: 'welcome';
  /** Echo of the Hello's. */
  nonce: string;
  generation: number;
  history: string;
  /** Per must-deliver stream: what is committed, and up to where a completed backup covers it. */
  acked: Record<ReportStream, StreamPosition & { safe: number }>;
  /** The agent's disk is not the newest copy of itself: take a new storeId. */
  rebirth: boolean;
  /** Milliseconds of the reconnect window. */
  windowMs: number;
  /** Controller's wall clock, epoch ms. */
  clockMs: number;
  /** Seconds between heartbeats, byte budgets. */
  policy: { heartbeatMs: number };
  /** Frames in flight the agent may have unacknowledged, per session. */
  credit: number;
  /** The state slots that both sides know differ: every one is to be sent again. Absent: no. */
  resendState?: boolean;
}

/** Cumulative change of the document from one generation to another. */
export interface Delta extends FrameHead {
  type: 'delta';
  /** Counts down frames within a session; what a Nack refers to. */
  frameNo: number;
  from: number;
  to: number;
  history: string;
  root: string;
  upserts: IntentObject[];
  tombstones: Tombstone[];
}

/** A whole document in parts; staged by the agent under (lineage, generation, root). */
export interface SnapshotBegin extends FrameHead {
  type: 'snapshot-begin';
  frameNo: number;
  generation: number;
  history: string;
  root: string;
  parts: number;
}
export interface SnapshotPart extends FrameHead {
  type: 'snapshot-part';
  frameNo: number;
  generation: number;
  part: number;
  objects: IntentObject[];
  tombstones: Tombstone[];
  digest: Digest;
}
export interface SnapshotEnd extends FrameHead {
  type: 'snapshot-end';
  frameNo: number;
  generation: number;
}

/** Answers: bucket hashes of the document at `generation`. */
export interface Buckets extends FrameHead {
  type: 'buckets';
  frameNo: number;
  generation: number;
  history: string;
  hashes: string[];
}
/** Objects of the buckets that were wanted; the agent replaces its damaged ones. */
export interface BucketObjects extends FrameHead {
  type: 'bucket-objects';
  frameNo: number;
  generation: number;
  history: string;
  root: string;
  buckets: number[];
  objects: IntentObject[];
}

/** Reports up to here are committed. */
export interface ReportAck extends FrameHead {
  type: 'report-ack';
  stream: ReportStream;
  seq: number;
  chain: string;
  safe: number;
}
export interface StateAck extends FrameHead {
  type: 'state-ack';
  key: string;
  seq: number;
}
/** Operator-signed: leave the lineages named for `to`. */
export interface Rebase extends FrameHead {
  type: 'rebase';
  to: string;
  supersedes: string[];
  signature: string;
}
export interface GoAway extends FrameHead {
  type: 'go-away';
  reason: string;
  retryAfterMs: number;
  windowMs: number;
}
export interface DownPing extends FrameHead {
  type: 'ping';
  n: number;
}

export type DownFrame =
  | Welcome
  | Delta
  | SnapshotBegin
  | SnapshotPart
  | SnapshotEnd
  | Buckets
  | BucketObjects
  | ReportAck
  | StateAck
  | Rebase
  | GoAway
  | DownPing;

// ---------------------------------------------------------------- intent objects

/**
 * One object of an agent's document. `digest` covers everything but `revision` and `digest`, in canonical JSON.
 * `scope` groups objects whose readiness is reported together: the NS instance they belong to ('' for agent-wide ones).
 */
export interface IntentObject {
  key: ObjectKey;
  /** Generation at which it last changed. */
  revision: number;
  digest: Digest;
  scope: string;
  body: UnitObject | OperationObject | InfraObject;
  dependsOn: ObjectKey[];
}

export interface UnitObject {
  type: 'unit';
  kind: UnitKind;
  infraId: InfraId;
  spec: JsonObject;
  delegated: { field: string; min: number; max: number; overrideRevision: number }[];
  autonomy: { onLeaseExpiry: 'keep' | 'degrade' | 'stop'; exclusive: boolean };
  deletePolicy: 'remove' | 'keep';
  secretRefs: string[];
  /** Local healing allowed (restart what is dead), with link or without. */
  healing: { enabled: boolean; cooldownMs: number };
  /** Grows with a retry by the operator: same spec, new revision, so that what failed for good is tried again. Absent: 0. */
  attempt?: number;
}

/** A one-shot operation: durable, never coalesced; ends only with a terminal result made by the agent. */
export interface OperationObject {
  type: 'operation';
  opId: string;
  verb: 'heal' | 'start' | 'stop' | 'reboot';
  target: ObjectKey;
  /** `incarnation`: the one that is condemned; the operation is `stale` if it is no longer current. undefined: whatever runs. */
  precondition: { incarnation?: Incarnation };
  args: JsonObject;
  /** Controller's clock, epoch ms; 0 for none. */
  notAfter: number;
  cancelled: boolean;
}

/** An infra that this agent serves: its connector and settings. */
export interface InfraObject {
  type: 'infra';
  infraId: InfraId;
  name: string;
  kind: string;
  settings: JsonObject;
}

/** `opId` names the operation (terminate, scale-in) that lists this deletion; without one it counts against the brake. */
export interface Tombstone {
  key: ObjectKey;
  revision: number;
  scope: string;
  opId?: string;
  /** What it names stays on the platform: the agent forgets it, now and with every later look, and removes nothing. */
  keep?: true;
}

// ---------------------------------------------------------------- report bodies

export type ReportBody =
  | ReachedBody
  | UnitFailedBody
  | OperationResultBody
  | HealedBody
  | DecisionBody
  | AlarmBody
  | OrphanBody
  | GapBody;

/** results: in one look, all that `generation` asks for in `scope` was ready (and its tombstones gone). */
export interface ReachedBody {
  type: 'reached';
  lineage: string;
  generation: number;
  scope: string;
  objects: { key: ObjectKey; revision: number; incarnation: Incarnation; value: JsonValue; facts: JsonObject }[];
  /** Tombstones whose objects are gone. */
  removed: { key: ObjectKey; revision: number }[];
}

/** results: this revision of the unit cannot be made, for a reason that repeating will not change. */
export interface UnitFailedBody {
  type: 'unit-failed';
  lineage: string;
  generation: number;
  scope: string;
  key: ObjectKey;
  revision: number;
  code: string;
  message: string;
}

/** results: the one terminal result of a one-shot operation. */
export interface OperationResultBody {
  type: 'operation-result';
  lineage: string;
  opId: string;
  scope: string;
  result: 'done' | 'failed' | 'stale' | 'cancelled' | 'expired';
  incarnation?: Incarnation;
  message: string;
}

/** decisions: local policy replaced a dead unit. */
export interface HealedBody {
  type: 'healed';
  key: ObjectKey;
  scope: string;
  from: Incarnation;
  to: Incarnation;
  cause: string;
}

/** decisions: local policy moved a delegated field. */
export interface DecisionBody {
  type: 'decision';
  key: ObjectKey;
  scope: string;
  field: string;
  value: number;
  overrideRevision: number;
}

export interface AlarmBody {
  type: 'alarm';
  alarmId: string;
  key: string;
  scope: string;
  /** ETSI GS NFV-SOL 005 clause 8.5.4.3. */
  severity: 'CRITICAL' | 'MAJOR' | 'MINOR' | 'WARNING' | 'INDETERMINATE' | 'CLEARED';
  eventType: string;
  probableCause: string;
  raised: boolean;
}

/** decisions: a platform object carries our tag and no intent names it. It runs on until an operator says otherwise. */
export interface OrphanBody {
  type: 'orphan';
  key: string;
  infraId: InfraId;
  platformId: string;
  present: boolean;
}

/** Records from..to of this stream were shed, counted and named; `lastChain` continues the chain. */
export interface GapBody {
  type: 'gap';
  from: number;
  to: number;
  lastChain: string;
  reason: 'quota' | 'controllerRewound';
}

export type StateBody = UnitState | InfraState | AgentState;

/** state, key = object key. */
export interface UnitState {
  type: 'unit';
  scope: string;
  /** Generation that the agent was at. */
  generation: number;
  revision: number;
  ready: boolean;
  observed: ObservedUnit | null;
  /** What the agent is doing or waiting for, for people; '' when ready. */
  message: string;
  /** Consecutive failed attempts. */
  attempts: number;
}

/** state, key = `infra/<id>`. */
export interface InfraState {
  type: 'infra';
  infraId: InfraId;
  facts: InfraFacts | null;
  message: string;
  /** Revision of the infra's object that is told of; absent from an older agent. */
  revision?: number;
}

/** state, key = `agent`. */
export interface AgentState {
  type: 'agent';
  appliedGeneration: number;
  host: {
    hostname: string;
    cpuCount: number;
    loadPercent: number;
    memoryTotalMib: number;
    memoryFreeMib: number;
    diskTotalGib: number;
    diskFreeGib: number;
    uptimeS: number;
    /** Absent until it was read for the first time. */
    machine?: MachineFacts;
  };
  deletionsHeld: number;
  outboxRecords: number;
}

/** What does not change while a machine runs. */
export interface MachineFacts {
  manufacturer: string;
  model: string;
  processor: string;
  physicalCores: number;
  /** The processor offers hardware virtualization. */
  hasVirtualization: boolean;
  operatingSystem: string;
  kernel: string;
  architecture: string;
  /** Physical network interfaces; 0 Mbit/s where the speed is not known. */
  interfaces: { name: string; speedMbps: number }[];
}
