import type { AgentId, Digest, InfraId, ObjectKey, ProfileId, SiteId } from './ids.ts';
import type { JsonObject } from './json.ts';

/** Bounds of what is kept for clusters. */
export const clusterLimits = {
  profiles: 1_000,
  applicationsPerProfile: 200,
  clustersPerProfile: 10_000,
  profilesPerCluster: 100,
  /** JSON bytes of one application's values or manifests, and of all of a profile: one cluster's part fits one commit. */
  applicationBytes: 900 * 1024,
  profileBytes: 16 * 1024 * 1024,
  /** Remembered of one agent; of one application the newest of them. */
  keptUnits: 5_000,
  keptOfApplication: 20,
  order: 1_000,
  timeoutS: 86_400,
} as const;

/** `profile/<id>`: a named set of applications that is attached to any number of clusters. */
export interface Profile {
  id: ProfileId;
  name: string;
  description: string;
  labels: Record<string, string>;
  /** +1 with each change of its applications. */
  generation: number;
  /** Every attached cluster's intent is at least at this generation; smaller than `generation` while a change is spread. */
  appliedGeneration: number;
  /** Names the removals of the newest change. */
  changeId: string;
  applicationCount: number;
  clusterCount: number;
  /** JSON bytes of its applications. */
  bytes: number;
  createdAt: number;
  modifiedAt: number;
}

/** What an application is made of: a chart, or objects as they are. */
export interface ApplicationContent {
  /** Unit that it becomes at a cluster. */
  kind: 'helm-release' | 'manifests';
  namespace: string;
  /** Name of the release there. */
  releaseName: string;
  /** As it was asked for. */
  chart?: string;
  repository?: string;
  /** Asked for, or what the newest was when it was asked for. */
  version?: string;
  appVersion?: string;
  /** File in the controller's store; absent: the agent looks for `chart` itself. */
  digest?: Digest;
  values?: JsonObject;
  manifests?: JsonObject[];
  /** Seconds to become ready. */
  timeoutS?: number;
  /** Lower ones are ready before higher ones begin, and go after them. */
  order: number;
}

/** `application/<profileId>/<name>` */
export interface Application extends ApplicationContent {
  /** Drawn anew when it becomes another thing on the platform: other kind, release or namespace. */
  id: string;
  profileId: ProfileId;
  name: string;
  /** +1 with each change. */
  revision: number;
  /** JSON bytes of the content. */
  bytes: number;
  createdAt: number;
  modifiedAt: number;
}

/** `attachment/<profileId>/<infraId>` */
export interface Attachment {
  /** Keys of its units are made of this and of the application's id. */
  id: string;
  profileId: ProfileId;
  infraId: InfraId;
  agentId: AgentId;
  siteId: SiteId;
  state: 'attached' | 'detaching';
  /** Application id → attachment of another profile of this cluster whose key it goes on with: it was moved, not made anew. */
  seeds?: Record<string, string>;
  /** Retries by the operator: application id → count. */
  attempts?: Record<string, number>;
  /** Application id → units of it that were kept at this agent before: what the new one may go on with. */
  adopts?: Record<string, ObjectKey[]>;
  /** What is waited for while it is being detached. */
  removal?: { opId: string; generation: number; at: number };
  createdAt: number;
}

/** `kept/<agentId>`: what profiles have left behind at an agent's clusters, newest first. */
export interface KeptUnits {
  units: { applicationId: string; key: ObjectKey }[];
}

/** `deregistration/<infraId>`: a cluster that is about to leave. */
export interface Deregistration {
  infraId: InfraId;
  /** `keep`: forgotten, nothing is removed. `remove`: it leaves when everything of its profiles is gone. */
  workloads: 'keep' | 'remove';
  startedAt: number;
  username: string;
  /** Why it does not go on. */
  message: string;
}

/** What a request says of an application; `ApplicationContent` is made of it. */
export interface ApplicationRequest {
  chart?: string;
  repository?: string;
  version?: string;
  values?: JsonObject;
  manifests?: JsonObject[];
  /** Absent: the application's name. */
  namespace?: string;
  /** Absent: the application's name. */
  releaseName?: string;
  timeoutS?: number;
  order?: number;
}

export type ApplicationState = 'ready' | 'pending' | 'failed' | 'given-up' | 'removing';

/** One application at one cluster, as it was last told. */
export interface ApplicationStatus {
  profileId: ProfileId;
  profileName: string;
  application: string;
  infraId: InfraId;
  infraName: string;
  siteName: string;
  /** Wanted. */
  revision: number;
  chart: string;
  version: string;
  namespace: string;
  state: ApplicationState;
  message: string;
  /** Since the last report of it; absent: never. */
  ageMs?: number;
  /** Is the site's agent connected? What an absent one told last may not be true any more. */
  connected: boolean;
  key: ObjectKey;
}
