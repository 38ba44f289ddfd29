import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import { onSite, scaleVnf, vnfOf } from '../../e2e/service.ts';
import { nodeSelector, testImage, until } from '../cluster.ts';
import { KubernetesRig, skipWithoutTools } from './kubernetes-rig.ts';
import { webPackages, webParams } from './web-packages.ts';
import { WebService } from './web-service.ts';

let rig: KubernetesRig;

test('what belongs to others is never touched', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  rig = await KubernetesRig.start(t, { packages: webPackages, sites: { site: { cluster: 'first' } } });
  await Promise.all([
    t.test('in the same namespace, through a whole life', neighbours),
    t.test('under the very name that a chart wants', collision),
  ]);
  await rig.gone('site');
});

async function neighbours(t: TestContext): Promise<void> {
  const { rig: all } = rig;
  const namespace = await rig.foreignNamespace(t);
  await rig.cluster.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'theirs', namespace },
    data: { a: 'b' },
  });
  await rig.cluster.create(theirDeployment(namespace));
  await until(async () => {
    const theirs = await rig.cluster.get('apps/v1', 'Deployment', { namespace, name: 'theirs' });
    return (theirs?.status as { readyReplicas?: number } | undefined)?.readyReplicas === 1;
  }, 'their pod runs');
  const before = await versions(namespace);

  const id = await all.createNs('web_ns', 'neighbours');
  const request = { ...onSite('site'), ...webParams({ 'k8s-namespace': namespace }) };
  await all.completed(await all.api.instantiateNs(id, request));
  const web = new WebService(rig.cluster, namespace);
  await web.saysTo(1, 'hello');
  await all.completed(await all.api.scaleNs(id, scaleVnf(vnfOf(await all.ns(id), 'web').id, 'load')));
  await all.completed(await rig.act(id, { action: 'upgrade', params: { values: { greeting: 'new' } } }));
  await web.saysTo(2, 'new');
  assert.deepEqual(await versions(namespace), before);
  await all.completed(await all.api.terminateNs(id, {}));
  assert.deepEqual(await versions(namespace), before);
  assert.deepEqual(await rig.owned('site').then((all) => all.filter((line) => line.includes(namespace))), []);
  const { metadata } = (await rig.cluster.get('v1', 'Namespace', { name: namespace }))!;
  assert.equal(metadata.deletionTimestamp, undefined, 'a namespace that we did not make stays');
}

async function collision(t: TestContext): Promise<void> {
  const { rig: all } = rig;
  const namespace = await rig.foreignNamespace(t);
  const service = { selector: { app: 'theirs' }, ports: [{ port: 1234 }] };
  const metadata = { name: 'web', namespace };
  await rig.cluster.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: service } as KubeObject);
  const before = await rig.cluster.get('v1', 'Service', { namespace, name: 'web' });

  const id = await all.createNs('web_ns', 'collision');
  const request = { ...onSite('site'), ...webParams({ 'k8s-namespace': namespace }) };
  const operationId = await all.api.instantiateNs(id, request);
  const failed = await all.reached(operationId, 'FAILED_TEMP');
  assert.match(failed.error?.detail ?? '', new RegExp(`Service ${namespace}/web is there already, and is not ours`));
  await all.api.steerOperation(operationId, 'rollback');
  await all.reached(operationId, 'ROLLED_BACK');
  const after = await rig.cluster.get('v1', 'Service', { namespace, name: 'web' });
  assert.deepEqual(after, before);
  assert.equal(await new WebService(rig.cluster, namespace).deployment(), undefined);
}

/** Of whatever is not ours in a namespace. */
async function versions(namespace: string): Promise<Record<string, string | undefined>> {
  const found = [
    ...(await rig.cluster.list('v1', 'ConfigMap', { namespace })),
    ...(await rig.cluster.list('apps/v1', 'Deployment', { namespace, labels: 'app!=web,!skerry.io/owner' })),
    ...(await rig.cluster.list('apps/v1', 'ReplicaSet', { namespace, labels: '!skerry.io/owner' })),
    ...(await rig.cluster.list('v1', 'Pod', { namespace, labels: '!skerry.io/owner' })),
  ];
  return Object.fromEntries(found.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion]));
}

function theirDeployment(namespace: string): KubeObject {
  const labels = { app: 'theirs' };
  const container = { name: 'theirs', image: testImage, command: ['sleep', '3600'] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'theirs', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: nodeSelector(),
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 1,
          containers: [container],
        },
      },
    },
  };
}
