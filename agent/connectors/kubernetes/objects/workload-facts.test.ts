import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubeMetadata, KubeObject } from './kube-object.ts';
import { podFacts, serviceFacts, workloadFacts } from './workload-facts.ts';

function object(type: string, metadata: KubeMetadata, rest: object = {}): KubeObject {
  const at = type.lastIndexOf('/');
  return { apiVersion: type.slice(0, at), kind: type.slice(at + 1), metadata, ...rest };
}

function service(name: string, spec: object = {}, more: object = {}): KubeObject {
  return object('v1/Service', { name, namespace: 'n', ...more }, { spec: { clusterIP: '10.0.0.1', ...spec } });
}

test('a wanted Service is found by the closest match', () => {
  const release = { annotations: { 'meta.helm.sh/release-name': 'r1' } };
  const services = [
    service('web', { clusterIP: '10.0.0.1' }),
    service('r1-api', { clusterIP: '10.0.0.2' }, release),
    service('x-api', { clusterIP: '10.0.0.3' }),
    service('db-r1-primary', { clusterIP: '10.0.0.4' }),
    service('r1-longer-cache', { clusterIP: '10.0.0.5' }),
    service('r1-cache', { clusterIP: '10.0.0.6' }),
  ];
  const names = ['web', 'api', 'db', 'cache', 'mary', 'absent', ''];
  const { addresses } = serviceFacts(
    services,
    names.map((name) => ({ name })),
  );
  assert.deepEqual(addresses, {
    web: ['10.0.0.1'],
    api: ['10.0.0.2'],
    db: ['10.0.0.4'],
    cache: ['10.0.0.6'],
    mary: ['10.0.0.4'],
  });
});

test('addresses of a Service: load balancer, external, cluster', () => {
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }, { hostname: 'lb.example' }] } };
  const spec = {
    type: 'LoadBalancer',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1', 'fd00::1'],
    externalIPs: ['192.0.2.8'],
    ports: [{ port: 80, name: 'http', nodePort: 30080 }, { port: 53, protocol: 'UDP' }, { odd: true }],
  };
  const balanced = { ...service('web', spec), status } as unknown as KubeObject;
  const { addresses, services } = serviceFacts([balanced, service('head', { clusterIP: 'None' })], [{ name: 'web' }]);
  assert.deepEqual(addresses['web'], ['192.0.2.7', 'lb.example', '192.0.2.8', '10.0.0.1', 'fd00::1']);
  assert.deepEqual(services[0], {
    name: 'head',
    namespace: 'n',
    type: 'ClusterIP',
    clusterIps: [],
    externalAddresses: [],
    ports: [],
  });
  assert.deepEqual(services[1]?.ports, [
    { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
    { name: '', port: 53, protocol: 'UDP' },
  ]);
  const alias = service('alias', { type: 'ExternalName', externalName: 'db.example', clusterIP: undefined });
  assert.deepEqual(serviceFacts([alias], [{ name: 'alias' }]).addresses['alias'], ['db.example']);
});

test('names that every object has are no addresses', () => {
  const { addresses } = serviceFacts([service('__proto__')], [{ name: '__proto__' }, { name: 'constructor' }]);
  assert.deepEqual(Object.keys(addresses), ['__proto__']);
});

test('workloads with what they want and have; those that others make are left out', () => {
  const template = { spec: { containers: [{ image: 'a:1' }, { image: 'b:2' }, { image: 'a:1' }] } };
  const owned = {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u', controller: true }],
  };
  const facts = workloadFacts([
    object(
      'apps/v1/StatefulSet',
      { name: 's', namespace: 'n' },
      { spec: { replicas: 2 }, status: { readyReplicas: 1 } },
    ),
    object(
      'apps/v1/Deployment',
      { name: 'd', namespace: 'n' },
      { spec: { template }, status: { availableReplicas: 1 } },
    ),
    object('apps/v1/ReplicaSet', { name: 'd-1', namespace: 'n', ...owned }, {}),
    object('apps/v1/ReplicaSet', { name: 'alone', namespace: 'n' }, { spec: { replicas: 0 } }),
    object(
      'apps/v1/DaemonSet',
      { name: 'a', namespace: 'n' },
      { status: { desiredNumberScheduled: 3, numberAvailable: 2 } },
    ),
    object(
      'batch/v1/Job',
      { name: 'j', namespace: 'n' },
      { spec: { completions: 2 }, status: { succeeded: 1, ready: 1 } },
    ),
    object('v1/ConfigMap', { name: 'c', namespace: 'n' }),
    object('example.org/v1/Deployment', { name: 'foreign', namespace: 'n' }),
  ]);
  assert.deepEqual(
    facts.map(({ kind, name, desired, available }) => [kind, name, desired, available]),
    [
      ['DaemonSet', 'a', 3, 2],
      ['Deployment', 'd', 1, 1],
      ['Job', 'j', 2, 2],
      ['ReplicaSet', 'alone', 0, 0],
      ['StatefulSet', 's', 2, 1],
    ],
  );
  assert.deepEqual(facts[1]?.images, ['a:1', 'b:2']);
});

test('a pod with a second network', () => {
  const networkStatus = JSON.stringify([
    { name: 'cni0', interface: 'eth0', ips: ['10.244.1.2'], default: true },
    { name: 'n/data', interface: 'net1', ips: ['10.64.0.2'], mac: '02:00:00:00:00:01' },
    'odd',
  ]);
  const pod = object(
    'v1/Pod',
    { name: 'p', namespace: 'n', annotations: { 'k8s.v1.cni.cncf.io/network-status': networkStatus } },
    {
      spec: { nodeName: 'real1' },
      status: {
        phase: 'Running',
        podIP: '10.244.1.2',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ restartCount: 2 }, { restartCount: 1 }],
      },
    },
  );
  assert.deepEqual(podFacts([pod]), [
    {
      name: 'p',
      namespace: 'n',
      node: 'real1',
      addresses: ['10.244.1.2'],
      networks: [{ name: 'n/data', interface: 'net1', addresses: ['10.64.0.2'] }],
      isReady: true,
      restarts: 3,
    },
  ]);
  for (const text of ['{', '{}', 'null', '[1]', `[${'1,'.repeat(40_000)}1]`]) {
    pod.metadata.annotations = { 'k8s.v1.cni.cncf.io/network-status': text };
    assert.deepEqual(podFacts([pod])[0]?.networks, [], text.slice(0, 10));
  }
});

test('of many pods, those that are not ready are told', () => {
  const pods = Array.from({ length: 70 }, (_, index) =>
    object('v1/Pod', { name: `p${index}` }, { status: { phase: index === 69 ? 'Failed' : 'Succeeded' } }),
  );
  const facts = podFacts(pods);
  assert.equal(facts.length, 50);
  assert.equal(facts.find((fact) => fact.name === 'p69')?.message, 'the pod has failed');
});
