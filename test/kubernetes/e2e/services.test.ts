import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { samplesFolder } from '../../e2e/rig.ts';
import { onSite, scaleVnf, vnfOf } from '../../e2e/service.ts';
import type { Site } from '../../e2e/site.ts';
import { secondKubeconfigFile, testImage, until } from '../cluster.ts';
import { kubectlOf } from '../kubectl.ts';
import { helm } from './helm.ts';
import { KubernetesRig, skipWithoutSecond, skipWithoutTools } from './kubernetes-rig.ts';
import { chartFiles, webChart, writeKnf, writeNs } from './packages.ts';
import { plainFolder } from './plain-folder.ts';
import { namespaceOf, WebService } from './web-service.ts';

const dataCidr = '10.78.0.0/24';
let rig: KubernetesRig;

function packages(folder: string): string[] {
  return [
    path.join(samplesFolder, 'router_vnf'),
    writeKnf(folder, { id: 'web_knf', kdu: { name: 'web', 'helm-chart': 'web' }, files: webChart(), scaled: 'web' }),
    writeKnf(folder, { id: 'plain_knf', kdu: { name: 'plain', manifests: 'manifests' }, files: plainFolder('plain') }),
    writeKnf(folder, {
      id: 'kustomized_knf',
      kdu: { name: 'kustomized', manifests: 'manifests' },
      files: plainFolder('kustomized'),
    }),
    writeKnf(folder, {
      id: 'empty_knf',
      kdu: { name: 'empty', 'helm-chart': 'empty' },
      files: chartFiles('empty', {}),
    }),
    writeNs(folder, { id: 'web_ns', profiles: { web: 'web_knf' } }),
    writeNs(folder, { id: 'data_ns', profiles: { web: 'web_knf' }, dataCidr }),
    writeNs(folder, { id: 'two_webs_ns', profiles: { near: 'web_knf', far: 'web_knf' } }),
    writeNs(folder, {
      id: 'hybrid_ns',
      profiles: { web: 'web_knf', router: 'router_vnf' },
      flavours: { router_vnf: 'standard' },
    }),
    writeNs(folder, { id: 'plain_ns', profiles: { plain: 'plain_knf' } }),
    writeNs(folder, { id: 'kustomized_ns', profiles: { kustomized: 'kustomized_knf' } }),
  ];
}

test('services on real clusters', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  rig = await KubernetesRig.start(t, {
    packages,
    sites: {
      near: { cluster: 'first', isSimulated: true },
      ...(secondKubeconfigFile === undefined ? {} : { far: { cluster: 'second' } }),
    },
  });
  await Promise.all([
    t.test('one NS over the real node of one cluster and another cluster', { skip: skipWithoutSecond }, twoClusters),
    t.test('scaled by resource profile, upgraded, rolled back, with its history', changes),
    t.test('a second network of the pods', secondNetwork),
    t.test('containers on the cluster and a machine beside it, by one request', hybrid),
    t.test('plain manifests', () => folderOfManifests('plain')),
    t.test('a Kustomize folder', () => folderOfManifests('kustomized')),
  ]);
  for (const name of rig.rig.sites.keys()) await rig.gone(name);
});

/** Values that go to a cluster whose nodes need not run anything. */
const anywhere = {
  additionalParams: {
    additionalParamsForKdu: [{ kdu_name: 'web', additionalParams: { nodeSelector: null, greeting: 'far' } }],
  },
};

async function twoClusters(): Promise<void> {
  const { rig: all } = rig;
  const id = await all.newNs('two_webs_ns', 'two clusters', {
    placement: { near: { site: 'near' }, far: { site: 'far' } },
    additionalParamsForVnf: [{ vnfProfileId: 'far', ...anywhere }],
  });
  const ns = await all.ns(id);
  assert.equal(ns.nsState, 'INSTANTIATED');
  const near = WebService.of(rig.cluster, id);
  await near.saysTo(1, 'hello');
  await WebService.of(rig.clusterOf('second'), id).ready(1);

  const vnf = vnfOf(ns, 'near');
  assert.equal(vnf._skerry?.siteName, 'near');
  assert.equal(vnf._skerry?.infraName, 'cluster-near');
  const info = vnf.instantiatedVnfInfo as { mcioInfo?: Record<string, unknown>[] };
  const [mcio] = info.mcioInfo ?? [];
  assert.deepEqual(
    [mcio?.['mcioName'], mcio?.['mcioNamespace'], mcio?.['mcioType'], mcio?.['availableInstances']],
    ['web', near.namespace, 'Deployment', 1],
  );
  const kdu = await all.api.kdu(id, 'near', 'web');
  const [service] = kdu.services;
  const real = await rig.cluster.get('v1', 'Service', { namespace: near.namespace, name: 'web' });
  assert.equal(service?.name, 'web');
  assert.deepEqual(service?.addresses, [(real?.spec as { clusterIP?: string } | undefined)?.clusterIP]);
  assert.deepEqual(kdu.addresses['web'], service?.addresses);
  const [pod] = await near.pods();
  assert.deepEqual(
    kdu.pods.map(({ name, ready }) => [name, ready]),
    [[pod?.metadata.name, true]],
  );
  assert.equal(kdu.release?.status, 'deployed');
  for (const which of ['first', 'second'] as const) {
    const [release] = await helm.list(rig.clusterOf(which).file, near.namespace);
    assert.deepEqual([release?.status, release?.chart, release?.revision], ['deployed', 'web-1.0.0', '1']);
  }
  await terminate(id, near);
  await until(
    async () => (await rig.clusterOf('second').get('v1', 'Namespace', { name: near.namespace })) === undefined,
    'the namespace on the second cluster is gone',
  );
}

async function changes(): Promise<void> {
  const { rig: all } = rig;
  const id = await all.newNs('web_ns', 'changes', onSite('near'));
  const web = WebService.of(rig.cluster, id);
  await web.saysTo(1, 'hello');
  const vnf = vnfOf(await all.ns(id), 'web');
  await all.completed(await all.api.scaleNs(id, scaleVnf(vnf.id, 'load', 'OUT', 2)));
  await web.saysTo(3, 'hello');
  await all.completed(await all.api.scaleNs(id, scaleVnf(vnf.id, 'load', 'IN')));
  await web.saysTo(2, 'hello');

  const values = { greeting: 'good-day' };
  await all.completed(await act(id, { action: 'upgrade', params: { values } }));
  await web.saysTo(2, 'good-day');
  await all.completed(await act(id, { action: 'rollback' }));
  await web.saysTo(2, 'hello');
  const kdu = await all.api.kdu(id, 'web', 'web');
  assert.deepEqual(
    kdu.history.map(({ revision, cause }) => [revision, cause]),
    [
      [3, 'rollback'],
      [2, 'upgrade'],
      [1, 'instantiate'],
    ],
  );
  const releases = await helm.history(rig.cluster.file, web.namespace, kdu.release?.name ?? '');
  assert.deepEqual(
    releases.map(({ status }) => status),
    [...Array(releases.length - 1).fill('superseded'), 'deployed'],
  );
  assert.equal(releases.length, 5, 'installed, scaled twice, upgraded, rolled back');
  await terminate(id, web);
}

async function secondNetwork(t: import('node:test').TestContext): Promise<void> {
  const { rig: all } = rig;
  const infra = (await all.api.infras()).find(({ name }) => name === 'cluster-near');
  if (infra?.status?.facts?.cluster?.cni.includes('multus') !== true) return t.skip('the cluster has no Multus');
  const id = await all.newNs('data_ns', 'second network', onSite('near'));
  const web = WebService.of(rig.cluster, id);
  const [pod] = await web.ready(1);
  const status = JSON.parse(pod?.metadata.annotations?.['k8s.v1.cni.cncf.io/network-status'] ?? '[]') as {
    interface?: string;
    ips?: string[];
  }[];
  const second = status.find((one) => one.interface === 'net1');
  assert.match(second?.ips?.[0] ?? '', /^10\.78\.0\.\d+$/);
  const inside = await kubectlOf(rig.cluster.file, [
    ...['exec', '-n', web.namespace, pod?.metadata.name ?? '', '--', 'ip', 'addr', 'show', 'net1'],
  ]);
  assert.ok(inside.includes(second?.ips?.[0] ?? 'no address'), inside);
  await web.saysTo(1, 'hello');
  await terminate(id, web);
}

async function hybrid(): Promise<void> {
  const { rig: all } = rig;
  const site: Site = rig.site('near');
  const id = await all.newNs('hybrid_ns', 'hybrid', onSite('near'));
  const web = WebService.of(rig.cluster, id);
  await web.saysTo(1, 'hello');
  assert.deepEqual(site.effects().kinds(), { network: 1, compute: 1 });
  const ns = await all.ns(id);
  assert.equal(vnfOf(ns, 'router')._skerry?.infraName, 'sim-near');
  assert.equal(vnfOf(ns, 'web')._skerry?.infraName, 'cluster-near');
  const ofThis = (await all.api.operations()).filter((operation) => operation.nsInstanceId === id);
  assert.deepEqual(
    ofThis.map((operation) => operation.lcmOperationType),
    ['INSTANTIATE'],
  );
  await terminate(id, web);
  assert.deepEqual(site.effects().kinds(), {});
  site.effects().assertExact();
}

async function folderOfManifests(name: 'plain' | 'kustomized'): Promise<void> {
  const { rig: all } = rig;
  const id = await all.newNs(`${name}_ns`, name, onSite('near'));
  const web = new WebService(rig.cluster, namespaceOf(id));
  await web.saysTo(1, name);
  const kdu = await all.api.kdu(id, name, name);
  assert.equal(kdu.kind, 'manifests');
  assert.equal(await web.image(), testImage);
  await terminate(id, web);
}

function terminate(id: string, { namespace }: WebService): Promise<void> {
  return rig.terminate(id, namespace);
}

function act(id: string, action: object): Promise<string> {
  return rig.act(id, action);
}
