import type { Clock } from '#shared/runtime/index.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';

interface Access {
  verb: string;
  group: string;
  resource: string;
  why: string;
}

/** What the agent must be allowed to do, asked of the cluster itself. */
const wanted: readonly Access[] = [
  { verb: 'create', group: '', resource: 'namespaces', why: 'namespaces of services cannot be made' },
  { verb: 'list', group: '', resource: 'secrets', why: 'units cannot be found again' },
  { verb: 'patch', group: '', resource: 'secrets', why: 'units cannot be recorded' },
  { verb: 'patch', group: 'apps', resource: 'deployments', why: 'workloads cannot be applied' },
  { verb: 'patch', group: '', resource: 'services', why: 'services cannot be applied' },
  { verb: 'delete', group: 'apps', resource: 'deployments', why: 'workloads cannot be removed' },
];
const remedy = 'apply deploy/kubernetes/rbac.yaml';

/** What is allowed is asked for again after this; what is not, at every look. */
const trustMs = 3_600_000;

/** Sentences for people about what the agent needs and does not find, each with its remedy. */
export class MissingSentences {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  /** Until when an access counts as allowed (monotonic). */
  readonly #trusted = new Map<Access, number>();

  constructor({ api, clock }: { api: KubernetesApi; clock: Clock }) {
    this.#api = api;
    this.#clock = clock;
  }

  async of(found: {
    denied: readonly string[];
    helm: string | undefined;
    features: readonly string[];
    /** Only these are used; absent: the whole cluster. */
    namespaces?: readonly string[];
    signal: AbortSignal;
  }): Promise<string[]> {
    const { denied, helm, features, namespaces, signal } = found;
    const sentences = denied.map((plural) => `The agent may not list ${plural}: ${remedy}.`);
    // Bound to namespaces, it makes none, and the first of them stands for all.
    const asked = namespaces === undefined ? wanted : wanted.filter(({ resource }) => resource !== 'namespaces');
    const [namespace] = namespaces ?? [];
    const answers = await Promise.all(asked.map((access) => this.#isAllowed(access, namespace, signal)));
    for (const [index, { verb, resource, why }] of asked.entries())
      if (answers[index] === false) sentences.push(`The agent may not ${verb} ${resource}, so ${why}: ${remedy}.`);
    if (helm !== undefined) sentences.push(helm);
    if (!features.includes('multus'))
      sentences.push(
        'There is no Multus: pods join no networks beside the cluster’s own. Install it where VNFs need more.',
      );
    return sentences;
  }

  /** undefined: the cluster does not say. */
  async #isAllowed(access: Access, namespace: string | undefined, signal: AbortSignal): Promise<boolean | undefined> {
    const nowMs = this.#clock.mono();
    if ((this.#trusted.get(access) ?? nowMs) > nowMs) return true;
    const { verb, group, resource } = access;
    try {
      const { body } = await this.#api.request<{ status?: { allowed?: boolean } }>({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, namespace } },
        },
        signal,
      });
      if (body.status?.allowed === true) this.#trusted.set(access, nowMs + trustMs);
      return body.status?.allowed;
    } catch {
      return undefined;
    }
  }
}
