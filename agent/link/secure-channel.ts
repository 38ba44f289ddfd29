import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';

/** Sent instead of an address, which TLS has no server name for (RFC 6066 clause 3); resolves nowhere. */
const nameOfAddresses = 'controller.skerry.invalid';

export interface ChannelTls {
  caPem: string;
  keyPem?: string;
  certPem?: string;
}

/** Credentials and options of a channel to `host:port`; the certificate must be for that host, name or address. */
export function secureChannel(
  address: string,
  tls: ChannelTls,
): { security: ChannelCredentials; options: ChannelOptions } {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  const pems = [pem(tls.caPem), pem(tls.keyPem), pem(tls.certPem)] as const;
  const { host } = splitAddress(address);
  if (isIP(host) === 0) return { security: credentials.createSsl(...pems), options: {} };
  const verify = {
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  };
  return {
    security: credentials.createSsl(...pems, verify),
    options: { 'grpc.ssl_target_name_override': nameOfAddresses },
  };
}

export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
