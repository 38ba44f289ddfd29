import type { AgentId, SiteId } from '#shared/model/ids.ts';
import type { JoinToken } from '#shared/model/inventory.ts';
import type { RequestContext } from '../context.ts';

/** The controller's own CA (P-256), kept in a folder that only its user can read. */
export interface CertificateAuthority {
  /** PEM of the CA certificate(s); two during a rollover. */
  readonly caPem: string;
  /** SHA-256 of the CA certificate's DER, hex: what a join token carries. */
  readonly fingerprint: string;
  /** For northbound, agent link, enrolment and MQTT listeners. */
  issueServer(names: { dns: string[]; ip: string[] }): Promise<{ certPem: string; keyPem: string }>;
  /** Leaf for an agent: SAN URIs `skerry:agent:<id>`, `skerry:site:<id>`; CN = agent id; client auth. */
  signAgent(
    csrPem: string,
    agentId: AgentId,
    siteId: SiteId,
    days: number,
  ): Promise<{ certPem: string; serial: string; notAfter: number; keyFingerprint: string }>;
}

/** Join tokens and certificates of agents (docs/sync-protocol.md, Enrolment). */
export interface Enrolment {
  /** The printable token holds id, secret, CA fingerprint and addresses; shown once. */
  createToken(
    context: RequestContext,
    input: { siteId: SiteId; agentName?: string; ttlMs?: number },
  ): Promise<{ token: string; record: Omit<JoinToken, 'secretHash'> }>;
  tokens(): Promise<Omit<JoinToken, 'secretHash'>[]>;
  revokeToken(context: RequestContext, id: string): Promise<void>;
  /** One use; the same token with the same key gets the same answer again. */
  enroll(input: { tokenId: string; secret: string; csrPem: string }): Promise<EnrolmentAnswer>;
  /** Admits an expired certificate whose key is enrolled and not revoked, up to a year after. */
  renew(input: { peerCertificateDer: Buffer; csrPem: string }): Promise<EnrolmentAnswer>;
  revokeAgent(context: RequestContext, agentId: AgentId): Promise<void>;
  /** Who a TLS peer is. @throws Unauthenticated for unknown keys, revoked or expired certificates. */
  identify(peerCertificateDer: Buffer): Promise<{ agentId: AgentId; siteId: SiteId }>;
}

export interface EnrolmentAnswer {
  agentId: AgentId;
  siteId: SiteId;
  certPem: string;
  caPem: string;
  notAfter: number;
  /** host:port of the sync service and of the MQTT broker. */
  syncAddress: string;
  mqttAddress: string;
}

export type { JoinTokenContent } from '#shared/wire/join-token.ts';
