import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ClusterEndpoint, readKubeconfig } from '#agent/connectors/kubernetes/api/index.ts';

/** A request that came to the proxy. */
export interface ProxiedCall {
  method: string;
  /** Without query. */
  path: string;
  isWatch: boolean;
  isWrite: boolean;
  userAgent: string;
  /** What was answered; undefined when nothing was. */
  status?: number;
  /** When the server's answer began (performance.now). */
  answeredMs?: number;
}

export type Fault =
  /** No answer, nothing forwarded. */
  | { kind: 'hang' }
  | { kind: 'answer'; status: number; message?: string; reason?: string; retryAfterS?: number }
  /** The connection breaks: before the server hears of it, or after it has acted. */
  | { kind: 'cut'; when: 'before' | 'after' }
  | { kind: 'delay'; ms: number };

export interface FaultRule {
  fault: Fault;
  /** Default: everything but watches. */
  match?: (call: ProxiedCall) => boolean;
  /** How often; default: until cleared. */
  times?: number;
  /** Calls that match and are let through before. */
  after?: number;
}

export const isWrite = (call: ProxiedCall): boolean => call.isWrite;

/**
 * A door to a real API server that can be made to fail: plain HTTP on loopback in front, the kubeconfig's credentials behind.
 * Counts what goes through.
 */
export class FaultProxy {
  readonly calls: ProxiedCall[] = [];
  readonly #server: http.Server;
  readonly #endpoint: ClusterEndpoint;
  readonly #agent: https.Agent;
  readonly #watches = new Set<{ response: ServerResponse; upstream: IncomingMessage }>();
  #rules: { rule: FaultRule; seen: number; used: number }[] = [];
  #areWatchesStalled = false;
  #port = 0;

  private constructor(endpoint: ClusterEndpoint) {
    this.#endpoint = endpoint;
    const { caPem, serverName } = endpoint.tls;
    this.#agent = new https.Agent({
      keepAlive: true,
      ca: caPem,
      cert: endpoint.certificate?.certPem,
      key: endpoint.certificate?.keyPem,
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    this.#server = http.createServer((request, response) => this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
    // Faults of single sockets are the point of it.
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Of a kubeconfig with a client certificate or a token. */
  static async open(kubeconfigFile: string): Promise<FaultProxy> {
    const endpoint = await readKubeconfig(readFileSync(kubeconfigFile, 'utf8'), { allowExec: false });
    if (!endpoint.ok) throw endpoint.error;
    const proxy = new FaultProxy(endpoint.value);
    await proxy.listen();
    return proxy;
  }

  /** For whoever shall go through the proxy: no credentials in it. */
  get kubeconfig(): string {
    const cluster = { server: `http://127.0.0.1:${this.#port}` };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'proxy',
      clusters: [{ name: 'proxy', cluster }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'nobody' } }],
      users: [{ name: 'nobody', user: {} }],
    });
  }

  /** From now on; earlier rules come first. @returns takes it away again */
  fail(rule: FaultRule): () => void {
    const entry = { rule, seen: 0, used: 0 };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  /** Everything works again. */
  heal(): void {
    this.#rules = [];
    this.#areWatchesStalled = false;
  }

  /** Ends every watch, without a word. */
  dropWatches(): void {
    for (const { response, upstream } of this.#watches) {
      upstream.destroy();
      response.destroy();
    }
    this.#watches.clear();
  }

  /** Watches stay open; nothing comes any more, of present ones for ever. */
  stallWatches(): void {
    this.#areWatchesStalled = true;
    for (const { upstream, response } of this.#watches) {
      upstream.unpipe(response);
      upstream.resume();
    }
  }

  /** As an API server that has died: connections break, new ones are refused. */
  async refuse(): Promise<void> {
    this.dropWatches();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens (again) at the same address. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Calls since `from` (an earlier `calls.length`), watches left out. */
  requests(from = 0): ProxiedCall[] {
    return this.calls.slice(from).filter((call) => !call.isWatch);
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
    this.#agent.destroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const call = callOf(request);
    this.calls.push(call);
    response.on('error', () => undefined);
    const fault = this.#faultFor(call);
    const isAnswerLost = fault?.kind === 'cut' && fault.when === 'after';
    const forward = () => this.#forward(call, { request, response, isAnswerLost });
    if (fault === undefined || isAnswerLost) forward();
    else if (fault.kind === 'delay') setTimeout(forward, fault.ms);
    else if (fault.kind === 'cut') request.socket.destroy();
    else if (fault.kind === 'answer') {
      call.status = fault.status;
      request.resume().on('end', () => answer(response, fault));
    }
  }

  #faultFor(call: ProxiedCall): Fault | undefined {
    for (const entry of this.#rules) {
      const { match = ({ isWatch }) => !isWatch, times = Number.POSITIVE_INFINITY, after = 0 } = entry.rule;
      if (entry.used >= times || !match(call)) continue;
      entry.seen += 1;
      if (entry.seen <= after) continue;
      entry.used += 1;
      return entry.rule.fault;
    }
    return undefined;
  }

  #forward(
    call: ProxiedCall,
    {
      request,
      response,
      isAnswerLost = false,
    }: { request: IncomingMessage; response: ServerResponse; isAnswerLost: boolean },
  ): void {
    const { authorization } = this.#endpoint;
    const { host: _, connection: __, ...headers } = request.headers;
    if (authorization?.kind === 'token') headers.authorization = `Bearer ${authorization.token}`;
    const url = new URL(request.url ?? '/', this.#endpoint.server);
    const upstream = https.request(url, { method: request.method, headers, agent: this.#agent });
    upstream.on('error', () => response.destroy());
    upstream.on('response', (answered) => {
      call.status = answered.statusCode;
      call.answeredMs = performance.now();
      if (isAnswerLost) return void answered.resume().on('end', () => request.socket.destroy());
      response.writeHead(answered.statusCode ?? 502, withoutHops(answered.headers));
      answered.on('error', () => response.destroy());
      if (call.isWatch) this.#pipeWatch(answered, response);
      else answered.pipe(response);
    });
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  #pipeWatch(upstream: IncomingMessage, response: ServerResponse): void {
    response.flushHeaders();
    const watch = { response, upstream };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    if (this.#areWatchesStalled) upstream.resume();
    else upstream.pipe(response);
  }
}

function callOf({ method = 'GET', url = '/', headers }: IncomingMessage): ProxiedCall {
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  const isReview = pathname.includes('/selfsubject');
  return {
    method,
    path: pathname,
    isWatch: searchParams.get('watch') === 'true',
    isWrite: method !== 'GET' && !isReview,
    userAgent: headers['user-agent'] ?? '',
  };
}

function answer(
  response: ServerResponse,
  { status, message, reason, retryAfterS }: Extract<Fault, { kind: 'answer' }>,
) {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: message ?? `fault ${status}`,
    reason,
    code: status,
  };
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  });
  response.end(JSON.stringify(body));
}

function withoutHops({
  connection: _,
  'keep-alive': __,
  'transfer-encoding': ___,
  ...headers
}: IncomingMessage['headers']) {
  return headers;
}
