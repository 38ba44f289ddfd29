import type { InfraFacts, Resources } from '../connector/index.ts';
import type { AgentState } from '../wire/frames.ts';
import type { AgentId, InfraId, ProjectId, SiteId } from './ids.ts';
import type { JsonObject } from './json.ts';

/** `site/<id>` */
export interface Site {
  id: SiteId;
  name: string;
  description: string;
  /** Placement asks for these: `region: north`. */
  labels: Record<string, string>;
  location?: { latitude: number; longitude: number };
  createdAt: number;
}

/** `agent/<id>`; made by an enrolment. */
export interface Agent {
  id: AgentId;
  siteId: SiteId;
  name: string;
  /** SHA-256 of the enrolled public key (SPKI DER), hex. */
  keyFingerprint: string;
  /** The key itself (SPKI DER, base64): secrets are sealed to it. Absent while an agent of an older release has not come back. */
  publicKey?: string;
  /** A renewal's new key, until the agent is first seen with it: the answer may have been lost. */
  nextKeyFingerprint?: string;
  certificate: { serial: string; notAfter: number };
  revoked: boolean;
  enrolledAt: number;
  /** Store that was last welcomed. */
  storeId: string;
  /** Highest session epoch issued. */
  sessionEpoch: number;
  versions: { agent: string; protocol: number };
}

/** `agent-status/<id>`: changes often, kept apart. */
export interface AgentStatus {
  id: AgentId;
  connected: boolean;
  /** When the present state (connected or not) began. */
  since: number;
  lastSeenAt: number;
  ackedGeneration: number;
  alarms: string[];
  /** When the present session confirmed what had been reported before it; undefined while it has not. */
  stateConfirmedAt?: number;
}

/** What is shown of an agent. `host`: what it said last of its machine; absent before its first word. */
export type AgentView = Agent & { status: AgentStatus; host?: AgentHost };
export type AgentHost = AgentState['host'] & { reportedAt: number };

/** `infra/<id>`: a VIM, cluster, SDN controller or WIM, reached by one agent. */
export interface Infra {
  id: InfraId;
  name: string;
  siteId: SiteId;
  agentId: AgentId;
  kind: string;
  /** Every secret in it is sealed to the agent: `{ sealed: '<compact JWE>' }`. */
  settings: JsonObject;
  labels: Record<string, string>;
  /** False: nothing new is placed here. */
  schedulable: boolean;
  createdAt: number;
  /** Generation of the agent's intent at which the agent's part of it changed last. Absent: made by an older release. */
  revision?: number;
}

/** `infra-status/<id>`: newest facts from the agent. */
export interface InfraStatus {
  id: InfraId;
  facts: InfraFacts | null;
  message: string;
  /** Controller's clock when it came. */
  reportedAt: number;
  /** `Infra.revision` that the agent had opened when it said this. Absent: told by an older release. */
  revision?: number;
}

/** `ledger/<infraId>`: what the controller has promised of an infra. Never above capacity (I7). */
export interface Ledger {
  infraId: InfraId;
  reserved: Resources;
}

/** `allocation/<infraId>/<vnfInstanceId>` */
export interface Allocation {
  infraId: InfraId;
  nsInstanceId: string;
  vnfInstanceId: string;
  amount: Resources;
}

/** `join-token/<id>`; the secret itself is stored hashed. */
export interface JoinToken {
  id: string;
  siteId: SiteId;
  secretHash: string;
  agentName: string;
  createdAt: number;
  expiresAt: number;
  createdBy: string;
  /** Set by its one use. */
  used?: { keyFingerprint: string; agentId: AgentId; at: number; certificatePem: string };
}

export interface Owned {
  projectId: ProjectId;
}
