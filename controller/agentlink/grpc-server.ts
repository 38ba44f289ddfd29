import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  type ConnectRequest,
  type ConnectResponse,
  type FetchRequest,
  type FetchResponse,
  SyncServiceService,
} from '#proto/gen/skerry/sync/v1/sync.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import { violation } from '#shared/wire/bounded-json.ts';
import { decodeUp, encodeDown } from '#shared/wire/codec.ts';
import type { DownFrame, UpFrame } from '#shared/wire/frames.ts';
import { createHeadElider, createHeadRestorer } from '#shared/wire/head-elision.ts';
import type { ControllerSide } from '#shared/wire/session.ts';
import { streamDuplex } from '#shared/wire/stream-duplex.ts';
import type { Enrolment } from '../identity/certificates.ts';
import type { LinkPeer, Listener } from './create-agent-link.ts';

const chunkBytes = 256 * 1024;
/** Files that one agent may fetch at the same time. */
const fetchesPerAgent = 4;

/** PEM texts; the CA certificates may be two during a rollover. */
export interface ListenerTls {
  certPem: string;
  keyPem: string;
  caPem: string;
}

export interface SyncListenerDependencies {
  host: string;
  /** 0 for any. */
  port: number;
  tls: ListenerTls;
  enrolment: Pick<Enrolment, 'identify'>;
  /** Path of a stored file by its digest; undefined when this agent may not have it, or nobody has it. */
  artefacts?: (digest: string, peer: LinkPeer) => Promise<string | undefined>;
  log: Logger;
}

export interface PortListener extends Listener {
  /** The bound port, after `start`. */
  port(): number;
}

/** SyncService on mutual TLS; who connects is told by the certificate of each stream. */
export function createSyncListener(given: SyncListenerDependencies): PortListener {
  const server = new Server({
    // Sessions have heartbeats of their own; what is left of a peer that went without a word is a connection without streams.
    'grpc.max_connection_idle_ms': 60_000,
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
  });
  let port = 0;
  const fetching = new Map<string, number>();
  return {
    port: () => port,
    async start(accept) {
      server.addService(SyncServiceService, {
        connect: (call: ServerDuplexStream<ConnectRequest, ConnectResponse>) => void connect(call, given, accept),
        fetch: (call: ServerWritableStream<FetchRequest, FetchResponse>) => void fetchFile(call, given, fetching),
      });
      port = await bind(server, given, true);
    },
    // Streams have been ended by their sessions; tryShutdown would wait for ever on those whose peer is gone.
    stop: async () => server.forceShutdown(),
  };
}

export function bind(
  server: Server,
  given: { host: string; port: number; tls: ListenerTls },
  isMutual: boolean,
): Promise<number> {
  const { certPem, keyPem, caPem } = given.tls;
  const pair = { cert_chain: Buffer.from(certPem), private_key: Buffer.from(keyPem) };
  const credentials = ServerCredentials.createSsl(Buffer.from(caPem), [pair], isMutual);
  const host = given.host.includes(':') ? `[${given.host}]` : given.host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${given.port}`, credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new SkerryError('Conflict', `Nothing can listen on ${host}:${given.port}`, {
            remedy: 'choose another port, or stop what listens there',
            cause: error,
          }),
        );
    });
  });
}

type AnyCall = ServerDuplexStream<ConnectRequest, ConnectResponse> | ServerWritableStream<FetchRequest, FetchResponse>;

function identify(call: AnyCall, given: SyncListenerDependencies): Promise<LinkPeer> {
  const certificate = call.getAuthContext().sslPeerCertificate?.raw;
  if (certificate === undefined) throw new SkerryError('Unauthenticated', 'A client certificate is required');
  return given.enrolment.identify(certificate);
}

async function connect(
  call: ServerDuplexStream<ConnectRequest, ConnectResponse>,
  given: SyncListenerDependencies,
  accept: (side: ControllerSide, peer: LinkPeer) => Promise<void>,
): Promise<void> {
  try {
    const peer = await identify(call, given);
    await accept(controllerSide(call), peer);
  } catch (error) {
    refuse(call, error, given.log);
  }
}

function controllerSide(call: ServerDuplexStream<ConnectRequest, ConnectResponse>): ControllerSide {
  const elide = createHeadElider();
  const restore = createHeadRestorer();
  return streamDuplex<DownFrame, UpFrame, ConnectResponse, ConnectRequest>({
    stream: call,
    encode: (frame) => ({ frame: elide(encodeDown(frame)) }),
    decode: ({ frame }) => {
      if (frame === undefined) throw violation('an empty message');
      return decodeUp(restore(frame));
    },
    finish: () => call.end(),
    translate: (cause) => new SkerryError('Unavailable', 'The link to an agent broke', { cause }),
  });
}

async function fetchFile(
  call: ServerWritableStream<FetchRequest, FetchResponse>,
  given: SyncListenerDependencies,
  fetching: Map<string, number>,
): Promise<void> {
  try {
    const peer = await identify(call, given);
    const running = fetching.get(peer.agentId) ?? 0;
    if (running >= fetchesPerAgent) throw new SkerryError('TooManyRequests', 'This agent fetches too much at once');
    fetching.set(peer.agentId, running + 1);
    try {
      await sendFile(call, peer, given);
    } finally {
      const left = (fetching.get(peer.agentId) ?? 1) - 1;
      if (left > 0) fetching.set(peer.agentId, left);
      else fetching.delete(peer.agentId);
    }
  } catch (error) {
    refuse(call, error, given.log);
  }
}

async function sendFile(
  call: ServerWritableStream<FetchRequest, FetchResponse>,
  peer: LinkPeer,
  given: SyncListenerDependencies,
): Promise<void> {
  const { digest } = call.request;
  const isDigest = /^sha256:[0-9a-f]{64}$/.test(digest);
  const path = isDigest ? await given.artefacts?.(digest, peer) : undefined;
  if (path === undefined) throw new SkerryError('NotFound', `There is no file ${digest.slice(0, 80)}`);
  const total = (await stat(path)).size;
  let offset = Number(call.request.offset);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > total)
    throw new SkerryError('RangeNotSatisfiable', `The file has ${total} bytes, not ${call.request.offset}`);
  for await (const data of createReadStream(path, { start: offset, highWaterMark: chunkBytes })) {
    if (call.cancelled) return;
    const isRoom = call.write({ offset: BigInt(offset), data: data as Buffer, total: BigInt(total) });
    offset += (data as Buffer).length;
    if (!isRoom) await drained(call);
  }
  call.end();
}

function drained(call: ServerWritableStream<FetchRequest, FetchResponse>): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['drain', 'cancelled', 'close']) call.once(event, () => resolve());
  });
}

function refuse(call: AnyCall, error: unknown, log: Logger): void {
  log.info({ error, peer: call.getPeer() }, 'a call of an agent is refused');
  call.emit('error', toServiceError(error));
}

const statusOf: Partial<Record<string, status>> = {
  Unauthenticated: status.UNAUTHENTICATED,
  Forbidden: status.PERMISSION_DENIED,
  NotFound: status.NOT_FOUND,
  RangeNotSatisfiable: status.OUT_OF_RANGE,
  TooManyRequests: status.RESOURCE_EXHAUSTED,
  BadRequest: status.INVALID_ARGUMENT,
  Conflict: status.FAILED_PRECONDITION,
};

/** What a peer is told: the sentence of a SkerryError, nothing of any other error. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  if (!isSkerryError(error)) return { code: status.INTERNAL, details: 'internal error' };
  return { code: statusOf[error.code] ?? status.UNAVAILABLE, details: error.message };
}
