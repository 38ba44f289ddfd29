import { type Client, type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { type ConnectRequest, type ConnectResponse, SyncServiceClient } from '#proto/gen/skerry/sync/v1/sync.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { violation } from '#shared/wire/bounded-json.ts';
import { decodeDown, encodeUp } from '#shared/wire/codec.ts';
import type { DownFrame, UpFrame } from '#shared/wire/frames.ts';
import { createHeadElider, createHeadRestorer } from '#shared/wire/head-elision.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import { streamDuplex } from '#shared/wire/stream-duplex.ts';
import { secureChannel } from './secure-channel.ts';

export interface GrpcDialOptions {
  /** host:port; read at every dial, as are the PEM texts: a renewed certificate is used from the next dial on. */
  address: () => string;
  tls: () => { caPem: string; certPem: string; keyPem: string };
}

/** Opens the session stream over mutual TLS. One channel per session: nothing is kept between two. */
export function createGrpcDial(options: GrpcDialOptions): () => Promise<AgentSide> {
  return async () => {
    const { caPem, certPem, keyPem } = options.tls();
    const address = options.address();
    const { security, options: target } = secureChannel(address, { caPem, certPem, keyPem });
    const client = new SyncServiceClient(address, security, {
      ...target,
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': 4 * 1024 * 1024,
    });
    return agentSide(client, client.connect());
  };
}

function agentSide(client: Client, call: ClientDuplexStream<ConnectRequest, ConnectResponse>): AgentSide {
  const elide = createHeadElider();
  const restore = createHeadRestorer();
  return streamDuplex<UpFrame, DownFrame, ConnectRequest, ConnectResponse>({
    stream: call,
    encode: (frame) => ({ frame: elide(encodeUp(frame)) }),
    decode: ({ frame }) => {
      if (frame === undefined) throw violation('an empty message');
      return decodeDown(restore(frame));
    },
    finish: () => {
      call.cancel();
      client.close();
    },
    translate,
  });
}

/** Foreign errors of a call to the controller become SkerryErrors. */
export function translate(error: unknown): SkerryError {
  if (isSkerryError(error)) return error;
  const { code, details } = error as ServiceError;
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED)
    return new SkerryError('Unauthenticated', `The controller refuses this agent: ${details}`, {
      cause: error,
      remedy: 'enrol the agent anew if its certificate was revoked',
    });
  return new SkerryError('Unavailable', `The controller cannot be reached: ${details ?? String(error)}`, {
    cause: error,
  });
}
