import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from './kube-object.ts';
import { annotatePods, ownerLabel, unitLabel, withOwnership } from './own-labels.ts';

const ours = { owner: 'agent', unitName: 'unit' };
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', namespace: 'n', labels: { app: 'a' }, uid: 'x', resourceVersion: '7', managedFields: [] },
  spec: { template: { metadata: { labels: { app: 'a' } }, spec: {} } },
  status: { replicas: 1 },
};

describe('ownership of objects', () => {
  test('the object and its pods carry our labels; what only a server writes is gone; the original stays', () => {
    const owned = withOwnership(deployment, ours);
    const labels = { app: 'a', [ownerLabel]: 'agent', [unitLabel]: 'unit' };
    assert.deepEqual(owned.metadata, { name: 'a', namespace: 'n', labels });
    assert.deepEqual(owned.spec, { template: { metadata: { labels }, spec: {} } });
    assert.equal(owned.status, undefined);
    assert.deepEqual(deployment.metadata.labels, { app: 'a' });
  });

  test('pods of a CronJob are found two levels down', () => {
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c' },
      spec: { jobTemplate: { spec: { template: { spec: {} } } } },
    };
    const text = JSON.stringify(withOwnership(cron, ours).spec);
    assert.match(text, /"template":\{"spec":\{\},"metadata":\{"labels":\{"skerry\.io\/owner":"agent"/);
  });

  test('texts of a Secret become data: the server would own nothing of them', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { a: 'b2xk', b: 'Yg==' },
      stringData: { a: 'new' },
    };
    const owned = withOwnership(secret, ours);
    assert.deepEqual(owned['data'], { a: Buffer.from('new').toString('base64'), b: 'Yg==' });
    assert.equal('stringData' in owned, false);
  });

  test('an annotation that the author gave stays', () => {
    const object = structuredClone(deployment);
    annotatePods(object, 'net', 'x');
    annotatePods(object, 'net', 'y');
    assert.match(JSON.stringify(object.spec), /"annotations":\{"net":"x"\}/);
  });
});
