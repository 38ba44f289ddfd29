import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { judgeReadiness } from './judge-readiness.ts';
import type { KubeObject } from './kube-object.ts';

interface Sketch {
  metadata?: Record<string, unknown>;
  spec?: unknown;
  status?: unknown;
}

function judged(type: string, sketch: Sketch): string {
  const at = type.lastIndexOf('/');
  const { state, message = '' } = judgeReadiness({
    apiVersion: type.slice(0, at),
    kind: type.slice(at + 1),
    spec: sketch.spec,
    status: sketch.status,
    metadata: { name: 'x', ...sketch.metadata },
  } as KubeObject);
  return message === '' ? state : `${state}: ${message}`;
}

const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more });
const generation = { generation: 2 };

test('a Deployment is ready when every replica is new and available, and no old one is left', () => {
  const whole = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
  const of = (status: object, spec: object = { replicas: 3 }) =>
    judged('apps/v1/Deployment', { metadata: generation, spec, status: { ...whole, ...status } });
  assert.equal(of({}), 'ready');
  assert.match(of({ observedGeneration: 1 }), /^pending: the newest spec/);
  assert.match(of({ updatedReplicas: 1 }), /^pending: 1 of 3 replicas updated/);
  assert.match(of({ replicas: 4 }), /^pending: 1 old replicas/);
  assert.match(of({ availableReplicas: undefined }), /^pending: 0 of 3 replicas available/);
  assert.equal(of({ updatedReplicas: 0, replicas: 0, availableReplicas: 0 }, { replicas: 0 }), 'ready');
  assert.match(of({ replicas: 0, updatedReplicas: 0 }, {}), /0 of 1 replicas updated/, 'one replica by default');
  assert.equal(of({ updatedReplicas: 0 }, { paused: true }), 'ready: paused');
  assert.match(judged('apps/v1/Deployment', { metadata: generation }), /^pending/, 'nobody has looked at it yet');
});

test('a Deployment past its own deadline stays pending and says why', () => {
  const late = condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'timed out' });
  const status = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, conditions: [late] };
  assert.equal(
    judged('apps/v1/Deployment', { metadata: generation, status }),
    'pending: 0 of 1 replicas available; ProgressDeadlineExceeded: timed out',
  );
  const quota = condition('ReplicaFailure', 'True', { reason: 'FailedCreate', message: 'exceeded quota' });
  const refused = { observedGeneration: 2, conditions: [late, quota] };
  assert.match(judged('apps/v1/Deployment', { metadata: generation, status: refused }), /exceeded quota$/);
});

test('a StatefulSet looks at revisions unless a partition or OnDelete holds them back', () => {
  const whole = { observedGeneration: 2, replicas: 3, availableReplicas: 3, currentRevision: 'a', updateRevision: 'a' };
  const of = (status: object, updateStrategy?: object) =>
    judged('apps/v1/StatefulSet', {
      metadata: generation,
      spec: { replicas: 3, updateStrategy },
      status: { ...whole, ...status },
    });
  const partition = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
  assert.equal(of({}), 'ready');
  assert.match(of({ replicas: 2 }), /2 of 3 replicas made/);
  assert.match(of({ availableReplicas: 2 }), /2 of 3 replicas available/);
  assert.match(of({ replicas: 4 }), /1 replicas too many/);
  assert.match(of({ updateRevision: 'b', updatedReplicas: 2 }), /2 of 3 replicas updated/);
  assert.match(of({ updateRevision: 'b', updatedReplicas: 3 }), /^pending: the newest revision/);
  assert.match(of({ updateRevision: 'b', updatedReplicas: 0 }, partition), /0 of 1 replicas updated/);
  assert.equal(of({ updateRevision: 'b', updatedReplicas: 1 }, partition), 'ready');
  assert.equal(of({ updateRevision: 'b' }, { type: 'OnDelete' }), 'ready');
  assert.match(
    of({ availableReplicas: undefined, readyReplicas: 1 }),
    /1 of 3/,
    'an old server counts ready ones only',
  );
});

test('a DaemonSet covers every node that it is meant for', () => {
  const whole = { observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2 };
  const of = (status: object, updateStrategy?: object) =>
    judged('apps/v1/DaemonSet', {
      metadata: generation,
      spec: { updateStrategy },
      status: { ...whole, updatedNumberScheduled: 2, numberAvailable: 2, ...status },
    });
  assert.equal(of({}), 'ready');
  assert.match(of({ currentNumberScheduled: 1 }), /^pending: pods on 1 of 2/);
  assert.match(of({ updatedNumberScheduled: 1 }), /updated on 1 of 2/);
  assert.equal(of({ updatedNumberScheduled: 1 }, { type: 'OnDelete' }), 'ready');
  assert.match(of({ numberAvailable: undefined }), /available on 0 of 2/);
  assert.match(of({ observedGeneration: undefined }), /^pending/);
});

test('ReplicaSets and ReplicationControllers count their replicas', () => {
  for (const type of ['apps/v1/ReplicaSet', 'v1/ReplicationController']) {
    const of = (status: object) => judged(type, { metadata: generation, spec: { replicas: 2 }, status });
    assert.equal(of({ observedGeneration: 2, replicas: 2, availableReplicas: 2 }), 'ready');
    assert.match(of({ observedGeneration: 2, replicas: 3, availableReplicas: 2 }), /1 replicas too many/);
    assert.match(of({ observedGeneration: 2, replicas: 2 }), /0 of 2 replicas available/);
  }
});

test('a pod says what its containers wait for', () => {
  const of = (status: object) => judged('v1/Pod', { status });
  const waiting = (reason: string, more: object = {}) => ({
    phase: 'Pending',
    conditions: [condition('Ready', 'False', { reason: 'ContainersNotReady' })],
    containerStatuses: [{ name: 'app', state: { waiting: { reason, ...more } } }],
  });
  assert.equal(of({ phase: 'Running', conditions: [condition('Ready', 'True')] }), 'ready');
  assert.equal(of({ phase: 'Succeeded' }), 'ready');
  assert.match(of({ phase: 'Running', conditions: [condition('Ready', 'False')] }), /^pending/);
  assert.equal(of({}), 'pending: the pod is new, not ready');
  assert.equal(of({ phase: 'Failed', reason: 'Evicted', message: 'disk' }), 'failed: Evicted: disk');
  assert.equal(
    of(waiting('ImagePullBackOff', { message: 'Back-off pulling image "a:1"' })),
    'pending: container app: ImagePullBackOff, Back-off pulling image "a:1"',
  );
  assert.match(of(waiting('CreateContainerConfigError', { message: 'secret "s" not found' })), /secret "s" not found$/);
  assert.match(of(waiting('ContainerCreating')), /ContainersNotReady/);
  const crashed = { name: 'app', state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } } };
  const ended = { lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
  assert.equal(
    of({ phase: 'Running', containerStatuses: [{ ...crashed, ...ended }] }),
    'pending: container app: CrashLoopBackOff, ended with 137 (OOMKilled)',
  );
  assert.equal(
    of({ phase: 'Failed', containerStatuses: [{ name: 'app', state: { terminated: { exitCode: 3 } } }] }),
    'failed: container app ended with 3',
  );
  const homeless = condition('PodScheduled', 'False', { reason: 'Unschedulable', message: '0/3 nodes are available' });
  assert.equal(of({ phase: 'Pending', conditions: [homeless] }), 'pending: Unschedulable: 0/3 nodes are available');
});

test('a Job is ready when it is complete or suspended', () => {
  const of = (status: object, spec: object = {}) => judged('batch/v1/Job', { spec, status });
  assert.equal(of({ conditions: [condition('Complete', 'True')] }), 'ready');
  assert.equal(
    of({ conditions: [condition('Failed', 'True', { reason: 'BackoffLimitExceeded' })] }),
    'failed: BackoffLimitExceeded',
  );
  assert.equal(of({}, { suspend: true }), 'ready: suspended');
  assert.equal(of({ succeeded: 1, failed: 2 }, { completions: 3 }), 'pending: 1 of 3 completions, 2 tries failed');
  assert.equal(judged('batch/v1/CronJob', {}), 'ready');
});

test('only a load balancer makes a Service wait', () => {
  const of = (spec: object, status?: object) => judged('v1/Service', { spec, status });
  assert.equal(of({ type: 'ClusterIP' }), 'ready');
  assert.equal(of({ type: 'ExternalName', externalName: 'a.example' }), 'ready');
  assert.match(of({ type: 'LoadBalancer' }, { loadBalancer: {} }), /^pending/);
  assert.equal(of({ type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }), 'ready');
  assert.equal(of({ type: 'LoadBalancer', externalIPs: ['192.0.2.1'] }), 'ready');
});

test('a volume claim is pending only once something is made for it', () => {
  const of = (phase: string, annotations: object = {}, spec: object = {}) =>
    judged('v1/PersistentVolumeClaim', { metadata: { annotations }, spec, status: { phase } });
  assert.equal(of('Bound'), 'ready');
  assert.match(of('Lost'), /^failed/);
  assert.match(of('Pending'), /^ready: waits for the first pod/);
  assert.match(of('Pending', { 'volume.kubernetes.io/selected-node': 'n1' }), /^pending/);
  assert.match(of('Pending', { 'volume.kubernetes.io/storage-provisioner': 'p' }), /^pending/);
  assert.match(of('Pending', {}, { volumeName: 'v' }), /^pending/);
});

test("the API's own extensions", () => {
  const crd = (...conditions: object[]) =>
    judged('apiextensions.k8s.io/v1/CustomResourceDefinition', { status: { conditions } });
  assert.equal(crd(condition('NamesAccepted', 'True'), condition('Established', 'True')), 'ready');
  assert.match(crd(condition('NamesAccepted', 'True')), /^pending/);
  assert.match(crd(condition('NamesAccepted', 'False', { reason: 'PluralConflict' })), /^failed: PluralConflict/);
  const service = (...conditions: object[]) =>
    judged('apiregistration.k8s.io/v1/APIService', { status: { conditions } });
  assert.equal(service(condition('Available', 'True')), 'ready');
  assert.match(service(condition('Available', 'False', { reason: 'MissingEndpoints' })), /^pending: MissingEndpoints/);
  assert.match(service(), /^pending/);
  assert.equal(judged('v1/Namespace', { status: { phase: 'Active' } }), 'ready');
  assert.match(judged('v1/Namespace', { status: { phase: 'Terminating' } }), /^pending/);
});

test('other kinds are ready unless the conventions of their status say otherwise', () => {
  const of = (status?: object) => judged('example.org/v1/Widget', { metadata: generation, status });
  assert.equal(of(), 'ready');
  assert.equal(of({ phase: 'Odd' }), 'ready');
  assert.match(of({ observedGeneration: 1 }), /^pending/);
  assert.match(of({ conditions: [condition('Ready', 'False', { message: 'no key' })] }), /^pending: no key/);
  assert.match(of({ conditions: [condition('Available', 'False')] }), /^pending: not available/);
  assert.equal(of({ conditions: [condition('Ready', 'Unknown')] }), 'ready');
  assert.match(of({ conditions: [condition('Stalled', 'True', { reason: 'BadSpec' })] }), /^failed: BadSpec/);
  assert.match(of({ conditions: [condition('Reconciling', 'True')] }), /^pending/);
  assert.match(
    judged('serving.knative.dev/v1/Service', { status: { conditions: [condition('Ready', 'False')] } }),
    /^pending/,
    'a rule is for its API group only',
  );
  assert.equal(judged('v1/ConfigMap', {}), 'ready');
  assert.equal(judged('autoscaling/v2/HorizontalPodAutoscaler', { status: { currentReplicas: 1 } }), 'ready');
  assert.match(
    judged('policy/v1/PodDisruptionBudget', { metadata: generation, status: { observedGeneration: 1 } }),
    /^pending/,
  );
});

test('what is being deleted is not ready', () => {
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.match(judged('v1/ConfigMap', { metadata }), /^pending: it is being deleted/);
});

test('no object makes it throw, and whatever is not ready has a short message', () => {
  const types = fc.constantFrom(
    ...[
      'apps/v1/Deployment',
      'apps/v1/StatefulSet',
      'apps/v1/DaemonSet',
      'apps/v1/ReplicaSet',
      'v1/Pod',
      'batch/v1/Job',
    ],
    ...['v1/Service', 'v1/PersistentVolumeClaim', 'v1/Namespace', 'apiextensions.k8s.io/v1/CustomResourceDefinition'],
    ...['apiregistration.k8s.io/v1/APIService', 'example.org/v1/Widget'],
  );
  const names = fc.constantFrom(
    ...[
      'conditions',
      'observedGeneration',
      'replicas',
      'containerStatuses',
      'initContainerStatuses',
      'state',
      'waiting',
    ],
    ...['reason', 'message', 'type', 'status', 'phase', 'loadBalancer', 'ingress', 'updateStrategy', 'rollingUpdate'],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(types, tree, tree, tree, (type, metadata, spec, status) => {
      const at = type.lastIndexOf('/');
      const object = { apiVersion: type.slice(0, at), kind: type.slice(at + 1), metadata, spec, status };
      const { state, message } = judgeReadiness(object as unknown as KubeObject);
      assert.ok(['ready', 'pending', 'failed'].includes(state));
      assert.ok(state === 'ready' || (message !== undefined && message !== '' && message.length <= 500));
    }),
    { numRuns: 500 },
  );
});
