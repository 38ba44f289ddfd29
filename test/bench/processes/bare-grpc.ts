/** A gRPC server over TLS that sends every message back: the bare cost of a frame. */
import { once } from 'node:events';
import { type handleBidiStreamingCall, Server, ServerCredentials } from '@grpc/grpc-js';

const [{ certPem, keyPem }] = (await once(process, 'message')) as [{ certPem: string; keyPem: string }];
const same = (message: Buffer) => message;
const echo: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  call.on('data', (message: Buffer) => call.write(message));
  call.on('end', () => call.end());
  call.on('error', () => {});
};
const method = {
  path: '/bare/Echo',
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const server = new Server();
server.addService({ echo: method }, { echo });
const pair = { cert_chain: Buffer.from(certPem), private_key: Buffer.from(keyPem) };
server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair], false), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ port });
});
