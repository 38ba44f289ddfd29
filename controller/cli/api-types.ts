import type { Agent, AgentStatus, Infra, InfraStatus, Ledger, Site } from '#shared/model/inventory.ts';

/** Shapes of the northbound as the command line reads them; members that it does not show are left out. */

export type SiteView = Site;
export type AgentView = Agent & { status?: AgentStatus };
export interface InfraView extends Infra {
  status: InfraStatus | null;
  ledger?: Ledger;
  ageMs?: number;
  connected?: boolean;
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
  vnfInstance?: { id: string; vnfInstanceName?: string; vnfdId: string; instantiationState: string }[];
  [member: string]: unknown;
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
  progress?: ProgressView;
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
    sinceMs?: number;
    waitingFor: string[];
  }[];
}

export const openStates: ReadonlySet<string> = new Set(['STARTING', 'PROCESSING', 'ROLLING_BACK']);
