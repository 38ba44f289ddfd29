import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Rig } from '../../e2e/rig.ts';
import type { Site } from '../../e2e/site.ts';
import { hasProgram, secondKubeconfigFile, skipWithoutCluster, TestCluster, until } from '../cluster.ts';
import { kubectlOf } from '../kubectl.ts';
import { ownedObjects } from './owned-objects.ts';
import { namespaceOf } from './web-service.ts';

/** What an agent of the rig reaches. */
export interface SitePlan {
  cluster?: 'first' | 'second';
  /** Beside the cluster, or instead of it. */
  isSimulated?: boolean;
}

export interface KubernetesRigOptions {
  sites: Record<string, SitePlan>;
  /** Writes packages into the folder and tells theirs. */
  packages: (folder: string) => string[];
}

/** Give it to `test`: a reason, or false. */
export const skipWithoutTools =
  skipWithoutCluster || (['helm', 'kubectl'].every(hasProgram) ? false : 'helm and kubectl are not both on PATH');
export const skipWithoutSecond =
  skipWithoutTools || (secondKubeconfigFile === undefined ? 'no second cluster: set SKERRY_TEST_KUBECONFIG_2' : false);

/** A rig of real processes whose agents work on real clusters. What agents made is removed at the end, and looked for. */
export class KubernetesRig {
  readonly rig: Rig;
  readonly clusters: Partial<Record<'first' | 'second', TestCluster>> = {};
  readonly #plans: Record<string, SitePlan>;

  static async start(test: TestContext, options: KubernetesRigOptions): Promise<KubernetesRig> {
    const folder = mkdtempSync(path.join(tmpdir(), 'skerry-packages-'));
    test.after(() => rmSync(folder, { recursive: true, force: true }));
    const rig = await Rig.start(test, { sites: [], packages: options.packages(folder) });
    const made = new KubernetesRig(rig, options.sites);
    test.after(() => made.#close());
    await made.#addSites();
    return made;
  }

  private constructor(rig: Rig, plans: Record<string, SitePlan>) {
    this.rig = rig;
    this.#plans = plans;
  }

  /** The first cluster, whose pods really run. */
  get cluster(): TestCluster {
    return this.clusterOf('first');
  }

  clusterOf(which: 'first' | 'second'): TestCluster {
    const cluster = this.clusters[which];
    if (cluster === undefined) throw new Error(`the rig has no ${which} cluster`);
    return cluster;
  }

  site(name: string): Site {
    return this.rig.site(name);
  }

  /** Whatever carries the label of the site's agent in its cluster: `kind/name` by namespace. */
  owned(siteName: string): Promise<string[]> {
    const which = this.#plans[siteName]?.cluster ?? 'first';
    return ownedObjects(this.clusterOf(which).file, this.site(siteName).agentId);
  }

  /** Waits until nothing of the site is left in its cluster. */
  async gone(siteName: string, patienceMs = 30_000): Promise<void> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const left = await this.owned(siteName);
      if (left.length === 0) return;
      if (performance.now() > end) assert.deepEqual(left, [], `${siteName} has left something behind`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Upgrade or rollback of the KDU `web`. @returns the id of the operation occurrence */
  act(nsId: string, action: object): Promise<string> {
    return this.rig.api.actOnKdu(nsId, { vnf: 'web', kdu: 'web', ...action });
  }

  /** Ends an NS; its namespace goes with it. */
  async terminate(nsId: string, namespace = namespaceOf(nsId)): Promise<void> {
    const { api } = this.rig;
    await this.rig.completed(await api.terminateNs(nsId, {}));
    assert.equal((await api.ns(nsId)).nsState, 'NOT_INSTANTIATED');
    await this.endOf(namespace);
    await api.deleteNs(nsId);
  }

  /** A namespace of the first cluster that no agent made; goes with the test. */
  async foreignNamespace(test: TestContext): Promise<string> {
    const namespace = await this.cluster.makeNamespace('skerry-test');
    const { file } = this.cluster;
    test.after(() => kubectlOf(file, ['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']));
    return namespace;
  }

  async endOf(namespace: string): Promise<void> {
    const look = async () => (await this.cluster.get('v1', 'Namespace', { name: namespace })) === undefined;
    await until(look, `namespace ${namespace} is gone`);
  }

  async #addSites(): Promise<void> {
    const wanted = new Set(Object.values(this.#plans).flatMap(({ cluster }) => cluster ?? []));
    if (wanted.has('first')) this.clusters.first = await TestCluster.open();
    if (wanted.has('second')) this.clusters.second = await TestCluster.open(secondKubeconfigFile);
    await Promise.all(Object.entries(this.#plans).map(([name, plan]) => this.#addSite(name, plan)));
  }

  async #addSite(name: string, plan: SitePlan): Promise<void> {
    const { rig } = this;
    const site = plan.isSimulated === true ? await rig.addSite(name) : await rig.enrolSite(name);
    if (plan.cluster === undefined) return;
    const settings = { kubeconfig: this.clusterOf(plan.cluster).kubeconfig };
    const { agentId } = site;
    const { id } = await rig.api.createInfra({ name: `cluster-${name}`, agentId, kind: 'kubernetes', settings });
    await rig.until(`${name} reports its cluster`, async () => {
      const found = (await rig.api.infras()).find((one) => one.id === id);
      return found?.status?.facts?.cluster ? found : undefined;
    });
  }

  /** What a failed test has left goes with its namespaces; the agents that would mend it have ended. */
  async #close(): Promise<void> {
    const agents = [...this.rig.sites.values()].map((site) => site.agentId);
    for (const cluster of Object.values(this.clusters)) {
      const labels = `skerry.io/owner in (${agents.join(', ')})`;
      for (const { metadata } of await cluster.list('v1', 'Namespace', { labels }))
        await cluster.removeNamespace(metadata.name);
      cluster.close();
    }
  }
}
