import type { ChartRepositoryView, ListedChart } from '#shared/model/charts.ts';
import type { Agent, AgentHost, AgentStatus, Infra, InfraStatus, Ledger, Site } from '#shared/model/inventory.ts';

/** Shapes of the northbound as the command line reads them; members that it does not show are left out. */

export type { ChartRepositoryView, ListedChart };
export type SiteView = Site;
export type AgentView = Agent & { status?: AgentStatus; host?: AgentHost };
export interface InfraView extends Infra {
  status: InfraStatus | null;
  ledger?: Ledger;
  ageMs?: number;
  connected?: boolean;
}

/** Answer of the one-step onboarding. */
export interface OnboardedView {
  outcome: 'created' | 'revised' | 'unchanged';
  kind: 'vnf' | 'ns';
  id: string;
  resource: { [member: string]: unknown };
}

/** Member `_skerry` of VnfPkgInfo and NsdInfo. */
export interface OnboardingView {
  revision?: number;
  warnings?: unknown[];
}

export interface JoinTokenView {
  id: string;
  siteId: string;
  token: string;
  expiresAt: number | string;
}

export interface IssuedTokenView {
  token: string;
  expiresAt: number | string;
  username: string;
  projectName?: string;
}

/** VnfPkgInfo, ETSI GS NFV-SOL 005 clause 9.5.2.5. */
export interface VnfPackageView {
  id: string;
  vnfdId?: string;
  vnfProvider?: string;
  vnfProductName?: string;
  vnfdVersion?: string;
  onboardingState: string;
  operationalState: string;
  usageState: string;
  /** What reading did to the descriptor. */
  onboardingReport?: { [topic: string]: unknown };
  _skerry?: OnboardingView;
  [member: string]: unknown;
}

/** NsdInfo, ETSI GS NFV-SOL 005 clause 5.5.2.2. */
export interface NsdView {
  id: string;
  nsdId?: string;
  nsdName?: string;
  nsdVersion?: string;
  nsdDesigner?: string;
  nsdOnboardingState: string;
  nsdOperationalState: string;
  nsdUsageState: string;
  /** What reading did to the descriptor. */
  onboardingReport?: { [topic: string]: unknown };
  _skerry?: OnboardingView;
  [member: string]: unknown;
}

/** NsInstance, ETSI GS NFV-SOL 005 clause 6.5.2.10. */
export interface NsView {
  id: string;
  nsInstanceName: string;
  nsInstanceDescription?: string;
  nsdId: string;
  nsdInfoId?: string;
  flavourId?: string;
  nsState: 'NOT_INSTANTIATED' | 'INSTANTIATED';
  nsScaleStatus?: { nsScalingAspectId: string; nsScaleLevelId: string }[];
  vnfInstance?: VnfView[];
  _skerry?: { openOperationId?: string; siteNames?: string[] };
  [member: string]: unknown;
}

/** VnfInstance, ETSI GS NFV-SOL 005 clause 6.5.3.57, with where it is and each unit with its age. */
export interface VnfView {
  id: string;
  vnfInstanceName?: string;
  vnfdId: string;
  instantiationState: string;
  instantiatedVnfInfo?: { scaleStatus?: { aspectId: string; scaleLevel: number }[] };
  _skerry?: {
    vnfProfileId?: string;
    siteName?: string;
    /** False: the site's agent is not connected. */
    siteConnected?: boolean;
    infraName?: string;
    managementAddress?: string;
    explanation?: string[];
    units?: UnitView[];
  };
}

export interface UnitView {
  key: string;
  kind: string;
  part: string;
  index: number;
  phase: string;
  ready: boolean;
  fresh: boolean;
  message?: string;
  reportedAt?: string;
  addresses?: Record<string, string[]>;
}

/** One KDU: what is wanted, and what its site said last. */
export interface KduView {
  vnfInstanceId: string;
  vnfName: string;
  vnfProfileId: string;
  name: string;
  kind: string;
  siteName: string;
  siteConnected?: boolean;
  infraName: string;
  wanted?: KduRevisionView;
  phase: string;
  ready: boolean;
  fresh: boolean;
  message: string;
  reportedAt?: string;
  addresses: Record<string, string[]>;
  release?: { name: string; revision: number; status: string; chart: string; version: string; appVersion: string };
  workloads: { kind: string; namespace: string; name: string; desired: number; available: number }[];
  pods: { name: string; node: string; ready: boolean; restarts: number; message: string; addresses: string[] }[];
  services: { name: string; type: string; addresses: string[]; ports: { port: number; protocol: string }[] }[];
}

export interface KduWithHistory extends KduView {
  history: KduRevisionView[];
}

export interface KduRevisionView {
  revision: number;
  cause: string;
  chart: string;
  version?: string;
  appVersion?: string;
  values?: Record<string, unknown>;
  at: string;
  operationId?: string;
}

/** NsLcmOpOcc, ETSI GS NFV-SOL 005 clause 6.5.2.3, with Skerry's progress. */
export interface OperationView {
  id: string;
  operationState: string;
  lcmOperationType: string;
  nsInstanceId: string;
  startTime: string;
  stateEnteredTime?: string;
  isCancelPending?: boolean;
  error?: { status?: number; title?: string; detail?: string };
  _skerry?: { progress?: ProgressView; explanation?: string[] };
  [member: string]: unknown;
}

export interface ProgressView {
  total: number;
  ready: number;
  sites: {
    siteName: string;
    total: number;
    ready: number;
    connected: boolean;
    /** RFC 3339: since when the link is as it is. */
    since?: string;
    waitingFor: string[];
  }[];
}

export const openStates: ReadonlySet<string> = new Set(['STARTING', 'PROCESSING', 'ROLLING_BACK']);
