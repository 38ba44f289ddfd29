import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import { onSite, scaleVnf, vnfOf } from '../../e2e/service.ts';
import { killContainerCommand, secondKubeconfigFile, spareNodes, testImage, until } from '../cluster.ts';
import { kubectlOf } from '../kubectl.ts';
import { KubernetesRig, type SitePlan, skipWithoutTools } from './kubernetes-rig.ts';
import { missingImage, webPackages, webParams } from './web-packages.ts';
import { isReady, WebService } from './web-service.ts';

let rig: KubernetesRig;

test('what somebody breaks is mended by the site', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  const sites: Record<string, SitePlan> = { site: { cluster: 'first' } };
  if (secondKubeconfigFile !== undefined) sites['other'] = { cluster: 'second' };
  rig = await KubernetesRig.start(t, { packages: webPackages, sites });
  // Without its link: nobody asks for any of it.
  await Promise.all([
    t.test('a deleted Deployment, with the link cut', deletedDeployment),
    t.test('a deleted pod and a killed container', deletedPod),
    t.test('a Deployment that another manager changed', editedDeployment),
    t.test('a namespace that somebody deleted', deletedNamespace),
    t.test('a node that vanished', vanishedNode),
  ]);
  for (const name of rig.rig.sites.keys()) await rig.gone(name);
});

async function newWeb(name: string): Promise<{ id: string; web: WebService }> {
  const id = await rig.rig.newNs('web_ns', name, onSite('site'));
  const web = WebService.of(rig.cluster, id);
  await web.saysTo(1, 'hello');
  return { id, web };
}

/** Nothing was asked of the controller, and it knows that all is well again. */
async function end(id: string): Promise<void> {
  const { rig: all } = rig;
  await all.until('the KDU is ready again', async () => {
    const kdu = await all.api.kdu(id, 'web', 'web');
    return kdu.ready && kdu.fresh ? kdu : undefined;
  });
  const types = (await all.api.operations())
    .filter((operation) => operation.nsInstanceId === id)
    .map(({ lcmOperationType }) => lcmOperationType);
  assert.deepEqual(
    types.filter((type) => type !== 'SCALE'),
    ['INSTANTIATE'],
  );
  await rig.terminate(id);
}

async function deletedDeployment(): Promise<void> {
  const { id, web } = await newWeb('deleted deployment');
  const before = await web.deployment();
  rig.site('site').cut();
  await kubectlOf(rig.cluster.file, ['delete', 'deployment', 'web', '-n', web.namespace]);
  const after = await until(() => web.deployment(), 'the Deployment is made again');
  assert.notEqual(after.metadata.uid, before?.metadata.uid);
  await web.saysTo(1, 'hello');
  rig.site('site').restore();
  await end(id);
}

async function deletedPod(): Promise<void> {
  const { id, web } = await newWeb('deleted pod');
  const { uid } = (await web.deployment())?.metadata ?? {};
  const [first] = await web.pods();
  await kubectlOf(rig.cluster.file, ['delete', 'pod', first!.metadata.name, '-n', web.namespace, '--wait=false']);
  const [second] = await web.ready(1);
  assert.notEqual(second?.metadata.uid, first?.metadata.uid);
  await web.saysTo(1, 'hello');
  if (killContainerCommand !== undefined) {
    const killed = spawnSync(`${killContainerCommand} ${web.namespace} ${second!.metadata.name} web`, { shell: true });
    assert.equal(killed.status, 0, killed.stderr.toString());
    await until(async () => restartsOf((await web.pods())[0]) === 1, 'the container is started again');
    await web.saysTo(1, 'hello');
  }
  assert.equal((await web.deployment())?.metadata.uid, uid, 'what was not broken is not made anew');
  await end(id);
}

async function editedDeployment(t: TestContext): Promise<void> {
  const { id, web } = await newWeb('edited');
  const [pod] = await web.pods();
  const asking = web.keepAsking(t, pod!);
  const place = { namespace: web.namespace, name: 'web' };
  const container = { name: 'web', image: missingImage };
  await rig.cluster.patch('apps/v1', 'Deployment', place, {
    spec: { template: { spec: { containers: [container] } } },
  });
  await until(async () => (await web.image()) === testImage, 'the image is what was asked for');
  await web.saysTo(1, 'hello');
  await rig.cluster.patch('apps/v1', 'Deployment', place, { spec: { replicas: 3 } });
  await until(async () => (await web.deployment())?.spec?.['replicas'] === 1, 'so are the replicas');
  await web.saysTo(1, 'hello');
  assert.deepEqual((await asking.stop())[0], 'hello');
  await end(id);
}

async function deletedNamespace(): Promise<void> {
  const { id, web } = await newWeb('deleted namespace');
  const uidOf = async () => (await rig.cluster.get('v1', 'Namespace', { name: web.namespace }))?.metadata.uid;
  const before = await uidOf();
  await kubectlOf(rig.cluster.file, ['delete', 'namespace', web.namespace, '--wait=false']);
  await until(async () => ![before, undefined].includes(await uidOf()), 'the namespace is made anew', 60_000);
  await web.saysTo(1, 'hello');
  await end(id);
}

async function vanishedNode(t: TestContext): Promise<void> {
  if (!rig.rig.sites.has('other')) return t.skip('no second cluster: set SKERRY_TEST_KUBECONFIG_2');
  if (spareNodes.length < 2) return t.skip('SKERRY_TEST_SPARE_NODES names no nodes that may be deleted');
  const { rig: all } = rig;
  const cluster = rig.clusterOf('second');
  const params = webParams({ additionalParams: { nodeSelector: null } });
  const id = await all.newNs('web_ns', 'vanished node', { ...onSite('other'), ...params });
  await all.completed(await all.api.scaleNs(id, scaleVnf(vnfOf(await all.ns(id), 'web').id, 'load', 'OUT', 2)));
  const web = WebService.of(cluster, id);
  const placed = await web.ready(3);
  const nodeOf = (pod: KubeObject) => String(pod.spec?.['nodeName']);
  const name = placed.map(nodeOf).find((node) => spareNodes.includes(node));
  if (name === undefined) return t.skip('no pod went to a node that may be deleted');
  const node = await cluster.get('v1', 'Node', { name });
  await cluster.delete('v1', 'Node', { name });
  try {
    // Kubernetes keeps pods of a node that is gone for a minute.
    await until(
      async () => {
        const pods = (await web.pods()).filter(isReady);
        return pods.length === 3 && pods.every((pod) => nodeOf(pod) !== name);
      },
      'all pods are on other nodes',
      120_000,
    );
    await all.until('the controller knows', async () => {
      const kdu = await all.api.kdu(id, 'web', 'web');
      return kdu.ready && kdu.pods.every((pod) => pod.node !== name && pod.ready) ? kdu : undefined;
    });
  } finally {
    await cluster.create(withoutServerParts(node!));
  }
  await all.completed(await all.api.terminateNs(id, {}));
}

function restartsOf(pod: KubeObject | undefined): number | undefined {
  const status = pod?.status as { containerStatuses?: { restartCount: number }[] } | undefined;
  return status?.containerStatuses?.[0]?.restartCount;
}

function withoutServerParts({ apiVersion, kind, metadata, spec, status }: KubeObject): KubeObject {
  const { name, labels, annotations } = metadata;
  return { apiVersion, kind, metadata: { name, ...{ labels, annotations } }, spec, status } as KubeObject;
}
