import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import type { DesiredUnit, MonitorSpec } from '#shared/connector/index.ts';
import { type Incarnation, id, type ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { systemRandom } from '#shared/runtime/index.ts';
import { digestOf } from '#shared/wire/digest.ts';
import { skipWithoutCluster, TestCluster, until } from './cluster.ts';
import { errorOf, ProxiedSite } from './proxied-site.ts';

const definitionKind = ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'] as const;
const monitoring = 'monitoring.coreos.com/v1';

async function definitions(): Promise<KubeObject[]> {
  const text = await readFile(new URL('../fixtures/monitoring-crd.yaml', import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

describe('monitors on a real cluster', { skip: skipWithoutCluster }, () => {
  let cluster: TestCluster;
  let site: ProxiedSite;
  /** Of this test; where there is a Prometheus operator its own stay. */
  const installed: string[] = [];

  before(async () => {
    cluster = await TestCluster.open();
  });
  after(async () => {
    await site?.close();
    for (const name of installed) await cluster.delete(...definitionKind, { name });
    cluster.close();
  });

  function monitor(changes: Partial<MonitorSpec> = {}): DesiredUnit {
    const parts = { name: 'web-metrics', namespace: site.namespace, target: 'service', port: 'http' };
    const spec = { ...parts, selector: { app: 'web' }, ...changes } as unknown as JsonObject;
    return {
      ...site.manifests([]),
      key: id<ObjectKey>(`monitor/${systemRandom.uuid()}`),
      incarnation: id<Incarnation>(systemRandom.hex(8)),
      kind: 'monitor',
      spec,
      specDigest: digestOf({ kind: 'monitor', spec }),
    };
  }

  async function install(): Promise<boolean> {
    const missing: KubeObject[] = [];
    for (const definition of await definitions())
      if ((await cluster.get(...definitionKind, { name: definition.metadata.name })) === undefined)
        missing.push(definition);
    for (const definition of missing) {
      await cluster.create(definition);
      installed.push(definition.metadata.name);
    }
    return missing.length > 0;
  }

  const features = async () => (await site.connector.probe(site.context())).features;
  const present = (kind: string) => cluster.get(monitoring, kind, { namespace: site.namespace, name: 'web-metrics' });

  test('are offered when the Prometheus operator is there, made, mended and removed', async (context) => {
    site = await ProxiedSite.open();
    if (!(await features()).includes('monitor')) {
      const error = await errorOf(site.connector.ensure(site.context(), monitor()));
      assert.match(
        error.message,
        /The Prometheus operator is not installed in this cluster: it serves no ServiceMonitor/,
      );
      assert.ok(await install());
      // It is looked for every ten minutes.
      await site.restart({ speed: 300 });
      await until(async () => (await features()).includes('monitor'), 'the kind is noticed', 10_000);
      cluster.close();
      cluster = await TestCluster.open();
    } else context.diagnostic('the cluster has a Prometheus operator of its own');
    const unit = monitor({ path: '/metrics', intervalS: 15 });
    await site.converge(unit);
    const made = await present('ServiceMonitor');
    assert.equal(made?.metadata.labels?.['skerry.io/owner'], site.owner);
    assert.deepEqual(made?.spec?.['selector'], { matchLabels: { app: 'web' } });
    assert.deepEqual(made?.spec?.['endpoints'], [{ port: 'http', path: '/metrics', interval: '15s' }]);
    const endpoints = [{ port: 'other' }];
    await cluster.patch(
      monitoring,
      'ServiceMonitor',
      { namespace: site.namespace, name: 'web-metrics' },
      { spec: { endpoints } },
    );
    await until(async () => (await site.seen(unit))?.drifted, 'the drift is seen');
    await site.converge(unit);
    assert.equal(JSON.stringify((await present('ServiceMonitor'))?.spec).includes('other'), false);
    await site.removed(unit);
    assert.equal(await present('ServiceMonitor'), undefined);
  });

  test('of pods, where there is no Service', async () => {
    const unit = monitor({ target: 'pod' });
    await site.converge(unit);
    assert.deepEqual((await present('PodMonitor'))?.spec?.['podMetricsEndpoints'], [{ port: 'http' }]);
    await site.removed(unit);
    assert.equal(await present('PodMonitor'), undefined);
  });
});
