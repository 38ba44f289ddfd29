import type { ApiResource } from '../objects/kube-object.ts';

/** Which kinds a cluster serves, read by aggregated discovery and kept until told otherwise. */
export interface ApiResources {
  /** undefined: not served. A kind that is not known is looked for once more when the last look is older than 2 s. */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<ApiResource | undefined>;
  /** Preferred version of a kind whatever its version: `find('monitoring.coreos.com', 'ServiceMonitor')` by group. */
  findByGroup(group: string, kind: string, signal: AbortSignal): Promise<ApiResource | undefined>;
  /** What Helm calls API versions: `apps/v1`, `apps/v1/Deployment`, …; as they were at most ten minutes ago. */
  versions(signal: AbortSignal): Promise<string[]>;
  /** Kubernetes version without `v`: `1.35.4`. */
  serverVersion(signal: AbortSignal): Promise<string>;
  /** New kinds may be there now (a CRD was made). */
  forget(): void;
}

/** `/api/v1/namespaces/x/pods/y`, `/apis/apps/v1/…`; without a name the collection; without a namespace the cluster's. */
export function resourcePath(resource: ApiResource, namespace?: string, name?: string): string {
  const { apiVersion, plural, isNamespaced } = resource;
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${base}${place}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
