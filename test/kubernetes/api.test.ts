import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  createApiResources,
  createReflector,
  type KubernetesApi,
  resourcePath,
  type WatchEvent,
} from '#agent/connectors/kubernetes/api/index.ts';
import type { ApiResource, KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { connect, endpointOf, makeNamespace, skipWithout } from './test-cluster.ts';

const variable = 'SKERRY_TEST_KUBECONFIG';
const options = { skip: skipWithout(variable) };
const configMaps: ApiResource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };
const soon = () => AbortSignal.timeout(20_000);
const label = 'skerry.test/made';

let api: KubernetesApi;
before(async () => {
  if (!options.skip) api = connect(await endpointOf(variable));
});
after(() => api?.close());

function configMap(name: string, word: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { [label]: 'yes' } }, data: { word } };
}

async function apply(namespace: string, object: KubeObject, fieldManager = 'skerry-test', force = 'true') {
  return await api.request({
    method: 'PATCH',
    path: resourcePath(configMaps, namespace, object.metadata.name),
    query: { fieldManager, force },
    contentType: 'application/apply-patch+yaml',
    body: object,
    signal: soon(),
  });
}

async function remove(namespace: string, name: string): Promise<void> {
  await api.request({ method: 'DELETE', path: resourcePath(configMaps, namespace, name), signal: soon() });
}

async function listed(namespace: string): Promise<Record<string, string | undefined>> {
  const path = resourcePath(configMaps, namespace);
  const query = { labelSelector: `${label}=yes` };
  const { body } = await api.request<{ items: KubeObject[] }>({ method: 'GET', path, query, signal: soon() });
  return Object.fromEntries(body.items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

test('says what it serves', options, async () => {
  const resources = createApiResources({ api, clock: systemClock, log: silentLogger });
  assert.match(await resources.serverVersion(soon()), /^1\.\d+/);
  assert.deepEqual(await resources.find('v1', 'ConfigMap', soon()), configMaps);
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', isNamespaced: true };
  assert.deepEqual(await resources.findByGroup('apps', 'Deployment', soon()), deployment);
  assert.equal((await resources.find('v1', 'Node', soon()))?.isNamespaced, false);
  assert.equal(await resources.find('v1', 'NoSuchKind', soon()), undefined);
  const versions = await resources.versions(soon());
  for (const version of ['v1', 'apps/v1', 'apps/v1/Deployment']) assert.ok(versions.includes(version), version);
});

test('applies, conflicts, forces, and deletes', options, async (context) => {
  const namespace = await makeNamespace(context, api);
  assert.equal((await apply(namespace, configMap('a', 'one'))).status, 201);
  const same = await apply(namespace, configMap('a', 'one'));
  assert.equal(same.status, 200);
  await assert.rejects(
    apply(namespace, configMap('a', 'two'), 'somebody', 'false'),
    (error: { code: string; details: object }) => {
      assert.equal(error.code, 'Conflict');
      assert.match(JSON.stringify(error.details), /\.data\.word.*FieldManagerConflict/);
      return true;
    },
  );
  const forced = await apply(namespace, configMap('a', 'two'), 'somebody');
  assert.notEqual(forced.body.metadata.resourceVersion, same.body.metadata.resourceVersion);
  const post = { method: 'POST', path: resourcePath(configMaps, namespace), signal: soon() } as const;
  await assert.rejects(api.request({ ...post, body: configMap('a', 'x') }), { code: 'Conflict' });
  await assert.rejects(api.request({ ...post, body: configMap('Not A Name', 'x') }), { code: 'PlatformRefused' });
  await remove(namespace, 'a');
  await assert.rejects(remove(namespace, 'a'), { code: 'NotFound' });
});

test('tells what the credentials lack', options, async (context) => {
  const namespace = await makeNamespace(context, api);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'weak' } };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.request({ method: 'POST', path, body: account, signal: soon() });
  const order = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
  const made = await api.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${path}/weak/token`,
    body: order,
    signal: soon(),
  });
  const { server, tls } = await endpointOf(variable);
  const get = { method: 'GET', path: `/api/v1/namespaces/${namespace}/configmaps`, signal: soon() } as const;
  const weak = connect({ server, tls, authorization: { kind: 'token', token: made.body.status.token } });
  context.after(() => weak.close());
  await assert.rejects(weak.request(get), {
    code: 'PlatformAuth',
    message: `The agent may not list configmaps in namespace ${namespace} at ${server}.`,
  });
  const wrong = connect({ server, tls, authorization: { kind: 'token', token: 'wrong' } });
  context.after(() => wrong.close());
  await assert.rejects(wrong.request(get), { code: 'PlatformAuth', message: /does not accept/ });
  // A cluster whose certificate is publicly trusted would be trusted here, too.
  if (tls.caPem !== undefined) {
    const stranger = connect({ server, tls: {} });
    context.after(() => stranger.close());
    await assert.rejects(stranger.request(get), { code: 'PlatformUnavailable', message: /authority/ });
  }
  await assert.rejects(api.request({ ...get, path: '/apis/no.such.group/v1/things' }), { code: 'NotFound' });
});

test('a quota is a lack of capacity', options, async (context) => {
  const namespace = await makeNamespace(context, api);
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q' },
    spec: { hard: { 'count/secrets': '0' } },
  };
  await api.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/resourcequotas`,
    body: quota,
    signal: soon(),
  });
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
  const post = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/secrets`,
    body: secret,
    signal: soon(),
  } as const;
  // The quota holds as soon as its controller has counted.
  const endMs = performance.now() + 20_000;
  for (;;) {
    const outcome = await api.request(post).catch((error) => error);
    if (outcome.code === 'PlatformCapacity') break;
    assert.ok(performance.now() < endMs, String(outcome.message));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test('watches from a list on', options, async (context) => {
  const namespace = await makeNamespace(context, api);
  const path = resourcePath(configMaps, namespace);
  const list = await api.request<{ metadata: { resourceVersion: string } }>({ method: 'GET', path, signal: soon() });
  const stop = new AbortController();
  const seen: string[] = [];
  const query = { resourceVersion: list.body.metadata.resourceVersion, labelSelector: label };
  const following = (async () => {
    for await (const event of api.watch({ path, query, signal: stop.signal })) {
      seen.push(`${event.type} ${event.type === 'ERROR' ? event.object.message : event.object.metadata.name}`);
      if (seen.length === 3) stop.abort();
    }
  })();
  await apply(namespace, configMap('grosse', 'größe'));
  await apply(namespace, configMap('grosse', 'größer'));
  await remove(namespace, 'grosse');
  await following;
  assert.deepEqual(seen, ['ADDED grosse', 'MODIFIED grosse', 'DELETED grosse']);
  const expired = { ...query, resourceVersion: '1' };
  const events: WatchEvent[] = [];
  try {
    for await (const event of api.watch({ path, query: expired, signal: AbortSignal.timeout(1000) }))
      events.push(event);
  } catch (error) {
    assert.equal((error as { details: { status: number } }).details.status, 410);
  }
  for (const event of events) if (event.type === 'ERROR') assert.equal(event.object.code, 410);
});

test('the reflector’s picture is the list, after 50 random changes', options, async (context) => {
  const namespace = await makeNamespace(context, api);
  const reflector = createReflector<string>({
    api,
    resource: configMaps,
    namespaces: [namespace],
    labelSelector: `${label}=yes`,
    reduce: ({ metadata }) => metadata.resourceVersion,
    onChange: () => undefined,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  context.after(() => reflector.stop());
  await reflector.synced(soon());
  for (let turn = 0; turn < 50; turn += 1) {
    const name = `c${randomInt(8)}`;
    const isThere = reflector.get(`${namespace}/${name}`) !== undefined;
    if (isThere && randomInt(3) === 0) {
      await remove(namespace, name);
      reflector.drop(`${namespace}/${name}`);
    } else {
      const { body } = await apply(namespace, configMap(name, String(turn)));
      reflector.put(body);
      assert.equal(reflector.get(`${namespace}/${name}`), body.metadata.resourceVersion);
    }
    if (turn % 17 === 0) await reflector.refresh(soon());
  }
  const picture = () =>
    Object.fromEntries([...reflector.entries()].map(([key, version]) => [key.slice(namespace.length + 1), version]));
  const wanted = await listed(namespace);
  const endMs = performance.now() + 5000;
  while (performance.now() < endMs && JSON.stringify(sorted(picture())) !== JSON.stringify(sorted(wanted)))
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(picture(), wanted);
  await reflector.synced(soon());
});

function sorted(entries: Record<string, string | undefined>): [string, string | undefined][] {
  return Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
}
