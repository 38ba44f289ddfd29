import { isSkerryError } from '#shared/errors/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import type { ApiResource } from '../objects/kube-object.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

/** Aggregated discovery (apidiscovery.k8s.io), and the plain lists for servers that do not know it. */
const aggregatedAccept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');
/** Far more than any cluster serves; a server that says more is not believed. */
const maxResources = 20_000;
const versionsAtOnce = 4;

interface Aggregated {
  kind: 'APIGroupDiscoveryList';
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      resources?: { resource: string; responseKind?: { kind?: string }; scope?: string; verbs?: string[] }[];
    }[];
  }[];
}

interface PlainVersions {
  kind: 'APIVersions';
  versions?: string[];
}

interface PlainGroups {
  kind: 'APIGroupList';
  groups?: {
    versions?: { groupVersion: string }[];
    preferredVersion?: { groupVersion: string };
  }[];
}

interface PlainResources {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[];
}

/** All kinds that are served, by group as the server prefers its versions; without subresources. */
export async function discover(api: KubernetesApi, log: Logger, signal: AbortSignal): Promise<ApiResource[]> {
  const parts = await Promise.all(['/api', '/apis'].map((path) => discoverUnder(path, api, log, signal)));
  return parts.flat().slice(0, maxResources);
}

async function discoverUnder(
  path: string,
  api: KubernetesApi,
  log: Logger,
  signal: AbortSignal,
): Promise<ApiResource[]> {
  const { body } = await api.request<Aggregated | PlainVersions | PlainGroups>({
    method: 'GET',
    path,
    accept: aggregatedAccept,
    signal,
  });
  if (body?.kind === 'APIGroupDiscoveryList') return readAggregated(body);
  const apiVersions = body?.kind === 'APIGroupList' ? groupVersions(body) : (body?.versions ?? []);
  const lists: ApiResource[][] = [];
  for (let from = 0; from < apiVersions.length; from += versionsAtOnce)
    lists.push(
      ...(await Promise.all(
        apiVersions
          .slice(from, from + versionsAtOnce)
          .map((apiVersion) => readVersion(path, apiVersion, { api, log, signal })),
      )),
    );
  return lists.flat();
}

function readAggregated({ items = [] }: Aggregated): ApiResource[] {
  return items.flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) => {
      const group = metadata?.name ?? '';
      const apiVersion = group === '' ? version : `${group}/${version}`;
      return listableFirst(resources).flatMap(({ resource: plural, responseKind, scope }) =>
        responseKind?.kind
          ? [{ apiVersion, kind: responseKind.kind, plural, isNamespaced: scope === 'Namespaced' }]
          : [],
      );
    }),
  );
}

function groupVersions({ groups = [] }: PlainGroups): string[] {
  return groups.flatMap(({ versions = [], preferredVersion }) => {
    const preferred = preferredVersion?.groupVersion;
    const others = versions.map(({ groupVersion }) => groupVersion).filter((version) => version !== preferred);
    return preferred === undefined ? others : [preferred, ...others];
  });
}

async function readVersion(
  path: string,
  apiVersion: string,
  { api, log, signal }: { api: KubernetesApi; log: Logger; signal: AbortSignal },
): Promise<ApiResource[]> {
  try {
    const { body } = await api.request<PlainResources>({ method: 'GET', path: `${path}/${apiVersion}`, signal });
    return listableFirst(body?.resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ apiVersion, kind, plural: name, isNamespaced: namespaced }));
  } catch (error) {
    // An extension whose own server is down (metrics, for one) must not hide everything else.
    if (!isSkerryError(error) || error.details['status'] === undefined || error.code === 'PlatformAuth') throw error;
    log.warn({ server: api.server, apiVersion, error }, 'An API version is announced but does not say what it serves.');
    return [];
  }
}

/** Two resources may share a kind; what can be listed is the object itself. */
function listableFirst<T extends { verbs?: string[] }>(resources: readonly T[]): T[] {
  const isListable = ({ verbs }: T) => verbs?.includes('list') === true;
  return [...resources.filter(isListable), ...resources.filter((resource) => !isListable(resource))];
}
