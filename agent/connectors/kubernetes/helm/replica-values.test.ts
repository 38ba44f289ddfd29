import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { mergeValues, replicaValues, setReplicas } from './replica-values.ts';

const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas: 1 },
});

describe('replicas of a chart', () => {
  test('below the resource’s own name, else at the top, else nowhere', () => {
    assert.deepEqual(replicaValues({ web: { replicaCount: 1 } }, { web: 3 }), { web: { replicaCount: 3 } });
    assert.deepEqual(replicaValues({ replicas: 1, web: {} }, { web: 3 }), { replicas: 3 });
    assert.deepEqual(replicaValues({ replicaCount: 1 }, { web: 3, db: 2 }), {});
    assert.deepEqual(replicaValues({}, { web: 3 }), {});
  });

  test('the workload of that name, of a name that ends with it, or the only one', () => {
    const objects = [deployment('rel-web'), deployment('rel-db')];
    setReplicas(objects, { web: 4, 'rel-db': 2, unknown: 9 });
    assert.deepEqual(
      objects.map(({ spec }) => spec?.['replicas']),
      [4, 2],
    );
    const only = [deployment('anything')];
    setReplicas(only, { web: 5 });
    assert.equal(only[0]?.spec?.['replicas'], 5);
  });

  test('values over values', () => {
    assert.deepEqual(mergeValues({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 3 }, d: [2], e: null }), {
      a: { b: 3, c: 2 },
      d: [2],
      e: null,
    });
  });
});
