import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import type { TestCluster } from '../cluster.ts';
import { until } from '../cluster.ts';
import { kubectlOf } from '../kubectl.ts';

interface PodStatus {
  podIP?: string;
  phase?: string;
  conditions?: { type: string; status: string }[];
}

const port = 8080;

/** The web server of `webChart`, in the namespace of its NS, seen from outside. */
export class WebService {
  readonly namespace: string;
  readonly #cluster: TestCluster;

  constructor(cluster: TestCluster, namespace: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
  }

  static of(cluster: TestCluster, nsId: string): WebService {
    return new WebService(cluster, namespaceOf(nsId));
  }

  /** Pods that are not on their way out. */
  async pods(): Promise<KubeObject[]> {
    const { namespace } = this;
    const pods = await this.#cluster.list('v1', 'Pod', { namespace, labels: 'app=web' });
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  deployment(): Promise<KubeObject | undefined> {
    return this.#cluster.get('apps/v1', 'Deployment', { namespace: this.namespace, name: 'web' });
  }

  async image(): Promise<string | undefined> {
    const spec = (await this.deployment())?.spec as
      | { template: { spec: { containers: { image: string }[] } } }
      | undefined;
    return spec?.template.spec.containers[0]?.image;
  }

  /** Waits until so many pods are ready and no other is there. */
  ready(count: number, patienceMs = 30_000): Promise<KubeObject[]> {
    return until(
      async () => {
        const pods = await this.pods();
        return pods.length === count && pods.every(isReady) ? pods : undefined;
      },
      `${this.namespace} has ${count} ready pods`,
      patienceMs,
    );
  }

  /** What every pod says to GET /, from its own address. */
  async answers(): Promise<string[]> {
    return Promise.all((await this.pods()).filter(isReady).map((pod) => this.ask(pod)));
  }

  async saysTo(count: number, greeting: string, patienceMs?: number): Promise<void> {
    await this.ready(count, patienceMs);
    assert.deepEqual(await this.answers(), Array(count).fill(greeting));
  }

  /** From the pod's own address; through the API server where pods cannot be reached from here. */
  async ask(pod: KubeObject): Promise<string> {
    const { podIP = '' } = pod.status as PodStatus;
    const host = podIP.includes(':') ? `[${podIP}]` : podIP;
    try {
      const answer = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(3000) });
      return (await answer.text()).trim();
    } catch {
      const path = `/api/v1/namespaces/${this.namespace}/pods/${pod.metadata.name}:${port}/proxy/`;
      return (await kubectlOf(this.#cluster.file, ['get', '--raw', path])).trim();
    }
  }

  /** Asks a pod again and again until it is told to stop, or the test ends; what was said, or why nothing was. */
  keepAsking(test: TestContext, pod: KubeObject): { stop: () => Promise<string[]> } {
    const said = new Set<string>();
    let isAsking = true;
    test.after(() => {
      isAsking = false;
    });
    const asking = (async () => {
      while (isAsking) {
        const answer = await this.ask(pod).catch((error: Error) => `no answer: ${error.message}`);
        said.add(answer);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    return {
      stop: async () => {
        isAsking = false;
        await asking;
        return [...said];
      },
    };
  }
}

/** Where the units of an NS lie that asked for no namespace. */
export function namespaceOf(nsId: string): string {
  return `ns-${nsId.slice(0, 8)}`;
}

export function isReady(pod: KubeObject): boolean {
  const { conditions = [] } = (pod.status ?? {}) as PodStatus;
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
