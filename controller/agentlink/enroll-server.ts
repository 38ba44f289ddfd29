import { createHash, verify, X509Certificate } from 'node:crypto';
import { Server, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import {
  type EnrolledCertificate,
  type EnrollRequest,
  type EnrollResponse,
  EnrollServiceService,
  type RenewRequest,
  type RenewResponse,
} from '#proto/gen/skerry/sync/v1/enroll.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { Enrolment, EnrolmentAnswer } from '../identity/certificates.ts';
import { bind, type ListenerTls, type PortListener, toServiceError } from './grpc-server.ts';

/** Requests per peer address and minute: enough for a rack behind one NAT, too few to guess 256 bits. */
const requestsPerMinute = 120;
const minuteMs = 60_000;
const maxPeers = 10_000;

export interface EnrollListenerDependencies {
  host: string;
  /** 0 for any. */
  port: number;
  /** The CA is sent along in the chain, so that an agent can compare it with its token's fingerprint. */
  tls: ListenerTls;
  enrolment: Pick<Enrolment, 'enroll' | 'renew'>;
  clock: Clock;
  log: Logger;
}

/** EnrollService: TLS without a client certificate, rate-limited per address. */
export function createEnrollListener(given: EnrollListenerDependencies): PortListener {
  const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024, 'grpc.enable_channelz': 0 });
  const admit = rateLimit(given.clock);
  let port = 0;
  const serve =
    <Request, Response>(answer: (request: Request) => Promise<Response>) =>
    (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>) => {
      Promise.resolve()
        .then(() => {
          admit(call.getPeer().replace(/:\d+$/, ''));
          return answer(call.request);
        })
        .then(
          (response) => reply(null, response),
          (error: unknown) => {
            given.log.warn({ error, peer: call.getPeer() }, 'an enrolment is refused');
            reply(toServiceError(error));
          },
        );
    };
  return {
    port: () => port,
    async start() {
      server.addService(EnrollServiceService, {
        enroll: serve<EnrollRequest, EnrollResponse>(async ({ tokenId, secret, csrPem }) => ({
          certificate: toMessage(await given.enrolment.enroll({ tokenId, secret, csrPem })),
        })),
        renew: serve<RenewRequest, RenewResponse>(async (request) => {
          checkProof(request);
          const peerCertificateDer = Buffer.from(request.certificateDer);
          return {
            certificate: toMessage(await given.enrolment.renew({ peerCertificateDer, csrPem: request.csrPem })),
          };
        }),
      });
      const tls = { ...given.tls, certPem: `${given.tls.certPem.trim()}\n${given.tls.caPem}` };
      port = await bind(server, { ...given, tls }, false);
    },
    stop: async () => server.forceShutdown(),
  };
}

/** A certificate is public: only a signature of its key shows that the caller is its owner. */
function checkProof({ certificateDer, csrPem, proof }: RenewRequest): void {
  let isOwner = false;
  try {
    const { publicKey } = new X509Certificate(Buffer.from(certificateDer));
    isOwner = verify('sha256', Buffer.from(`skerry-renew\n${csrPem}`), publicKey, Buffer.from(proof));
  } catch {
    isOwner = false;
  }
  if (!isOwner)
    throw new SkerryError('Unauthenticated', 'The renewal is not signed by the key of its certificate', {
      details: { certificate: createHash('sha256').update(Buffer.from(certificateDer)).digest('hex') },
    });
}

function toMessage(answer: EnrolmentAnswer): EnrolledCertificate {
  const { agentId, siteId, certPem, caPem, notAfter, syncAddress, mqttAddress } = answer;
  return { agentId, siteId, certificatePem: certPem, caPem, notAfter: BigInt(notAfter), syncAddress, mqttAddress };
}

/** Counts per address in windows of a minute. @throws SkerryError TooManyRequests */
function rateLimit(clock: Clock): (address: string) => void {
  let counts = new Map<string, number>();
  let windowStart = clock.mono();
  return (address) => {
    if (clock.mono() - windowStart >= minuteMs || counts.size > maxPeers) {
      counts = new Map();
      windowStart = clock.mono();
    }
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    if (count > requestsPerMinute) throw new SkerryError('TooManyRequests', 'Too many enrolment requests');
  };
}
