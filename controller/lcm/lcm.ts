import type { NsInstanceId, NsLcmOpOccId, VnfInstanceId } from '#shared/model/ids.ts';
import type { NsInstance, NsLcmOpOcc, VnfInstance } from '#shared/model/ns-lcm.ts';
import type {
  CreateNsRequest,
  HealNsRequest,
  InstantiateNsRequest,
  KduActionRequest,
  ScaleNsRequest,
  TerminateNsRequest,
} from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';

/**
 * NS lifecycle management (ETSI GS NFV-SOL 005 clause 6). Every `begin…` is durable before it resolves; the rest happens in
 * the NS's reconciler, whoever restarts.
 *
 * @throws SkerryError NotFound, Conflict (wrong state), OperationInProgress, Unprocessable (request does not fit the
 * descriptor; details.path), NoPlacement (details.explanation: sentences)
 */
export interface Lcm {
  createNs(context: RequestContext, request: CreateNsRequest): Promise<NsInstance>;
  /** Only NOT_INSTANTIATED without an open operation. */
  deleteNs(context: RequestContext, id: NsInstanceId): Promise<void>;

  instantiate(context: RequestContext, id: NsInstanceId, request: InstantiateNsRequest): Promise<NsLcmOpOcc>;
  scale(context: RequestContext, id: NsInstanceId, request: ScaleNsRequest): Promise<NsLcmOpOcc>;
  heal(context: RequestContext, id: NsInstanceId, request: HealNsRequest): Promise<NsLcmOpOcc>;
  /** Upgrade and rollback of a KDU. Unavailable: the chart's repository does not answer. */
  actOnKdu(context: RequestContext, id: NsInstanceId, request: KduActionRequest): Promise<NsLcmOpOcc>;
  terminate(context: RequestContext, id: NsInstanceId, request: TerminateNsRequest): Promise<NsLcmOpOcc>;

  /** FAILED_TEMP → PROCESSING. */
  retry(context: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc>;
  /** FAILED_TEMP → ROLLING_BACK. */
  rollback(context: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc>;
  /** FAILED_TEMP → PROCESSING, going on where it is. */
  continue(context: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc>;
  /** FAILED_TEMP → FAILED. */
  fail(context: RequestContext, id: NsLcmOpOccId): Promise<NsLcmOpOcc>;
  /** PROCESSING or ROLLING_BACK → (pending) → FAILED_TEMP. */
  cancel(context: RequestContext, id: NsLcmOpOccId, mode: 'GRACEFUL' | 'FORCEFUL'): Promise<NsLcmOpOcc>;
}

/** Queries: what the northbound shows of NS instances, joined with what agents reported. */
export interface LcmQueries {
  ns(id: NsInstanceId): Promise<NsView>;
  listNs(projectId: string | undefined): Promise<NsView[]>;
  operation(id: NsLcmOpOccId): Promise<OperationView>;
  listOperations(projectId: string | undefined): Promise<OperationView[]>;
  vnf(id: VnfInstanceId): Promise<VnfView>;
}

export interface NsView {
  ns: NsInstance;
  /** Revision of everything shown, for the ETag. */
  etag: string;
  vnfs: VnfView[];
}

export interface VnfView {
  vnf: VnfInstance;
  siteName: string;
  /** A session with the site's agent lives. */
  isSiteConnected?: boolean;
  infraName: string;
  managementAddress?: string;
  units: UnitView[];
}

export interface UnitView {
  key: string;
  kind: string;
  /** vdu id, kdu name, link id. */
  part: string;
  index: number;
  /** As it was observed; `rolled-back`: what is wanted was given up, what was there before runs; `unknown`: nothing was reported. */
  phase: string;
  ready: boolean;
  message: string;
  platformId: string;
  addresses: Record<string, string[]>;
  /** Everything that was reported of it: of an untrusted shape. Not shown as it is. */
  facts?: Record<string, unknown>;
  /** Milliseconds since it was reported. */
  ageMs: number | undefined;
  /** The agent's last word, given or confirmed in a live session in which it was heard within the bound (I10). */
  fresh: boolean;
}

export interface OperationView {
  operation: NsLcmOpOcc;
  etag: string;
  progress: OperationProgress;
}

/** Live progress: objects ready of objects wanted, per site; what is waited for. */
export interface OperationProgress {
  total: number;
  ready: number;
  sites: {
    siteName: string;
    total: number;
    ready: number;
    connected: boolean;
    sinceMs: number;
    waitingFor: string[];
  }[];
}
