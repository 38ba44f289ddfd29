import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { KubeObject } from '../../objects/kube-object.ts';

export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

interface Change {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
}

interface OpenWatch {
  namespace: string | undefined;
  response: ServerResponse;
}

/**
 * As much of an API server as lists and watches of one kind need: versions, pages, events, compaction. Everything else is
 * answered by `intercept`, which may also answer in its stead, wrongly or not at all.
 */
export class FakeApiServer {
  readonly seen: SeenRequest[] = [];
  /** True: it has answered, or will. */
  intercept: (request: SeenRequest, response: ServerResponse) => boolean = () => false;
  readonly #server: Server;
  readonly #objects = new Map<string, KubeObject>();
  readonly #watches = new Set<OpenWatch>();
  #history: Change[] = [];
  #version = 100;
  /** Versions below this are gone. */
  #oldest = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response));
  }

  static async start(server: Server = createServer()): Promise<FakeApiServer> {
    const fake = new FakeApiServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  get version(): number {
    return this.#version;
  }

  count(kind: 'list' | 'watch'): number {
    return this.seen.filter(({ method, query }) => method === 'GET' && query.has('watch') === (kind === 'watch'))
      .length;
  }

  put(key: string, spec: Record<string, string> = {}): KubeObject {
    const [namespace, name = ''] = key.split('/');
    this.#version += 1;
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, resourceVersion: String(this.#version) },
      spec,
    };
    this.#change(this.#objects.has(key) ? 'MODIFIED' : 'ADDED', object);
    this.#objects.set(key, object);
    return object;
  }

  remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#version += 1;
    this.#change('DELETED', {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    });
  }

  entries(): [string, KubeObject][] {
    return [...this.#objects];
  }

  /** The store is put back to an earlier state. */
  rollBack(version: number): void {
    this.#version = version;
    this.#history = [];
    for (const [key, object] of this.#objects) {
      const metadata = { ...object.metadata, resourceVersion: String(version) };
      this.#objects.set(key, { ...object, metadata });
    }
  }

  /** What was before cannot be resumed from any more. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#history = [];
  }

  bookmark(): void {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { resourceVersion: String(this.#version) } };
    this.tell({ type: 'BOOKMARK', object });
  }

  /** Sends a line to all watches. */
  tell(event: unknown): void {
    for (const { response } of this.#watches) response.write(`${JSON.stringify(event)}\n`);
  }

  /** As the server does when their time is over. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  /** As a network does. */
  breakWatches(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const url = new URL(request.url ?? '/', 'http://fake');
    const { method = 'GET', headers } = request;
    const seen = { method, headers, body, path: url.pathname, query: url.searchParams };
    this.seen.push(seen);
    if (this.intercept(seen, response)) return;
    const namespace = /\/namespaces\/([^/]+)/.exec(seen.path)?.[1];
    if (seen.query.get('watch') === 'true') this.#watch(seen, namespace, response);
    else this.#list(seen, namespace, response);
  }

  #list({ query }: SeenRequest, namespace: string | undefined, response: ServerResponse): void {
    const [from = 0, version = this.#version] = (query.get('continue') ?? '').split('@').filter(Boolean).map(Number);
    if (version < this.#oldest) {
      answerStatus(response, 410, { reason: 'Expired', message: 'too old' });
      return;
    }
    const limit = Number(query.get('limit') ?? 0) || Number.POSITIVE_INFINITY;
    const all = [...this.#objects.values()].filter(({ metadata }) => isIn(metadata.namespace, namespace));
    const more = from + limit < all.length ? { continue: `${from + limit}@${version}` } : {};
    const items = all.slice(from, from + limit).map(({ apiVersion: _, kind: __, ...item }) => item);
    answerJson(response, 200, { kind: 'PodList', metadata: { resourceVersion: String(version), ...more }, items });
  }

  #watch({ query }: SeenRequest, namespace: string | undefined, response: ServerResponse): void {
    const since = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (since < this.#oldest) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    for (const { version, type, object } of this.#history) {
      if (version > since && isIn(object.metadata.namespace, namespace))
        response.write(`${JSON.stringify({ type, object })}\n`);
    }
    const open = { namespace, response };
    this.#watches.add(open);
    response.on('close', () => this.#watches.delete(open));
  }

  #change(type: Change['type'], object: KubeObject): void {
    this.#history.push({ version: this.#version, type, object });
    for (const { namespace, response } of this.#watches) {
      if (isIn(object.metadata.namespace, namespace)) response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** metav1.Status */
export function answerStatus(response: ServerResponse, code: number, status: object, headers = {}): void {
  answerJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...status }, headers);
}

function isIn(namespace: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || namespace === wanted;
}
