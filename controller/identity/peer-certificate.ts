import { X509Certificate } from 'node:crypto';
import { SkerryError } from '#shared/errors/index.ts';
import { type AgentId, id, type SiteId } from '#shared/model/index.ts';
import { fingerprintOf } from './signing-request.ts';

export interface PeerCertificate {
  agentId: AgentId;
  siteId: SiteId;
  keyFingerprint: string;
  /** SPKI DER, base64. */
  publicKey: string;
  notBefore: number;
  notAfter: number;
}

/** Reads an agent's certificate and checks that one of our CA certificates signed it. Dates are the caller's. @throws Unauthenticated */
export function readPeerCertificate(der: Buffer, caPem: string): PeerCertificate {
  try {
    const certificate = new X509Certificate(der);
    const authorities = caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const isOurs = authorities.some((authority) => certificate.verify(new X509Certificate(authority).publicKey));
    const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
    const names = certificate.subjectAltName ?? '';
    const match = /^URI:skerry:agent:([\w-]{1,64}), URI:skerry:site:([\w-]{1,64})$/.exec(names);
    if (!isOurs || match === null) throw new Error('not a certificate of ours');
    return {
      agentId: id<AgentId>(match[1]!),
      siteId: id<SiteId>(match[2]!),
      keyFingerprint: fingerprintOf(spki),
      publicKey: spki.toString('base64'),
      notBefore: Date.parse(certificate.validFrom),
      notAfter: Date.parse(certificate.validTo),
    };
  } catch (cause) {
    throw new SkerryError('Unauthenticated', 'The client certificate is not one of an agent of this controller', {
      cause,
    });
  }
}
