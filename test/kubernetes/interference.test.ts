import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { DesiredUnit } from '#shared/connector/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { systemRandom } from '#shared/runtime/index.ts';
import { skipWithoutCluster, until } from './cluster.ts';
import { configMaps, errorOf, ProxiedSite } from './proxied-site.ts';

let site: ProxiedSite;

describe('a cluster that others use too', { skip: skipWithoutCluster }, () => {
  beforeEach(async () => {
    site = await ProxiedSite.open();
  });
  afterEach(() => site.close());

  describe('somebody else', () => {
    test('edits, relabels and deletes objects: all of it is mended', async () => {
      const unit = site.manifests(configMaps('mine', 4));
      await site.converge(unit);
      const at = (name: string) => ({ namespace: site.namespace, name });
      await site.cluster.patch('v1', 'ConfigMap', at('mine-0'), { data: { greeting: 'edited' } });
      await site.cluster.patch('v1', 'ConfigMap', at('mine-1'), { data: null });
      await site.cluster.patch('v1', 'ConfigMap', at('mine-2'), {
        metadata: { labels: { 'skerry.io/unit': null, 'skerry.io/owner': null } },
      });
      await site.cluster.delete('v1', 'ConfigMap', at('mine-3'));
      await until(async () => (await site.seen(unit))?.drifted, 'drift is seen', 2000);
      await site.converge(unit);
      await site.assertConfigMaps(4, 'hello');
    });

    test('deletes the record: the unit is taken up again, nothing is made twice', async () => {
      const unit = site.manifests(configMaps('mine', 3));
      await site.converge(unit);
      const before = await site.cluster.get('v1', 'ConfigMap', { namespace: site.namespace, name: 'mine-0' });
      await site.cluster.delete('v1', 'Secret', { namespace: site.namespace, name: `skerry.${unit.name}` });
      await until(async () => (await site.seen(unit)) === undefined, 'seen to have no record', 2000);
      await site.converge(unit);
      const after = await site.cluster.get('v1', 'ConfigMap', { namespace: site.namespace, name: 'mine-0' });
      assert.equal(after?.metadata.uid, before?.metadata.uid);
      await site.removed(unit);
      await site.assertConfigMaps(0, '');
    });

    test('scribbles over the record: the unit is taken up again', async () => {
      const unit = site.manifests(configMaps('mine', 3));
      await site.converge(unit);
      const place = { namespace: site.namespace, name: `skerry.${unit.name}` };
      await site.cluster.patch('v1', 'Secret', place, { data: { record: Buffer.from('scribble').toString('base64') } });
      await until(async () => (await site.seen(unit)) === undefined, 'seen to have no record', 2000);
      await site.converge(unit);
      await site.assertConfigMaps(3, 'hello');
      await site.removed(unit);
      await site.assertConfigMaps(0, '');
    });

    test('has an object of that name: it is not touched', async () => {
      const [foreign] = configMaps('mine', 1, 'foreign');
      const metadata = { name: 'mine-0', namespace: site.namespace };
      await site.cluster.create({ ...foreign, metadata } as never);
      const unit = site.manifests(configMaps('mine', 3));
      const found = await site.converge(unit);
      assert.match(found.givenUp?.reason ?? '', /mine-0 is there already, and is not ours/);
      await site.removed(unit);
      const still = await site.cluster.get('v1', 'ConfigMap', metadata);
      assert.deepEqual(still?.['data'], { greeting: 'foreign' });
    });

    test('removes the namespace: it is made anew with all that was in it', async () => {
      const namespace = `${site.namespace}-x`;
      const unit = site.manifests(configMaps('mine', 3), { namespace });
      await site.converge(unit);
      await site.cluster.removeNamespace(namespace);
      await until(async () => (await site.seen(unit)) === undefined, 'gone with its namespace', 20_000);
      await site.converge(unit);
      const found = await site.cluster.list('v1', 'ConfigMap', { namespace, labels: `skerry.io/owner=${site.owner}` });
      assert.equal(found.length, 3);
      await site.removed(unit);
      await until(
        async () => (await site.cluster.get('v1', 'Namespace', { name: namespace })) === undefined,
        'namespace gone',
        20_000,
      );
    });
  });

  describe('a namespace that is stuck in its deletion', () => {
    const finalizers = (list: string[] | null) => ({ metadata: { finalizers: list } });

    test('a unit for it waits with a clear message, and is made when it is free', async () => {
      const namespace = `${site.namespace}-stuck`;
      const place = { namespace, name: 'holder' };
      await site.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await site.cluster.create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...place, finalizers: ['example.com/hold'] },
      });
      await site.cluster.removeNamespace(namespace);
      const unit = site.manifests(configMaps('stuck', 2), { namespace });
      const error = await errorOf(site.connector.ensure(site.context(), unit));
      assert.equal(error.code, 'PlatformUnavailable');
      assert.match(error.message, new RegExp(`Namespace ${namespace} is being deleted`));
      assert.match(error.remedy ?? '', /finalizers/);
      await site.cluster.patch('v1', 'ConfigMap', place, finalizers(null));
      await site.converge(unit);
      await site.removed(unit);
    });

    test('a unit in it is removed as far as it goes, says what it waits for, and is gone when it is free', async () => {
      const namespace = `${site.namespace}-stuck`;
      const unit = site.manifests(configMaps('stuck', 3), { namespace });
      await site.converge(unit);
      const place = { namespace, name: 'stuck-1' };
      await site.cluster.patch('v1', 'ConfigMap', place, finalizers(['example.com/hold']));
      await site.cluster.removeNamespace(namespace);
      await site.connector.remove(site.context(), unit);
      await until(
        async () => {
          const found = await site.seen(unit);
          return found === undefined || /ConfigMap .*stuck-1/.test(found.message ?? '');
        },
        'says what it waits for',
        5000,
      );
      await site.cluster.patch('v1', 'ConfigMap', place, finalizers(null));
      await site.removed(unit);
      await until(
        async () => (await site.cluster.get('v1', 'Namespace', { name: namespace })) === undefined,
        'namespace gone',
        20_000,
      );
    });
  });

  describe('a kind that may not be read', () => {
    const message =
      'clusterroles.rbac.authorization.k8s.io is forbidden: User "agent" cannot list resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope';
    const clusterRole = (name: string): JsonObject => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [],
    });

    test('concerns only the units that need it', async () => {
      const name = `skerry-faults-${systemRandom.hex(4)}`;
      const needy = site.manifests([clusterRole(name), ...configMaps('needy', 1)]);
      const plain = site.manifests(configMaps('plain', 2));
      const isHealed = site.proxy.fail({
        fault: { kind: 'answer', status: 403, message, reason: 'Forbidden' },
        match: (call) => call.path.includes('/clusterroles') && call.method === 'GET',
      });
      const error = await errorOf(site.connector.ensure(site.context(), needy));
      assert.equal(error.code, 'PlatformAuth');
      assert.match(error.message, /clusterroles/);
      await site.converge(plain);
      isHealed();
      await site.converge(needy);
      await site.restart();
      site.proxy.fail({
        fault: { kind: 'answer', status: 403, message, reason: 'Forbidden' },
        match: (call) => call.path.includes('/clusterroles') && call.method === 'GET',
      });
      site.proxy.dropWatches();
      assert.equal((await site.seen(plain))?.phase, 'ready');
      assert.match((await site.seen(needy))?.message ?? '', /clusterroles/);
      site.proxy.heal();
      await site.converge(needy);
      await site.removed(needy);
      await until(
        async () => (await site.cluster.get('rbac.authorization.k8s.io/v1', 'ClusterRole', { name })) === undefined,
        'role gone',
      );
    });
  });

  describe('a kind that is taken away', () => {
    const group = `faults-${systemRandom.hex(4)}.example.com`;
    const crd = `widgets.${group}`;
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: crd },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    };
    const widget: JsonObject = {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'wheel' },
      spec: { size: 1 },
    };
    const isServed = async () => {
      const found = await site.cluster.get('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: crd });
      const conditions = (found?.status?.['conditions'] ?? []) as { type: string; status: string }[];
      return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
    };
    const takeAway = async () => {
      await site.cluster.delete('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: crd });
      await until(
        async () =>
          (await site.cluster.get('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: crd })) === undefined,
        'definition gone',
      );
    };
    afterEach(takeAway);

    test('is seen by the units that have it, and by no others; it comes back, and they are mended', async () => {
      await site.cluster.create(definition as never);
      await until(isServed, 'definition served');
      const own = site.manifests([widget, ...configMaps('own', 1)]);
      const plain = site.manifests(configMaps('plain', 2));
      await site.converge(own);
      await site.converge(plain);
      await takeAway();
      await until(
        async () => {
          const found = await site.seen(own);
          return found?.phase !== 'ready' || found.drifted;
        },
        'seen to be missing',
        5000,
      );
      assert.equal((await site.seen(plain))?.phase, 'ready');
      await site.converge(site.changed(plain, configMaps('plain', 2, 'good day')));
      await site.cluster.create(definition as never);
      await until(isServed, 'definition served');
      await site.converge(own);
      // Discovery of the test itself is seconds old.
      await until(
        () =>
          site.cluster
            .get(`${group}/v1`, 'Widget', { namespace: site.namespace, name: 'wheel' })
            .catch(() => undefined),
        'the object is there again',
      );
    });

    test('a unit whose kind is gone can be removed', async () => {
      await site.cluster.create(definition as never);
      await until(isServed, 'definition served');
      const own: DesiredUnit = site.manifests([widget, ...configMaps('own', 1)]);
      await site.converge(own);
      await takeAway();
      await site.removed(own);
      await site.assertConfigMaps(0, '');
      await site.restart();
      assert.equal(await site.seen(own), undefined);
    });
  });
});
