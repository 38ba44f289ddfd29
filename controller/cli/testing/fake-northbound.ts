import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

interface Thing {
  id: string;
  [member: string]: unknown;
}

type Handler = (body: Record<string, unknown>, params: string[]) => Reply | Promise<Reply>;
interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface FakeNorthboundOptions {
  tls?: { cert: string; key: string };
  password?: string;
  /** Operations stay PROCESSING until the test ends them. */
  isSlow?: boolean;
}

/** Speaks the shapes of the northbound from memory: what the command line is tested against, not a controller. */
export class FakeNorthbound {
  readonly sites: Thing[] = [];
  readonly agents: Thing[] = [];
  readonly infras: Thing[] = [];
  readonly vnfPackages: Thing[] = [];
  readonly nsds: Thing[] = [];
  readonly instances: Thing[] = [];
  readonly operations: Thing[] = [];
  readonly kdus: Thing[] = [];
  readonly requests: { method: string; path: string; body: Record<string, unknown> }[] = [];
  /** What agents say of Kubernetes clusters. */
  cluster: { healthy: boolean; message?: string; [member: string]: unknown } = { healthy: true };
  readonly joinTokens = new Map<string, string>();
  /** Next calls to this `METHOD /path` answer the problem. */
  readonly failures = new Map<string, { status: number; detail: string; [member: string]: unknown }>();
  readonly #options: FakeNorthboundOptions;
  readonly #server: Server;
  readonly #refusedNsds = new Set<string>();
  readonly #listeners = new Set<ServerResponse>();
  readonly token = 'fake-bearer-token';

  constructor(options: FakeNorthboundOptions = {}) {
    this.#options = options;
    const onRequest = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#server = options.tls === undefined ? createHttpServer(onRequest) : createHttpsServer(options.tls, onRequest);
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const scheme = this.#options.tls === undefined ? 'http' : 'https';
    return `${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const response of this.#listeners) response.end();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Tells everybody who listens that something changed. */
  wake(): void {
    for (const response of this.#listeners) response.write('event: changed\ndata: {}\n\n');
  }

  /** What an enrolling agent does. */
  enrol(token: string): string {
    const siteId = this.joinTokens.get(token);
    if (siteId === undefined) throw new Error('unknown join token');
    const known = this.agents.find((agent) => agent['siteId'] === siteId);
    const agent = known ?? { id: randomUUID(), siteId, name: `agent-${siteId.slice(0, 4)}`, revoked: false };
    agent['status'] = { connected: true, since: Date.now(), alarms: [] };
    if (known === undefined) this.agents.push(agent);
    this.wake();
    return agent.id;
  }

  endOperation(id: string, operationState: string, detail?: string): void {
    const operation = this.operations.find((one) => one.id === id);
    if (operation === undefined) throw new Error(`no operation ${id}`);
    operation['operationState'] = operationState;
    if (detail !== undefined) operation['error'] = { status: 500, detail };
    const ns = this.instances.find((one) => one.id === operation['nsInstanceId']);
    if (ns !== undefined && operationState === 'COMPLETED')
      ns['nsState'] = operation['lcmOperationType'] === 'TERMINATE' ? 'NOT_INSTANTIATED' : 'INSTANTIATED';
    this.wake();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    const body = await readBody(request);
    this.requests.push({ method, path: url.pathname, body });
    if (url.pathname === '/skerry/v1/events') return this.#listen(response);
    const reply = await this.#answer(method, url.pathname, body, request.headers.authorization);
    const type = reply.status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(reply.status, { 'content-type': type, ...reply.headers });
    response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  async #answer(
    method: string,
    path: string,
    body: Record<string, unknown>,
    authorization: string | undefined,
  ): Promise<Reply> {
    const failure = this.failures.get(`${method} ${path}`);
    if (failure !== undefined) return { status: failure.status, body: failure };
    const isOpen = path === '/skerry/v1/tokens' || path === '/fake/enrol';
    if (!isOpen && authorization !== `Bearer ${this.token}`) return problem(401, 'the token is not known');
    for (const [pattern, handler] of this.#routes) {
      const [wantedMethod, wantedPath = ''] = pattern.split(' ');
      const match = new RegExp(`^${wantedPath.replaceAll('*', '([^/]+)')}$`).exec(path);
      if (wantedMethod === method && match !== null) return handler(body, match.slice(1));
    }
    return problem(404, `no ${method} ${path}`);
  }

  readonly #routes: [string, Handler][] = [
    ['POST /skerry/v1/tokens', (body) => this.#login(body)],
    ['POST /fake/enrol', (body) => ({ status: 200, body: { agentId: this.enrol(String(body['token'])) } })],
    ['GET /skerry/v1/(sites|agents|infras)', (_body, [name]) => ok(this.#collection(name))],
    ['POST /skerry/v1/sites', (body) => this.#create(this.sites, { labels: {}, ...body })],
    ['DELETE /skerry/v1/sites/*', (_body, [id]) => remove(this.sites, id)],
    ['POST /skerry/v1/join-tokens', (body) => this.#joinToken(body)],
    ['POST /skerry/v1/agents/*/revoke', (_body, [id]) => change(this.agents, id, { revoked: true })],
    ['POST /skerry/v1/infras', (body) => this.#createInfra(body)],
    ['GET /skerry/v1/infras/*', (_body, [id]) => find(this.infras, id)],
    ['PATCH /skerry/v1/infras/*', (body, [id]) => this.#changeInfra(body, id)],
    ['DELETE /skerry/v1/infras/*', (_body, [id]) => remove(this.infras, id)],
    ['GET /vnfpkgm/v2/vnf_packages', () => ok(this.vnfPackages)],
    ['GET /vnfpkgm/v2/vnf_packages/*', (_body, [id]) => find(this.vnfPackages, id)],
    ['GET /nsd/v2/ns_descriptors', () => ok(this.nsds)],
    ['GET /nsd/v2/ns_descriptors/*', (_body, [id]) => find(this.nsds, id)],
    ['POST /skerry/v1/packages', (body) => this.#onboard(String(body['fileName']))],
    ['PATCH /vnfpkgm/v2/vnf_packages/*', (body, [id]) => change(this.vnfPackages, id, body)],
    ['PATCH /nsd/v2/ns_descriptors/*', (body, [id]) => change(this.nsds, id, body)],
    ['DELETE /vnfpkgm/v2/vnf_packages/*', (_body, [id]) => remove(this.vnfPackages, id)],
    ['DELETE /nsd/v2/ns_descriptors/*', (_body, [id]) => remove(this.nsds, id)],
    ['GET /nslcm/v2/ns_instances', () => ok(this.instances)],
    ['GET /nslcm/v2/ns_instances/*', (_body, [id]) => find(this.instances, id)],
    ['POST /nslcm/v2/ns_instances', (body) => this.#createNs(body)],
    ['DELETE /nslcm/v2/ns_instances/*', (_body, [id]) => remove(this.instances, id)],
    [
      'POST /nslcm/v2/ns_instances/*/(instantiate|scale|heal|terminate)',
      (body, [id, verb]) => this.#begin(String(id), String(verb), body),
    ],
    ['POST /skerry/v1/ns_instances/*/actions', (body, [id]) => this.#begin(String(id), 'update', body)],
    ['GET /skerry/v1/ns_instances/*/kdus', () => ok(this.kdus)],
    ['GET /skerry/v1/ns_instances/*/kdus/*/*', () => ok(this.kdus[0])],
    ['GET /nslcm/v2/ns_lcm_op_occs', () => ok(this.operations)],
    ['GET /nslcm/v2/ns_lcm_op_occs/*', (_body, [id]) => find(this.operations, id)],
    [
      'POST /nslcm/v2/ns_lcm_op_occs/*/(retry|rollback|continue|fail|cancel)',
      (_b, [id, verb]) => this.#steer(id, verb),
    ],
  ];

  #collection(name: string | undefined): Thing[] {
    return name === 'sites' ? this.sites : name === 'agents' ? this.agents : this.infras;
  }

  #login(body: Record<string, unknown>): Reply {
    const { password = 'secret' } = this.#options;
    if (body['password'] !== password) return problem(401, 'the user or the password is wrong');
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    return { status: 201, body: { token: this.token, expiresAt, username: body['username'] } };
  }

  #create(collection: Thing[], members: Record<string, unknown>): Reply {
    const thing = { id: randomUUID(), ...members };
    collection.push(thing);
    this.wake();
    return { status: 201, body: thing };
  }

  /** Told by the file's name: `…_ns` is an NSD, which comes too early at its first try; `bad…` is refused. */
  #onboard(fileName: string): Reply {
    const name = fileName.replace(/\..*$/, '');
    if (name.startsWith('bad')) {
      const complaint = {
        file: 'a.yaml',
        line: 3,
        column: 5,
        path: 'vnfd',
        message: 'is unknown',
        remedy: 'remove it',
      };
      return { status: 422, body: { status: 422, detail: 'one complaint', details: { complaints: [complaint] } } };
    }
    const isNs = name.endsWith('_ns');
    if (isNs && !this.#refusedNsds.has(name)) {
      this.#refusedNsds.add(name);
      return problem(409, 'the NSD needs VNF packages that are not onboarded');
    }
    const kind = isNs ? 'ns' : 'vnf';
    const resource = { id: randomUUID(), ...(isNs ? { nsdId: name, ...nsdStates } : { vnfdId: name, ...vnfStates }) };
    (isNs ? this.nsds : this.vnfPackages).push(resource);
    return { status: 201, body: { outcome: 'created', kind, id: resource.id, resource } };
  }

  #joinToken(body: Record<string, unknown>): Reply {
    const token = `join-${randomUUID()}`;
    this.joinTokens.set(token, String(body['siteId']));
    return { status: 201, body: { id: randomUUID(), token, siteId: body['siteId'], expiresAt: Date.now() + 60_000 } };
  }

  #createInfra(body: Record<string, unknown>): Reply {
    const agent = this.agents.find((one) => one.id === body['agentId']);
    if (agent === undefined) return problem(404, 'no such agent');
    const status = { facts: null, message: 'not reported yet', reportedAt: 0 };
    const { connected } = agent['status'] as { connected: boolean };
    const made = this.#create(this.infras, { ...body, siteId: agent['siteId'], connected, revision: 1, status });
    if (connected) this.#probe(made.body as Thing);
    return made;
  }

  /** An agent's word on an infra, a moment later; a cluster says what `cluster` holds. */
  #probe(infra: Thing): void {
    setImmediate(() => {
      const total = { vcpus: 8, memoryMib: 1024, storageGib: 10 };
      const told = infra['kind'] === 'kubernetes' ? this.cluster : { healthy: true };
      const capacity = { total, used: { ...total, vcpus: 0 } };
      const facts = { kind: infra['kind'], version: '1', features: [], zones: [], images: [], capacity, ...told };
      const status = { facts, message: facts.message ?? '', reportedAt: Date.now(), revision: infra['revision'] };
      Object.assign(infra, { ageMs: 5, status });
      this.wake();
    });
  }

  #changeInfra(body: Record<string, unknown>, id: string | undefined): Reply {
    const infra = this.infras.find((one) => one.id === id);
    if (infra === undefined) return problem(404, `no ${id}`);
    const { settings, ...members } = body;
    Object.assign(infra, members);
    if (settings !== undefined) {
      infra['settings'] = { ...(infra['settings'] as object), ...(settings as object) };
      infra['revision'] = Number(infra['revision']) + 1;
      this.#probe(infra);
    }
    return ok({ ...infra });
  }

  #createNs(body: Record<string, unknown>): Reply {
    const { nsName, nsDescription, nsdId } = body;
    const description = { nsInstanceName: nsName, nsInstanceDescription: nsDescription, nsdId };
    return this.#create(this.instances, { ...description, nsState: 'NOT_INSTANTIATED', vnfInstance: [] });
  }

  #begin(id: string, verb: string, body: Record<string, unknown>): Reply {
    const ns = this.instances.find((one) => one.id === id);
    if (ns === undefined) return problem(404, `no NS ${id}`);
    const operation: Thing = {
      id: randomUUID(),
      nsInstanceId: id,
      lcmOperationType: verb.toUpperCase(),
      operationState: 'PROCESSING',
      operationParams: body,
      startTime: new Date().toISOString(),
      _skerry: {
        progress: {
          total: 2,
          ready: 1,
          sites: [{ siteName: 'site-a', total: 2, ready: 1, connected: true, waitingFor: ['compute/1'] }],
        },
      },
    };
    this.operations.push(operation);
    if (!this.#options.isSlow) setImmediate(() => this.endOperation(operation.id, 'COMPLETED'));
    return { status: 202, headers: { location: `/nslcm/v2/ns_lcm_op_occs/${operation.id}` } };
  }

  #steer(id: string | undefined, verb: string | undefined): Reply {
    const ends: Record<string, string> = { rollback: 'ROLLED_BACK', fail: 'FAILED', cancel: 'FAILED_TEMP' };
    this.endOperation(String(id), ends[String(verb)] ?? (this.#options.isSlow ? 'PROCESSING' : 'COMPLETED'));
    return { status: 202 };
  }
}

const vnfStates = { onboardingState: 'ONBOARDED', operationalState: 'ENABLED', usageState: 'NOT_IN_USE' };
const nsdStates = { nsdOnboardingState: 'ONBOARDED', nsdOperationalState: 'ENABLED', nsdUsageState: 'NOT_IN_USE' };

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (/json/.test(request.headers['content-type'] ?? 'json')) {
    return JSON.parse(bytes.toString() || '{}') as Record<string, unknown>;
  }
  const fileName = /filename="(.*)"/.exec(request.headers['content-disposition'] ?? '')?.[1];
  return { bytes: bytes.length, fileName };
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}
function problem(status: number, detail: string): Reply {
  return { status, body: { status, detail } };
}
function find(things: Thing[], id: string | undefined): Reply {
  const thing = things.find((one) => one.id === id);
  return thing === undefined ? problem(404, `no ${id}`) : ok(thing);
}
function change(things: Thing[], id: string | undefined, members: object, status = 200): Reply {
  const thing = things.find((one) => one.id === id);
  if (thing === undefined) return problem(404, `no ${id}`);
  Object.assign(thing, members);
  return { status, body: members };
}
function remove(things: Thing[], id: string | undefined): Reply {
  const index = things.findIndex((one) => one.id === id);
  if (index < 0) return problem(404, `no ${id}`);
  things.splice(index, 1);
  return { status: 204 };
}
