import assert from 'node:assert/strict';
import test from 'node:test';
import { monitorObject } from './monitor-objects.ts';

const spec = { name: 'm', namespace: 'n', selector: { app: 'web' }, port: 'http' };

test('a workload is scraped by its Services or by its pods', () => {
  const shared = { selector: { matchLabels: { app: 'web' } }, namespaceSelector: { matchNames: ['n'] } };
  assert.deepEqual(monitorObject({ ...spec, target: 'service', path: '/metrics', intervalS: 30 }), {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'm', namespace: 'n' },
    spec: { ...shared, endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }] },
  });
  const pods = monitorObject({ ...spec, target: 'pod', intervalS: 0.2 });
  assert.equal(pods.kind, 'PodMonitor');
  assert.deepEqual(pods.spec, { ...shared, podMetricsEndpoints: [{ port: 'http', interval: '1s' }] });
});
