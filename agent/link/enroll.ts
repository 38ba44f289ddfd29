import { createPrivateKey, sign, webcrypto, X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type EnrolledCertificate, EnrollServiceClient } from '#proto/gen/skerry/sync/v1/enroll.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { type AgentId, id, type SiteId } from '#shared/model/ids.ts';
import type { Logger } from '#shared/runtime/index.ts';
import { parseJoinToken } from '#shared/wire/join-token.ts';
import { type AgentCredentials, ensureKey, fingerprintOfDer, storeCredentials } from './credentials.ts';
import { secureChannel, splitAddress } from './secure-channel.ts';

const callTimeoutMs = 15_000;

/**
 * Spends a join token: key → CSR → certificate, all stored in the folder. Repeatable: the same token with the same key gets the
 * same answer, so a lost answer or a crash in between costs nothing.
 *
 * @throws SkerryError BadRequest (no token), Unauthenticated (spent, expired, another CA), Unavailable (nobody answers)
 */
export async function enrollAgent(given: {
  folder: string;
  joinToken: string;
  /** Overrides the token's addresses. */
  enrollAddress?: string | undefined;
  log: Logger;
}): Promise<AgentCredentials> {
  const token = parseJoinToken(given.joinToken);
  if (!token.ok) throw token.error;
  const keyPem = await ensureKey(given.folder);
  const csrPem = await makeRequest(keyPem);
  const { id: tokenId, secret, caFingerprint, enroll } = token.value;
  let failure: unknown;
  for (const address of given.enrollAddress === undefined ? enroll : [given.enrollAddress]) {
    try {
      const rootPem = await pinnedRoot(address, caFingerprint);
      const answer = await call(address, rootPem, (client, metadata, reply) =>
        client.enroll({ tokenId, secret, csrPem }, metadata, (error, response) => reply(error, response?.certificate)),
      );
      const credentials = { ...fromAnswer(answer, keyPem), enrollAddress: address };
      await storeCredentials(given.folder, credentials);
      given.log.info({ agentId: credentials.agentId, siteId: credentials.siteId }, 'the agent is enrolled');
      return credentials;
    } catch (error) {
      given.log.warn({ error, address }, 'an enrolment address did not work');
      failure = error;
    }
  }
  throw failure;
}

/** A new certificate for the same key; admitted also after the present one has expired. */
export async function renewCertificate(given: {
  folder: string;
  credentials: AgentCredentials;
  enrollAddress: string;
}): Promise<AgentCredentials> {
  const { keyPem, certPem, caPem } = given.credentials;
  const csrPem = await makeRequest(keyPem);
  const proof = sign('sha256', Buffer.from(`skerry-renew\n${csrPem}`), createPrivateKey(keyPem));
  const certificateDer = new X509Certificate(certPem).raw;
  const answer = await call(given.enrollAddress, caPem, (client, metadata, reply) =>
    client.renew({ certificateDer, csrPem, proof }, metadata, (error, response) => reply(error, response?.certificate)),
  );
  const renewed = { ...fromAnswer(answer, keyPem), enrollAddress: given.enrollAddress };
  await storeCredentials(given.folder, renewed);
  return renewed;
}

/** The certificate authority is loaded only here: it is large, and a running agent never needs it. */
async function makeRequest(keyPem: string): Promise<string> {
  await import('reflect-metadata');
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const publicJwk = { kty, crv, x, y } as webcrypto.JsonWebKey;
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=skerry-agent',
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

/** Looks at the chain that the listener shows for the CA that the token names; only that one is trusted afterwards. */
function pinnedRoot(address: string, caFingerprint: string): Promise<string> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve, reject) => {
    // Nothing is sent on this connection: it only reads certificates, and the fingerprint decides.
    const socket = tls.connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    socket.setTimeout(callTimeoutMs, () => socket.destroy(new Error('no answer')));
    socket.once('error', (cause) => reject(new SkerryError('Unavailable', `${address} does not answer`, { cause })));
    socket.once('secureConnect', () => {
      const seen = new Set<string>();
      let certificate: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      socket.destroy();
      while (certificate?.raw !== undefined && !seen.has(certificate.fingerprint256)) {
        if (fingerprintOfDer(certificate.raw) === caFingerprint)
          return resolve(new X509Certificate(certificate.raw).toString());
        seen.add(certificate.fingerprint256);
        certificate = certificate.issuerCertificate;
      }
      reject(
        new SkerryError('Unauthenticated', `${address} is not the controller that made this join token`, {
          remedy: 'check the address; if the controller has a new CA, make a new token',
        }),
      );
    });
  });
}

type Reply = (error: ServiceError | null, answer: EnrolledCertificate | undefined) => void;

async function call(
  address: string,
  rootPem: string,
  ask: (client: EnrollServiceClient, metadata: Metadata, reply: Reply) => void,
): Promise<EnrolledCertificate> {
  const { security, options } = secureChannel(address, { caPem: rootPem });
  const client = new EnrollServiceClient(address, security, {
    ...options,
    'grpc.enable_channelz': 0,
  });
  try {
    return await new Promise<EnrolledCertificate>((resolve, reject) => {
      ask(client, new Metadata(), (error, answer) => {
        if (error !== null) reject(translate(error, address));
        else if (answer === undefined) reject(new SkerryError('ProtocolViolation', 'The enrolment answer is empty'));
        else resolve(answer);
      });
    });
  } finally {
    client.close();
  }
}

function fromAnswer(answer: EnrolledCertificate, keyPem: string): Omit<AgentCredentials, 'enrollAddress'> {
  const { agentId, siteId, certificatePem, caPem, notAfter, syncAddress, mqttAddress } = answer;
  return {
    agentId: id<AgentId>(agentId),
    siteId: id<SiteId>(siteId),
    keyPem,
    certPem: certificatePem,
    caPem,
    notAfter: Number(notAfter),
    syncAddress,
    mqttAddress,
  };
}

function translate(error: ServiceError, address: string): SkerryError {
  const isRefused =
    error.code === status.UNAUTHENTICATED ||
    error.code === status.INVALID_ARGUMENT ||
    error.code === status.FAILED_PRECONDITION;
  return new SkerryError(isRefused ? 'Unauthenticated' : 'Unavailable', `${address}: ${error.details}`, {
    cause: error,
    remedy: isRefused ? 'make a new join token for this site' : 'check that the enrolment port can be reached',
  });
}
