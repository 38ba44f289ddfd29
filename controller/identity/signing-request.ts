import 'reflect-metadata';
import { createHash, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { SkerryError } from '#shared/errors/index.ts';

const maxPemLength = 8192;

export interface VerifiedRequest {
  request: Pkcs10CertificateRequest;
  keyFingerprint: string;
  /** SPKI DER, base64. */
  publicKey: string;
}

/** SHA-256 of a public key's SPKI DER, hex. */
export function fingerprintOf(spkiDer: Uint8Array): string {
  return createHash('sha256').update(spkiDer).digest('hex');
}

/**
 * Checks that the request is signed by its own key and that the key is P-256 or Ed25519. Names and extensions that it asks
 * for are ignored. @throws SkerryError BadRequest
 */
export async function verifyRequest(csrPem: string): Promise<VerifiedRequest> {
  if (csrPem.length > maxPemLength) throw refused('it is too large');
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const spki = Buffer.from(request.publicKey.rawData);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const isAllowed =
      key.asymmetricKeyType === 'ed25519' ||
      (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1');
    if (!isAllowed) throw refused('its key is neither P-256 nor Ed25519');
    if (!(await request.verify())) throw refused('its signature is not by its own key');
    return { request, keyFingerprint: fingerprintOf(spki), publicKey: spki.toString('base64') };
  } catch (error) {
    throw error instanceof SkerryError ? error : refused('it cannot be read', error);
  }
}

function refused(reason: string, cause?: unknown): SkerryError {
  return new SkerryError('BadRequest', `The certificate signing request is refused: ${reason}`, {
    cause,
    remedy: 'Send a PKCS #10 request (PEM) signed by a P-256 or Ed25519 key.',
  });
}
