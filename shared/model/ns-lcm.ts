import type { Resources } from '../connector/index.ts';
import type {
  AgentId,
  Digest,
  Incarnation,
  InfraId,
  NsdInfoId,
  NsInstanceId,
  NsLcmOpOccId,
  ObjectKey,
  ProjectId,
  SiteId,
  UserId,
  VnfInstanceId,
  VnfPackageId,
} from './ids.ts';
import type { JsonObject } from './json.ts';

/** `ns/<id>`: an NS instance (ETSI GS NFV-SOL 005 clause 6.5.2.10), with what Skerry wants of it. */
export interface NsInstance {
  id: NsInstanceId;
  projectId: ProjectId;
  name: string;
  description: string;
  nsdInfoId: NsdInfoId;
  nsdRevision: number;
  nsdId: string;
  flavourId?: string;
  state: 'NOT_INSTANTIATED' | 'INSTANTIATED';
  /** What is wanted now; undefined before instantiate and after terminate. Operations change this and compile it to intent. */
  desired?: NsDesired;
  /** Set while an operation is not in an end state. */
  openOperationId?: NsLcmOpOccId;
  /** +1 with every begin of an operation. */
  generation: number;
  /** What the ledger holds for this NS: the larger of before and after while an operation is open. */
  held?: HeldResources[];
  /** Targets that an operation left behind unreached when it was failed; the next operation takes them over. */
  unreached?: OperationTarget[];
  /** Every agent that was ever asked for something in this scope. */
  agentIds?: AgentId[];
  createdAt: number;
  modifiedAt: number;
}

export interface HeldResources {
  infraId: InfraId;
  vnfInstanceId: VnfInstanceId;
  amount: Resources;
}

/** Everything that the intent compiler needs apart from the descriptors: complete, explicit, plain data. */
export interface NsDesired {
  flavourId: string;
  levelId?: string;
  /** NS scaling aspect → level. */
  scaleLevels: Record<string, number>;
  vnfs: VnfDesired[];
  /** One segment per virtual link and infra that has a member on it. */
  networks: NsNetwork[];
  params: JsonObject;
  /** Retries of an object by the operator: key → count. */
  attempts?: Record<ObjectKey, number>;
}

export interface NsNetwork {
  virtualLinkId: string;
  infraId: InfraId;
  agentId: AgentId;
  key: ObjectKey;
  /** Existing network there: from the descriptor, or from the infra's own map of cluster nets. */
  vimNetworkName?: string;
}

export interface VnfDesired {
  vnfInstanceId: VnfInstanceId;
  /** For people; also the start of the names of its units. */
  name: string;
  profileId: string;
  vnfdId?: string;
  vnfPackageId: VnfPackageId;
  vnfPackageRevision: number;
  flavourId: string;
  levelId: string;
  scaleLevels: Record<string, number>;
  placement: Placement;
  /** One per VNFC instance; the key is never used again once it is gone. */
  vnfcs: { vduId: string; index: number; key: ObjectKey }[];
  kdus: KduDesired[];
  /** Names of ports and KDU services that hold the VNF's management address. */
  managementPorts?: string[];
  /** Internal links, volumes and affinity groups of this VNF. */
  auxiliary: { kind: 'network' | 'volume' | 'affinity-group'; id: string; index: number; key: ObjectKey }[];
  params: JsonObject;
}

export interface KduDesired {
  kduName: string;
  key: ObjectKey;
  replicas: Record<string, number>;
  /** Of the unit that has its metrics scraped, when that was asked for. */
  monitorKey?: ObjectKey;
  /** Where it runs when that is not where the VNF's virtual machines are: same site, another infra. */
  placement?: Placement;
  /** What it was made of, newest first, at most `kduRevisionsKept`; the first is what is wanted. Absent: as at instantiation. */
  revisions?: KduRevision[];
}

export const kduRevisionsKept = 10;

/** One thing that a KDU was asked to be. */
export interface KduRevision {
  /** Counts from 1 over the KDU's life; a rollback is a revision of its own. */
  revision: number;
  cause: 'instantiate' | 'upgrade' | 'rollback';
  /** As the descriptor or the request names it: a chart reference, or a folder of manifests. */
  chart: string;
  /** Helm repository's URL or `oci://…`, where one was given. */
  repository?: string;
  version?: string;
  appVersion?: string;
  /** File in the controller's artefact store; absent: the agent looks for `chart` itself. */
  digest?: Digest;
  values: JsonObject;
  /** Replicas when it was asked for: for people. Scaling has its own state. */
  replicas: Record<string, number>;
  timeoutS?: number;
  at: number;
  operationId: NsLcmOpOccId;
}

export interface Placement {
  siteId: SiteId;
  agentId: AgentId;
  infraId: InfraId;
  amount: Resources;
  /** Why here, and why not elsewhere; sentences for people. */
  explanation: string[];
}

/** `vnf/<id>`: identity and last reported facts of a VNF instance. */
export interface VnfInstance {
  id: VnfInstanceId;
  nsInstanceId: NsInstanceId;
  projectId: ProjectId;
  name: string;
  vnfdId: string;
  vnfPackageId: VnfPackageId;
  profileId: string;
  state: 'NOT_INSTANTIATED' | 'INSTANTIATED';
  createdAt: number;
}

export const nsLcmOperationTypes = ['INSTANTIATE', 'SCALE', 'UPDATE', 'HEAL', 'TERMINATE'] as const;
export type NsLcmOperationType = (typeof nsLcmOperationTypes)[number];

/** ETSI GS NFV-SOL 005 clause 6.5.4.6 and figure 6.6.2.2-1. NS LCM has no STARTING. */
export const operationStates = [
  'PROCESSING',
  'COMPLETED',
  'PARTIALLY_COMPLETED',
  'FAILED_TEMP',
  'FAILED',
  'ROLLING_BACK',
  'ROLLED_BACK',
] as const;
export type OperationState = (typeof operationStates)[number];

/** `op/<id>`: a change of intent, a completion predicate, a deadline. */
export interface NsLcmOpOcc {
  id: NsLcmOpOccId;
  nsInstanceId: NsInstanceId;
  projectId: ProjectId;
  userId: UserId;
  type: NsLcmOperationType;
  state: OperationState;
  stateEnteredAt: number;
  startedAt: number;
  /** The request as it came. */
  params: JsonObject;
  isAutomatic: boolean;
  isCancelPending: boolean;
  cancelMode?: 'GRACEFUL' | 'FORCEFUL';
  error?: { status: number; title: string; detail: string };
  /** Desired state before, for rollback; null = nothing was instantiated, or the operation is history. */
  before: NsDesired | null;
  /** Desired state that it works towards; kept when a rollback begins, so that a retry can go forward again. */
  goal?: NsDesired | null;
  /** When a cancel was asked for, epoch ms. */
  cancelRequestedAt?: number;
  /** What must be reached; set by the commit that changes intent. Retry, rollback and cancel move it. */
  targets: OperationTarget[];
  /** Epoch ms; past it PROCESSING turns into FAILED_TEMP. 0: none. An unreachable site does not count as failed. */
  deadlineAt: number;
  /** Sentences of placement and of what is waited for. */
  explanation: string[];
  /** What the VNFs below are called: known also when they are gone. */
  changedVnfs?: ChangedVnf[];
  affectedVnfIds: VnfInstanceId[];
  removedVnfIds: VnfInstanceId[];
  warnings: string[];
  /** One-shot operation objects (heal) that must end: opId → result so far. */
  oneShots: { opId: string; agentId: AgentId; key: ObjectKey; target: ObjectKey; incarnation?: Incarnation }[];
}

/** AffectedVnf (ETSI GS NFV-SOL 005 clause 6.5.3.2) without what becomes of it. */
export interface ChangedVnf {
  vnfInstanceId: VnfInstanceId;
  vnfdId: string;
  vnfProfileId: string;
  vnfName: string;
}

export interface OperationTarget {
  agentId: AgentId;
  siteId: SiteId;
  /** Generation of the agent's document that asks for it. */
  generation: number;
  /** Objects of this scope at that generation, for progress. */
  objectCount: number;
}

/** `reached/<agentId>/<scope>`: newest reached report of a scope. */
export interface ReachedRecord {
  lineage: string;
  generation: number;
  objects: { key: ObjectKey; revision: number; incarnation: Incarnation; facts: JsonObject }[];
  at: number;
}

/** `unit-failure/<agentId>/<key>`: newest terminal failure of an object's revision. */
export interface UnitFailureRecord {
  scope: string;
  generation: number;
  revision: number;
  code: string;
  message: string;
  at: number;
}

/** `one-shot/<opId>`: the one terminal result. */
export interface OneShotRecord {
  opId: string;
  scope: string;
  result: 'done' | 'failed' | 'stale' | 'cancelled' | 'expired';
  message: string;
  at: number;
}
