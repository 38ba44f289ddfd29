import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { ClientCertificate, ClusterEndpoint } from './cluster-endpoint.ts';
import { Exchange } from './exchange.ts';

/** An API server closes idle connections after 90 s; we must be the first, or a write may meet a closing connection. */
const idleSocketMs = 30_000;
const tcpKeepAliveMs = 15_000;
const maxSockets = 8;
const maxIdleSockets = 4;

export interface HttpCall {
  method: string;
  /** With query. */
  path: string;
  headers: http.OutgoingHttpHeaders;
  body: string | undefined;
  signal: AbortSignal;
  /** Its connection is not counted against the limit of the others. */
  isWatch: boolean;
  certificate: ClientCertificate | undefined;
}

export interface HttpTransportOptions {
  endpoint: ClusterEndpoint;
  clock: Clock;
  /** Longest silence of the server while an answer is owed. */
  silenceMs: number;
}

interface Agents {
  certificate: ClientCertificate | undefined;
  requests: http.Agent;
  watches: http.Agent;
}

/** Connections to one server: at most eight for requests, as many as there are watches beside them. */
export class HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #url: URL;
  readonly #prefix: string;
  readonly #open = new Set<Exchange>();
  /** Sockets whose handshake is over. */
  readonly #readySockets = new WeakSet<object>();
  #agents: Agents | undefined;
  #isClosed = false;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.endpoint.server);
    this.#prefix = this.#url.pathname.replace(/\/+$/, '');
  }

  /** Resolves with the answer's head. The caller reads the body and then calls `end` of the exchange. */
  async start(call: HttpCall): Promise<Exchange> {
    if (this.#isClosed)
      throw new SkerryError('Aborted', `The connection to ${this.#options.endpoint.server} is closed.`);
    if (call.signal.aborted) throw new SkerryError('Aborted', 'The call was aborted.', { cause: call.signal.reason });
    const exchange = new Exchange({
      request: this.#request(call),
      isWrite: call.method !== 'GET',
      server: this.#options.endpoint.server,
      signal: call.signal,
      clock: this.#options.clock,
      silenceMs: this.#options.silenceMs,
      readySockets: this.#readySockets,
      onEnd: () => this.#open.delete(exchange),
    });
    this.#open.add(exchange);
    await exchange.head(call.body);
    return exchange;
  }

  close(): void {
    this.#isClosed = true;
    for (const exchange of this.#open) exchange.close();
    this.#agents?.requests.destroy();
    this.#agents?.watches.destroy();
  }

  #request(call: HttpCall): http.ClientRequest {
    const agents = this.#agentsFor(call.certificate);
    const { hostname, port, protocol } = this.#url;
    return (protocol === 'https:' ? https : http).request({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? undefined : Number(port),
      method: call.method,
      path: this.#prefix + call.path,
      headers: call.headers,
      agent: call.isWatch ? agents.watches : agents.requests,
      // Headers of 16 KiB are enough for any API server.
      maxHeaderSize: 16_384,
    });
  }

  #agentsFor(certificate: ClientCertificate | undefined): Agents {
    const known = this.#agents;
    if (
      known !== undefined &&
      known.certificate?.certPem === certificate?.certPem &&
      known.certificate?.keyPem === certificate?.keyPem
    )
      return known;
    const made = { certificate, ...this.#makeAgents(certificate) };
    // Calls that are under way keep their connections; idle ones of the old certificate close by themselves.
    this.#agents = made;
    return made;
  }

  #makeAgents(certificate: ClientCertificate | undefined): Pick<Agents, 'requests' | 'watches'> {
    const common = {
      keepAlive: true,
      keepAliveMsecs: tcpKeepAliveMs,
      timeout: idleSocketMs,
      maxFreeSockets: maxIdleSockets,
      scheduling: 'lifo' as const,
    };
    if (this.#url.protocol === 'http:')
      return { requests: new http.Agent({ ...common, maxSockets }), watches: new http.Agent(common) };
    const { serverName, isVerificationOff } = this.#options.endpoint.tls;
    const secure = {
      ...common,
      // One context for all connections: certificates are parsed and held once.
      secureContext: this.#secureContext(certificate),
      rejectUnauthorized: isVerificationOff !== true,
      ...(serverName === undefined ? {} : { servername: serverName }),
    };
    return { requests: new https.Agent({ ...secure, maxSockets }), watches: new https.Agent(secure) };
  }

  #secureContext(certificate: ClientCertificate | undefined): tls.SecureContext {
    const { caPem } = this.#options.endpoint.tls;
    try {
      return tls.createSecureContext({
        minVersion: 'TLSv1.2',
        ...(caPem === undefined ? {} : { ca: caPem }),
        ...(certificate === undefined ? {} : { cert: certificate.certPem, key: certificate.keyPem }),
      });
    } catch (cause) {
      throw new SkerryError('PlatformAuth', `The certificates for ${this.#options.endpoint.server} cannot be used.`, {
        remedy: 'check that certificate and key belong together and are PEM',
        cause,
      });
    }
  }
}
