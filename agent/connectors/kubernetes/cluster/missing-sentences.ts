import type { KubernetesApi } from '../api/kubernetes-api.ts';

/** What the agent must be allowed to do, asked of the cluster itself. */
const wanted: { verb: string; group: string; resource: string; why: string }[] = [
  { verb: 'create', group: '', resource: 'namespaces', why: 'namespaces of services cannot be made' },
  { verb: 'list', group: '', resource: 'secrets', why: 'units cannot be found again' },
  { verb: 'patch', group: '', resource: 'secrets', why: 'units cannot be recorded' },
  { verb: 'patch', group: 'apps', resource: 'deployments', why: 'workloads cannot be applied' },
  { verb: 'patch', group: '', resource: 'services', why: 'services cannot be applied' },
  { verb: 'delete', group: 'apps', resource: 'deployments', why: 'workloads cannot be removed' },
];
const remedy = 'apply deploy/kubernetes/rbac.yaml';

/** Sentences for people, each with its remedy; asked anew at every look at the facts that finds something missing. */
export async function missingSentences(
  api: KubernetesApi,
  found: {
    denied: readonly string[];
    helm: string | undefined;
    features: readonly string[];
    /** Only these are used; absent: the whole cluster. */
    namespaces?: readonly string[];
    signal: AbortSignal;
  },
): Promise<string[]> {
  const { denied, helm, features, namespaces, signal } = found;
  const sentences = denied.map((plural) => `The agent may not list ${plural}: ${remedy}.`);
  // Bound to namespaces, it makes none, and the first of them stands for all.
  const asked = namespaces === undefined ? wanted : wanted.filter(({ resource }) => resource !== 'namespaces');
  const [namespace] = namespaces ?? [];
  const answers = await Promise.all(asked.map((access) => isAllowed(api, { ...access, namespace }, signal)));
  for (const [index, { verb, resource, why }] of asked.entries())
    if (answers[index] === false) sentences.push(`The agent may not ${verb} ${resource}, so ${why}: ${remedy}.`);
  if (helm !== undefined) sentences.push(helm);
  if (!features.includes('multus'))
    sentences.push(
      'There is no Multus: pods join no networks beside the cluster’s own. Install it where VNFs need more.',
    );
  return sentences;
}

async function isAllowed(
  api: KubernetesApi,
  { verb, group, resource, namespace }: (typeof wanted)[number] & { namespace: string | undefined },
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const { body } = await api.request<{ status?: { allowed?: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource, namespace } },
      },
      signal,
    });
    return body.status?.allowed;
  } catch {
    return undefined;
  }
}
