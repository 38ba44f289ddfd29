import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  createApiResources,
  createKubernetesApi,
  type KubernetesApi,
  readKubeconfig,
  resourcePath,
} from '#agent/connectors/kubernetes/api/index.ts';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';

/**
 * Real clusters for tests, named by the environment; nothing here knows where they come from.
 *
 * SKERRY_TEST_KUBECONFIG, SKERRY_TEST_KUBECONFIG_2: administrators of two clusters (the second may be absent).
 * SKERRY_TEST_REGISTRY: `host:port` of an OCI registry over plain HTTP.
 * SKERRY_TEST_IMAGE_ARCHIVE: as `docker save` writes it, an image of the same name as SKERRY_TEST_IMAGE and of other content: what
 * a kubelet has pulled under one name it trusts under no other. Absent: tests of images that travel skip.
 * SKERRY_TEST_IMAGE_LOADER: a command that puts the image of a tar, its last word, onto the nodes; absent: those tests skip.
 * SKERRY_TEST_IMAGE: an image with a shell and `httpd`, that its nodes have or can pull.
 * SKERRY_TEST_NODE_SELECTOR: `label=value` of nodes whose pods really run; empty: all.
 * SKERRY_TEST_AUDIT_LOG: the first cluster's audit log, for counts of calls; absent: those counts are left out.
 * SKERRY_TEST_SPARE_NODES: names of nodes of the second cluster whose Node objects may be deleted and made anew, by commas.
 * SKERRY_TEST_KILL_CONTAINER: a command that kills one, called with namespace, pod and container; absent: none is killed.
 * SKERRY_TEST_CHAOS: a command called with `kill apiserver` and `kill kubelet` (of the first cluster, by SIGKILL) and `revive`,
 * which returns when both work again; absent: those tests skip.
 */
export const kubeconfigFile = process.env['SKERRY_TEST_KUBECONFIG'];
export const secondKubeconfigFile = process.env['SKERRY_TEST_KUBECONFIG_2'];
export const registryAddress = process.env['SKERRY_TEST_REGISTRY']?.replace(/^https?:\/\//, '');
export const registryUrl = registryAddress === undefined ? undefined : `http://${registryAddress}`;
export const imageArchive = process.env['SKERRY_TEST_IMAGE_ARCHIVE'];
export const testImage = process.env['SKERRY_TEST_IMAGE'] ?? 'busybox:1.36';
export const auditLog = process.env['SKERRY_TEST_AUDIT_LOG'];
export const spareNodes = (process.env['SKERRY_TEST_SPARE_NODES'] ?? '').split(',').filter((name) => name !== '');
export const killContainerCommand = process.env['SKERRY_TEST_KILL_CONTAINER'];
export const chaosCommand = process.env['SKERRY_TEST_CHAOS'];

/** Of pods that shall really run. */
export function nodeSelector(): Record<string, string> {
  const text = process.env['SKERRY_TEST_NODE_SELECTOR'] ?? '';
  const [label, value = ''] = text.split('=');
  return label === undefined || label === '' ? {} : { [label]: value };
}

/** Give it to `describe`: a reason, or false. */
export const skipWithoutCluster =
  kubeconfigFile === undefined ? 'no cluster: set SKERRY_TEST_KUBECONFIG to an administrator’s kubeconfig' : false;

export function hasProgram(name: string): boolean {
  return spawnSync(name, ['version'], { stdio: 'ignore' }).error === undefined;
}

/** Direct access, to prepare, disturb and count behind the connector's back. */
export class TestCluster {
  readonly api: KubernetesApi;
  readonly file: string;
  readonly #resources: ReturnType<typeof createApiResources>;

  private constructor(file: string, api: KubernetesApi) {
    this.file = file;
    this.api = api;
    this.#resources = createApiResources({ api, clock: systemClock, log: silentLogger });
  }

  static async open(file = kubeconfigFile): Promise<TestCluster> {
    if (file === undefined) throw new Error('no kubeconfig');
    const endpoint = await readKubeconfig(readFileSync(file, 'utf8'), { allowExec: false });
    if (!endpoint.ok) throw endpoint.error;
    return new TestCluster(
      file,
      createKubernetesApi({ endpoint: endpoint.value, clock: systemClock, log: silentLogger }),
    );
  }

  get kubeconfig(): string {
    return readFileSync(this.file, 'utf8');
  }

  async get(
    apiVersion: string,
    kind: string,
    place: { namespace?: string; name: string },
  ): Promise<KubeObject | undefined> {
    try {
      const { body } = await this.api.request({
        method: 'GET',
        path: await this.#path(apiVersion, kind, place),
        signal: signal(),
      });
      return body;
    } catch (error) {
      if (isSkerryError(error) && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  async list(
    apiVersion: string,
    kind: string,
    where: { namespace?: string; labels?: string } = {},
  ): Promise<KubeObject[]> {
    const path = await this.#path(apiVersion, kind, where);
    const query = { labelSelector: where.labels };
    const { body } = await this.api.request<{ items: KubeObject[] }>({ method: 'GET', path, query, signal: signal() });
    return body.items.map((item) => ({ ...item, apiVersion, kind }));
  }

  async create(object: KubeObject): Promise<KubeObject> {
    const path = await this.#path(object.apiVersion, object.kind, { namespace: object.metadata.namespace });
    return (await this.api.request({ method: 'POST', path, body: object, signal: signal() })).body;
  }

  /** As a person with kubectl would: a merge patch under another field manager. */
  async patch(
    apiVersion: string,
    kind: string,
    place: { namespace?: string; name: string },
    body: unknown,
  ): Promise<KubeObject> {
    const path = await this.#path(apiVersion, kind, place);
    const contentType = 'application/merge-patch+json';
    const query = { fieldManager: 'kubectl-edit' };
    return (await this.api.request({ method: 'PATCH', path, query, body, contentType, signal: signal() })).body;
  }

  async delete(apiVersion: string, kind: string, place: { namespace?: string; name: string }): Promise<void> {
    const path = await this.#path(apiVersion, kind, place);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    await this.api.request({ method: 'DELETE', path, body, signal: signal() }).catch((error) => {
      if (!isSkerryError(error) || error.code !== 'NotFound') throw error;
    });
  }

  /** A namespace of this test's own; removed with everything in it by `removeNamespace`. */
  async makeNamespace(prefix: string): Promise<string> {
    const name = `${prefix}-${systemRandom.hex(4)}`;
    await this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  removeNamespace(name: string): Promise<void> {
    return this.delete('v1', 'Namespace', { name });
  }

  close(): void {
    this.api.close();
  }

  async #path(
    apiVersion: string,
    kind: string,
    place: { namespace?: string | undefined; name?: string },
  ): Promise<string> {
    const resource = await this.#resources.find(apiVersion, kind, signal());
    if (resource === undefined) throw new Error(`the cluster serves no ${kind} of ${apiVersion}`);
    return resourcePath(resource, place.namespace, place.name);
  }
}

function signal(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

/** Waits until something holds; fails with what was seen last. */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  what: string,
  patienceMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`in vain for ${patienceMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
