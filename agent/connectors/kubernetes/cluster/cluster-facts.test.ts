import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { type ClusterPicture, clusterFacts, storageClassFacts } from './cluster-facts.ts';
import { nodeFacts, nodeUsage } from './node-facts.ts';
import { podRequests } from './pod-requests.ts';

const readyCondition = { type: 'Ready', status: 'True' };

function node(name: string, rest: { metadata?: object; spec?: object; status?: object } = {}): KubeObject {
  const allocatable = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...rest.metadata },
    spec: { ...rest.spec },
    status: { allocatable, conditions: [readyCondition], ...rest.status },
  } as KubeObject;
}

function pod(spec: object, phase = 'Running'): KubeObject {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { nodeName: 'n1', ...spec } };
  return { ...object, status: { phase } } as unknown as KubeObject;
}

const asking = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu, memory: '64Mi' } }, ...more });

const empty: ClusterPicture = {
  version: '1.35.4',
  nodes: [],
  requestsByNode: new Map(),
  storageClasses: [],
  networks: [],
  apiVersions: [],
  daemonSetNames: [],
};

test('a node with its zone, troubles and allocatable amounts', () => {
  const labels = { 'failure-domain.beta.kubernetes.io/zone': 'old', 'topology.kubernetes.io/zone': 'z1' };
  const pressure = { type: 'MemoryPressure', status: 'True' };
  const calm = { type: 'DiskPressure', status: 'False' };
  const annotations = { 'flannel.alpha.coreos.com/backend-type': 'vxlan' };
  const facts = nodeFacts(
    node('n1', {
      metadata: { labels, annotations },
      status: { conditions: [readyCondition, pressure, calm], allocatable: { cpu: '1900m', memory: '2048Ki' } },
    }),
  );
  assert.deepEqual(facts, {
    name: 'n1',
    isReady: true,
    isSchedulable: true,
    zone: 'z1',
    conditions: ['MemoryPressure'],
    total: { vcpus: 1.9, memoryMib: 2, storageGib: 0 },
    takesWork: true,
    plugins: ['flannel'],
  });
  const old = { 'failure-domain.beta.kubernetes.io/zone': 'old' };
  assert.equal(nodeFacts(node('n2', { metadata: { labels: old } })).zone, 'old');
});

test('nodes that take no work', () => {
  const takesWork = (rest: Parameters<typeof node>[1]) => nodeFacts(node('n', rest)).takesWork;
  const taint = (key: string, effect: string) => ({ spec: { taints: [{ key, effect }] } });
  assert.equal(takesWork({}), true);
  assert.equal(takesWork({ spec: { unschedulable: true } }), false);
  assert.equal(takesWork({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }), false);
  assert.equal(takesWork(taint('node-role.kubernetes.io/control-plane', 'NoSchedule')), false);
  assert.equal(takesWork(taint('node-role.kubernetes.io/control-plane', 'PreferNoSchedule')), true);
  assert.equal(takesWork(taint('example.org/gpu', 'NoSchedule')), true);
});

test('what a pod holds of its node', () => {
  const cpu = (spec: object, phase?: string) => podRequests(pod(spec, phase))?.vcpus;
  const containers = [asking('250m'), asking('250m')];
  assert.deepEqual(podRequests(pod({ containers })), { node: 'n1', vcpus: 0.5, memoryMib: 128, storageGib: 0 });
  assert.equal(cpu({ containers, initContainers: [asking('400m'), asking('2')] }), 2, 'the largest init container');
  assert.equal(cpu({ containers, initContainers: [asking('400m')] }), 0.5);
  const sidecar = asking('1', { restartPolicy: 'Always' });
  assert.equal(cpu({ containers, initContainers: [sidecar] }), 1.5, 'a sidecar runs beside the containers');
  assert.equal(
    cpu({ containers, initContainers: [sidecar, asking('1500m')] }),
    2.5,
    'and beside later init containers',
  );
  assert.equal(cpu({ containers, initContainers: [asking('1400m'), sidecar] }), 1.5, 'not beside earlier ones');
  assert.equal(cpu({ containers, overhead: { cpu: '100m' } }), 0.6);
  assert.equal(cpu({ containers, resources: { requests: { cpu: '3' } } }), 3, 'the pod states its own sum');
  assert.equal(cpu({ containers }, 'Succeeded'), undefined);
  assert.equal(cpu({ containers }, 'Failed'), undefined);
  assert.equal(cpu({ containers, nodeName: undefined }), undefined);
  assert.equal(cpu({ containers: 'odd', initContainers: [{ resources: 7 }] }), 0);
});

test('capacity counts the nodes that take work, and what is requested on those', () => {
  const nodes = [node('n2'), node('n1'), node('n3', { spec: { unschedulable: true } })].map(nodeFacts);
  const requests = { vcpus: 1.1, memoryMib: 512, storageGib: 0 };
  const usage = nodeUsage({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'NodeMetrics',
    metadata: { name: 'n1' },
    usage: { cpu: '153031415n', memory: '1048576Ki' },
  });
  const report = clusterFacts({
    ...empty,
    nodes,
    requestsByNode: new Map(['n1', 'n2', 'n3'].map((name) => [name, requests])),
    measuredByNode: new Map([[usage.name, usage.measured]]),
  });
  assert.deepEqual(report.capacity.total, { vcpus: 8, memoryMib: 16384, storageGib: 200 });
  assert.deepEqual(report.capacity.used, { vcpus: 2.2, memoryMib: 1024, storageGib: 0 });
  assert.deepEqual(report.measured, { vcpus: 0.153, memoryMib: 1024, storageGib: 0 });
  assert.deepEqual(
    report.cluster.nodes.map(({ name, isSchedulable, used, measured }) => [name, isSchedulable, used.vcpus, measured]),
    [
      ['n1', true, 1.1, usage.measured],
      ['n2', true, 1.1, undefined],
      ['n3', false, 1.1, undefined],
    ],
  );
  assert.ok(!('takesWork' in (report.cluster.nodes[0] ?? {})));
});

test('storage that no node tells of is not known', () => {
  const nodes = [nodeFacts(node('n', { status: { allocatable: { cpu: '1' } } }))];
  assert.ok(!('storageGib' in clusterFacts({ ...empty, nodes }).capacity.total));
  assert.equal(clusterFacts(empty).capacity.total.storageGib, 0);
  assert.equal('measured' in clusterFacts(empty), false);
});

test('features and network plugins by what is served and what runs', () => {
  const features = (apiVersions: string[], daemonSetNames: string[] = []) =>
    clusterFacts({ ...empty, apiVersions, daemonSetNames }).features;
  assert.deepEqual(features(['v1', 'apps/v1', 'apps/v1/Deployment']), ['helm-release', 'manifests', 'network']);
  assert.deepEqual(
    features([
      'monitoring.coreos.com/v1/PodMonitor',
      'kubevirt.io/v1/VirtualMachine',
      'k8s.cni.cncf.io/v1/NetworkAttachmentDefinition',
      'crd.projectcalico.org/v1',
    ]).slice(3),
    ['monitor', 'compute', 'kubevirt', 'calico', 'multus'],
  );
  assert.deepEqual(features(['cilium.io/v2'], ['kindnet', 'cilium']).slice(3), ['cilium', 'kindnet']);
  assert.deepEqual(features(['notcilium.io/v2', 'k8s.cni.cncf.io/v1']).slice(3), []);
});

test('zones, networks, storage classes', () => {
  const zoned = (name: string, zone: string) =>
    nodeFacts(node(name, { metadata: { labels: { 'topology.kubernetes.io/zone': zone } } }));
  const storageClass = (name: string, annotations?: Record<string, string>) =>
    storageClassFacts({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      provisioner: 'p',
      metadata: { name, annotations },
    });
  const report = clusterFacts({
    ...empty,
    nodes: [zoned('a', 'z2'), zoned('b', 'z1'), zoned('c', 'z2')],
    networks: Array.from({ length: 300 }, (_, index) => `n/net${index}`),
    storageClasses: [
      storageClass('slow'),
      storageClass('fast', { 'storageclass.kubernetes.io/is-default-class': 'true' }),
    ],
  });
  assert.deepEqual(report.zones, ['z1', 'z2']);
  assert.equal(report.cluster.networks.length, 200);
  assert.deepEqual(report.cluster.storageClasses, [
    { name: 'fast', provisioner: 'p', isDefault: true },
    { name: 'slow', provisioner: 'p', isDefault: false },
  ]);
});
