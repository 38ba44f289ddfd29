import type { Readable } from 'node:stream';
import type { InstantiateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type {
  AgentView,
  ChartRepositoryView,
  InfraView,
  IssuedTokenView,
  JoinTokenView,
  KduView,
  KduWithHistory,
  ListedChart,
  NsdView,
  NsView,
  OnboardedView,
  OperationView,
  SiteView,
  VnfPackageView,
} from './api-types.ts';
import { clusterCalls } from './cluster-calls.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { type Answer, type CallOptions, HttpClient } from './http-client.ts';

export interface ApiOptions {
  url: string;
  caPem?: string;
  token?: string;
  timeoutMs?: number;
}

export type PackageKind = 'vnf' | 'ns';

const versions = { nslcm: '2.3.0', nsd: '2.3.0', vnfpkgm: '2.4.0' } as const;
const packageRoot = { vnf: '/vnfpkgm/v2/vnf_packages', ns: '/nsd/v2/ns_descriptors' } as const;
const packageVersion = { vnf: versions.vnfpkgm, ns: versions.nsd } as const;

/** The northbound as the command line uses it: SOL005 (ETSI GS NFV-SOL 005) and Skerry's own `/skerry/v1`. */
export class SkerryApi {
  readonly http: HttpClient;

  constructor(options: ApiOptions) {
    this.http = new HttpClient(options);
  }

  close(): void {
    this.http.close();
  }

  async login(input: { username: string; password: string; project?: string }): Promise<IssuedTokenView> {
    const issued = await this.#own<IssuedTokenView>('POST', 'tokens', input);
    this.http.token = issued.token;
    return issued;
  }

  sites = async () => byName(await this.#ownList<SiteView>('sites'));
  createSite = (input: { name: string; description?: string; labels?: Record<string, string> }) =>
    this.#own<SiteView>('POST', 'sites', input);
  deleteSite = (id: string) => this.#own<void>('DELETE', `sites/${part(id)}`);

  agents = async () => byName(await this.#ownList<AgentView>('agents'));
  revokeAgent = (id: string) => this.#own<void>('POST', `agents/${part(id)}/revoke`);
  createJoinToken = (input: { siteId: string; agentName?: string; validForMs?: number }) =>
    this.#own<JoinTokenView>('POST', 'join-tokens', input);

  infras = async () => byName(await this.#ownList<InfraView>('infras'));
  infra = (id: string) => this.#own<InfraView>('GET', `infras/${part(id)}`);
  createInfra = (input: object) => this.#own<InfraView>('POST', 'infras', input);
  /** Settings and labels are merged: null takes a member away. */
  updateInfra = (id: string, patch: object) => this.#own<InfraView>('PATCH', `infras/${part(id)}`, patch);
  deleteInfra = (id: string) => this.#own<void>('DELETE', `infras/${part(id)}`);

  chartRepositories = async () => byName(await this.#ownList<ChartRepositoryView>('chart_repositories'));
  createChartRepository = (input: object) => this.#own<ChartRepositoryView>('POST', 'chart_repositories', input);
  updateChartRepository = (id: string, patch: object) =>
    this.#own<ChartRepositoryView>('PATCH', `chart_repositories/${part(id)}`, patch);
  deleteChartRepository = (id: string) => this.#own<void>('DELETE', `chart_repositories/${part(id)}`);
  listedCharts = (id: string, name?: string) =>
    this.#ownList<ListedChart>(
      `chart_repositories/${part(id)}/charts${name === undefined ? '' : `?name=${encodeURIComponent(name)}`}`,
    );
  readonly clusters = clusterCalls((method, path, body) => this.#own(method, path, body));

  vnfPackages = () => this.#list<VnfPackageView>(packageRoot.vnf, versions.vnfpkgm);
  nsds = () => this.#list<NsdView>(packageRoot.ns, versions.nsd);
  package = async (kind: PackageKind, id: string) =>
    (await this.#etsi<VnfPackageView | NsdView>('GET', `${packageRoot[kind]}/${part(id)}`, packageVersion[kind])).body;
  /** A VNF package or an NSD, whichever it is; nothing stays behind when it is refused. */
  async onboard(content: { source: Readable; contentType: string; fileName: string }): Promise<OnboardedView> {
    const name = content.fileName.replace(/[^\w.-]/g, '_');
    const headers = { 'content-disposition': `attachment; filename="${name}"` };
    return (await this.http.call<OnboardedView>('POST', '/skerry/v1/packages', { stream: content, headers })).body;
  }
  setPackageState = (kind: PackageKind, id: string, state: 'ENABLED' | 'DISABLED') =>
    this.#etsi('PATCH', `${packageRoot[kind]}/${part(id)}`, packageVersion[kind], {
      body: kind === 'vnf' ? { operationalState: state } : { nsdOperationalState: state },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  deletePackage = (kind: PackageKind, id: string) =>
    this.#etsi('DELETE', `${packageRoot[kind]}/${part(id)}`, packageVersion[kind]);

  nsInstances = () => this.#list<NsView>('/nslcm/v2/ns_instances', versions.nslcm);
  ns = async (id: string) =>
    (await this.#etsi<NsView>('GET', `/nslcm/v2/ns_instances/${part(id)}`, versions.nslcm)).body;
  createNs = async (input: { nsdId: string; nsName: string; nsDescription: string }) =>
    (await this.#etsi<NsView>('POST', '/nslcm/v2/ns_instances', versions.nslcm, { body: input })).body;
  deleteNs = (id: string) => this.#etsi('DELETE', `/nslcm/v2/ns_instances/${part(id)}`, versions.nslcm);
  instantiateNs = (id: string, input: InstantiateNsRequest) => this.#begin(id, 'instantiate', input);
  scaleNs = (id: string, input: object) => this.#begin(id, 'scale', input);
  healNs = (id: string, input: object) => this.#begin(id, 'heal', input);
  /** Upgrade or rollback of a KDU. @returns the id of its operation occurrence */
  async actOnKdu(id: string, input: object): Promise<string> {
    const path = `/skerry/v1/ns_instances/${part(id)}/actions`;
    return operationIdOf(await this.http.call('POST', path, { body: input }), 'the action');
  }
  kdus = (id: string) => this.#ownList<KduView>(`ns_instances/${part(id)}/kdus`);
  kdu = (id: string, vnf: string, kdu: string) =>
    this.#own<KduWithHistory>('GET', `ns_instances/${part(id)}/kdus/${part(vnf)}/${part(kdu)}`);
  terminateNs = (id: string, input: object) => this.#begin(id, 'terminate', input);

  operations = () => this.#list<OperationView>('/nslcm/v2/ns_lcm_op_occs', versions.nslcm);
  operation = async (id: string) =>
    (await this.#etsi<OperationView>('GET', `/nslcm/v2/ns_lcm_op_occs/${part(id)}`, versions.nslcm)).body;
  steerOperation = (id: string, verb: 'retry' | 'rollback' | 'continue' | 'fail') =>
    this.#etsi('POST', `/nslcm/v2/ns_lcm_op_occs/${part(id)}/${verb}`, versions.nslcm);
  cancelOperation = (id: string, mode: 'GRACEFUL' | 'FORCEFUL') =>
    this.#etsi('POST', `/nslcm/v2/ns_lcm_op_occs/${part(id)}/cancel`, versions.nslcm, { body: { cancelMode: mode } });

  /** Hints that something changed; what it is has to be read again. */
  events(signal: AbortSignal, onOpen?: () => void) {
    return this.http.events('/skerry/v1/events', signal, onOpen);
  }

  /** Starts an operation on an NS. @returns the id of its occurrence */
  async #begin(id: string, verb: string, input: object): Promise<string> {
    const path = `/nslcm/v2/ns_instances/${part(id)}/${verb}`;
    return operationIdOf(await this.#etsi('POST', path, versions.nslcm, { body: input }), verb);
  }

  async #list<T>(path: string, version: string): Promise<T[]> {
    const found: T[] = [];
    for (let next: string | undefined = `${path}?all_fields`; next !== undefined; ) {
      const answer: Answer<T[]> = await this.#etsi<T[]>('GET', next, version);
      found.push(...answer.body);
      next = nextPage(answer.headers.link);
    }
    return found;
  }

  #etsi<T>(method: string, path: string, version: string, options: CallOptions = {}): Promise<Answer<T>> {
    return this.http.call<T>(method, path, { ...options, headers: { version, ...options.headers } });
  }

  async #own<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await this.http.call<T>(method, `/skerry/v1/${path}`, body === undefined ? {} : { body })).body;
  }

  #ownList<T>(path: string): Promise<T[]> {
    return this.#own<T[]>('GET', path);
  }
}

/** The controller lists by id, which tells people nothing. */
function byName<T extends { name: string }>(items: T[]): T[] {
  return items.sort((left, right) => left.name.localeCompare(right.name));
}

function operationIdOf({ headers }: Answer<unknown>, what: string): string {
  const operationId = headers.location?.split('/').at(-1);
  if (!operationId) throw new CliError(exitCodes.failed, `the controller named no operation for ${what}`);
  return operationId;
}

function part(id: string): string {
  return encodeURIComponent(id);
}

/** Path and query of `rel="next"` (RFC 8288). */
function nextPage(link: string | string[] | undefined): string | undefined {
  const match = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(link ?? ''));
  if (match?.[1] === undefined) return undefined;
  const url = new URL(match[1], 'https://controller');
  return url.pathname + url.search;
}
