import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import type { CallContext, Connector, DesiredUnit, ObservedUnit } from '#shared/connector/index.ts';
import { type Incarnation, type InfraId, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { digestOf } from '#shared/wire/digest.ts';
import { packChart, webTemplates, webValues } from './charts.ts';
import { hasProgram, nodeSelector, skipWithoutCluster, TestCluster, testImage, until } from './cluster.ts';
import { KubernetesRig, skipWithoutTools } from './e2e/kubernetes-rig.ts';
import { ProxiedSite } from './proxied-site.ts';

/** Who they are, and how often they were made anew: a pod that was restarted or replaced is another one. */
async function identities(cluster: TestCluster, namespace: string): Promise<string[]> {
  const deployments = await cluster.list('apps/v1', 'Deployment', { namespace });
  const pods = await cluster.list('v1', 'Pod', { namespace });
  const restartsOf = ({ status }: KubeObject) =>
    JSON.stringify(status?.['containerStatuses'] ?? []).match(/restartCount":\d+/);
  return [
    ...deployments.map(({ metadata }) => `${metadata.name} ${metadata.uid} generation ${metadata.generation}`),
    ...pods.map((pod) => `${pod.metadata.uid} ${restartsOf(pod)?.[0]}`),
  ].sort();
}

function webDeployment(namespace: string, replicas = 1): JsonObject {
  const labels = { app: 'web' };
  const container = { name: 'web', image: testImage, command: ['sleep', '3600'] };
  const pod = {
    nodeSelector: nodeSelector(),
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 1,
    containers: [container],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
}

function adopting(unit: DesiredUnit, former: DesiredUnit): DesiredUnit {
  const spec = { ...unit.spec, adopts: [id<ObjectKey>('manifests/never'), former.key] };
  return { ...unit, spec, specDigest: digestOf({ kind: unit.kind, spec }) };
}

describe('a unit goes on with what another one has left', { skip: skipWithoutCluster }, () => {
  test('objects and pods stay; what another unit holds is not taken', async (t) => {
    const site = await ProxiedSite.open();
    t.after(() => site.close());
    const { cluster, namespace } = site;
    const objects = (replicas = 1) => [webDeployment(namespace, replicas)];
    const kept = site.manifests(objects());
    await site.converge(kept);
    const before = await identities(cluster, namespace);
    assert.equal(before.length, 2);

    const stranger = site.manifests(objects());
    const refused = await site.converge(stranger);
    assert.match(refused.givenUp?.reason ?? '', new RegExp(`belongs to another unit \\(${kept.key}\\)`));
    await site.removed(stranger);

    await site.restart();
    const next = adopting(site.manifests(objects()), kept);
    await site.converge(next);
    assert.deepEqual(await identities(cluster, namespace), before);
    const keysThere = async () => (await site.connector.observe(site.context(), site.owner)).map(({ key }) => key);
    assert.deepEqual(await keysThere(), [next.key], 'one record, of the new unit');

    // The former one has no hand in it any more, and a third that is told of it finds nothing to take.
    await site.connector.remove(site.context(), kept);
    await assert.rejects(site.connector.ensure(site.context(), kept), { code: 'PlatformRefused' });
    const third = adopting(site.manifests(objects()), kept);
    const late = await site.converge(third);
    assert.match(late.givenUp?.reason ?? '', new RegExp(`belongs to another unit \\(${next.key}\\)`));
    await site.removed(third);
    assert.deepEqual(await identities(cluster, namespace), before);

    await site.restart();
    const spec = { ...next.spec, objects: objects(2) };
    const specDigest = digestOf({ kind: 'manifests', spec });
    await site.converge({ ...next, spec, specDigest, revision: 2, mustExist: true });
    assert.equal((await identities(cluster, namespace)).length, 3, 'one Deployment, two pods');
    await site.removed(next);
    assert.equal(await cluster.get('apps/v1', 'Deployment', { namespace, name: 'web' }), undefined);
    const secrets = await cluster.list('v1', 'Secret', { namespace, labels: `skerry.io/owner=${site.owner}` });
    assert.deepEqual(secrets, []);
  });

  test('of a chart it is the next revision of the release', {
    skip: hasProgram('helm') ? false : 'no helm on PATH',
  }, async (t) => {
    const cluster = await TestCluster.open();
    const namespace = await cluster.makeNamespace('skerry-adopt');
    const connector = await chartConnector(t, cluster);
    t.after(async () => {
      await cluster.removeNamespace(namespace);
      cluster.close();
    });
    const owner = id<OwnerId>(`agent-${systemRandom.hex(4)}`);
    const release = (more: object = {}): DesiredUnit => {
      const chartDigest = `sha256:${'a'.repeat(64)}`;
      const spec = { name: 'hello', namespace, chart: 'web', chartDigest, values: {}, ...more };
      return {
        key: id<ObjectKey>(`helm-release/${systemRandom.uuid()}`),
        kind: 'helm-release',
        incarnation: id<Incarnation>(systemRandom.hex(8)),
        name: systemRandom.uuid(),
        specDigest: digestOf({ kind: 'helm-release', spec }),
        ...{ owner, revision: 1, dependencies: {}, spec },
      };
    };
    const first = release();
    await ready(connector, first);
    const before = await identities(cluster, namespace);
    const second = release({ adopts: [first.key] });
    const { facts } = await ready(connector, second);
    assert.deepEqual(await identities(cluster, namespace), before);
    assert.equal((facts['release'] as { revision: number }).revision, 2);
    const labels = 'owner=helm,name=hello';
    const notes = (await cluster.list('v1', 'Secret', { namespace, labels })).map(({ metadata }) => [
      metadata.name,
      metadata.labels?.['status'],
    ]);
    assert.deepEqual(notes, [
      ['sh.helm.release.v1.hello.v1', 'superseded'],
      ['sh.helm.release.v1.hello.v2', 'deployed'],
    ]);
    await until(async () => {
      await connector.remove(context(), second);
      return (await connector.observe(context(), owner)).length === 0;
    }, 'it is gone');
    assert.deepEqual(await cluster.list('apps/v1', 'Deployment', { namespace }), []);
  });
});

test('a cluster that was deregistered with its workloads, and is registered again, goes on with them', {
  skip: skipWithoutTools,
}, async (t) => {
  const here = await KubernetesRig.start(t, { packages: () => [], sites: { site: { cluster: 'first' } } });
  const { clusters } = here.rig.api;
  const namespace = `adopt-${systemRandom.hex(4)}`;
  const manifests = [webDeployment(namespace)];
  await clusters.createProfile({ name: 'edge' });
  await clusters.addApplication('edge', { name: 'web', manifests, namespace });
  const isReady = (infraId: string) =>
    here.rig.until('the application is ready', async () => {
      const statuses = await clusters.status('edge');
      return statuses.find((status) => status.infraId === infraId && status.state === 'ready');
    });
  const [first] = await clusters.list();
  await clusters.attach(first!.id, 'edge');
  await isReady(first!.id);
  const before = await identities(here.cluster, namespace);
  assert.equal(before.length, 2);

  await clusters.deregister(first!.id, 'keep');
  const { agentId } = here.site('site');
  const settings = { kubeconfig: here.cluster.kubeconfig };
  const again = await here.rig.api.createInfra({ name: 'again', agentId, kind: 'kubernetes', settings });
  await clusters.attach(again.id, 'edge');
  await isReady(again.id);
  assert.deepEqual(await identities(here.cluster, namespace), before);

  // It is the new unit's now: it changes it, and takes it away.
  await clusters.putApplication('edge', 'web', { manifests: [webDeployment(namespace, 2)], namespace });
  await until(async () => (await identities(here.cluster, namespace)).length === 3, 'there are two pods');
  await clusters.detach(again.id, 'edge', false);
  await here.gone('site');
});

async function chartConnector(t: TestContext, cluster: TestCluster): Promise<Connector> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-adopt-'));
  const chart = await packChart(home, { name: 'web', templates: webTemplates, values: webValues() });
  const registry = createConnectorRegistry({
    ...{ home, clock: systemClock, random: systemRandom, log: silentLogger },
    artefacts: { fetch: async () => chart.file },
    kubernetes: { helm: 'helm', kustomize: 'kubectl', path: process.env['PATH'] ?? '', allowsExec: false },
  });
  const settings = { kubeconfig: cluster.kubeconfig };
  const connector = await registry.open({ infraId: id<InfraId>('infra-1'), name: 'lab', kind: 'kubernetes', settings });
  t.after(async () => {
    await connector.close();
    await rm(home, { recursive: true });
  });
  return connector;
}

function context(): CallContext {
  return { signal: AbortSignal.timeout(20_000), clock: systemClock, log: silentLogger };
}

function ready(connector: Connector, unit: DesiredUnit): Promise<ObservedUnit> {
  return until(async () => {
    const made = await connector.ensure(context(), unit);
    return made.phase === 'ready' && made.specDigest === unit.specDigest && made;
  }, `${unit.key} is ready`);
}
