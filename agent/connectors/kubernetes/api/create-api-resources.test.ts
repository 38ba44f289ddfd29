import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { silentLogger, systemClock, VirtualClock } from '#shared/runtime/index.ts';
import type { ApiResources } from './api-resources.ts';
import { createApiResources } from './create-api-resources.ts';
import { createKubernetesApi } from './create-kubernetes-api.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { answerJson, answerStatus, FakeApiServer } from './testing/fake-api-server.ts';

const never = new AbortController().signal;
let server: FakeApiServer;
let api: KubernetesApi;
let clock: VirtualClock;
let resources: ApiResources;

before(async () => {
  server = await FakeApiServer.start();
  api = createKubernetesApi({ endpoint: { server: server.url, tls: {} }, clock: systemClock, log: silentLogger });
});
after(async () => {
  api.close();
  await server.stop();
});
beforeEach(() => {
  server.seen.length = 0;
  clock = new VirtualClock();
  resources = createApiResources({ api, clock, log: silentLogger });
});

/** Answers of paths; a number is a status. */
function serve(answers: Record<string, object | number>): void {
  server.intercept = ({ path }, response) => {
    const answer = answers[path] ?? 404;
    if (typeof answer === 'number') answerStatus(response, answer, { message: 'no' });
    else answerJson(response, 200, answer);
    return true;
  };
}

const resource = (plural: string, kind: string, scope = 'Namespaced', verbs = ['get', 'list']) => ({
  resource: plural,
  responseKind: { group: '', version: '', kind },
  scope,
  verbs,
});

const core = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: {},
      versions: [{ version: 'v1', resources: [resource('pods', 'Pod'), resource('nodes', 'Node', 'Cluster')] }],
    },
  ],
};

function groups(...kinds: string[]) {
  const versions = ['v2', 'v1'].map((version) => ({
    version,
    resources: kinds.flatMap((kind) => [
      resource('others', kind, 'Namespaced', ['create']),
      resource(`${kind.toLowerCase()}s`, kind),
    ]),
  }));
  return { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'test.io' }, versions }] };
}

test('reads aggregated discovery once, for all who ask', async () => {
  serve({ '/api': core, '/apis': groups('Thing'), '/version': { gitVersion: 'v1.35.4' } });
  const found = await Promise.all([
    resources.find('v1', 'Pod', never),
    resources.find('v1', 'Node', never),
    resources.find('test.io/v1', 'Thing', never),
    resources.findByGroup('test.io', 'Thing', never),
    resources.find('test.io/v3', 'Thing', never),
  ]);
  assert.deepEqual(found, [
    { apiVersion: 'v1', kind: 'Pod', plural: 'pods', isNamespaced: true },
    { apiVersion: 'v1', kind: 'Node', plural: 'nodes', isNamespaced: false },
    { apiVersion: 'test.io/v1', kind: 'Thing', plural: 'things', isNamespaced: true },
    { apiVersion: 'test.io/v2', kind: 'Thing', plural: 'things', isNamespaced: true },
    undefined,
  ]);
  assert.deepEqual(await resources.versions(never), [
    'test.io/v1',
    'test.io/v1/Thing',
    'test.io/v2',
    'test.io/v2/Thing',
    'v1',
    'v1/Node',
    'v1/Pod',
  ]);
  assert.deepEqual(server.seen.map(({ path }) => path).sort(), ['/api', '/apis']);
  assert.match(server.seen[0]?.headers.accept ?? '', /v=v2;as=APIGroupDiscoveryList.*,application\/json$/);
  assert.equal(await resources.serverVersion(never), '1.35.4');
});

test('looks once more for what it does not know, not too often, and at once after forget', async () => {
  serve({ '/api': core, '/apis': groups('Thing') });
  assert.equal(await resources.find('test.io/v1', 'New', never), undefined);
  serve({ '/api': core, '/apis': groups('Thing', 'New') });
  await clock.advance(1999);
  assert.equal(await resources.find('test.io/v1', 'New', never), undefined);
  assert.equal(server.seen.length, 2);
  await clock.advance(1);
  assert.equal((await resources.find('test.io/v1', 'New', never))?.plural, 'news');
  assert.equal(server.seen.length, 4);
  serve({ '/api': core, '/apis': groups('Newer') });
  resources.forget();
  assert.equal((await resources.find('test.io/v1', 'Newer', never))?.plural, 'newers');
  assert.equal(await resources.find('test.io/v1', 'Thing', never), undefined);
});

test('all kinds, as they were at most ten minutes ago: somebody may have installed one', async () => {
  serve({ '/api': core, '/apis': groups('Thing') });
  await resources.versions(never);
  serve({ '/api': core, '/apis': groups('Thing', 'New') });
  await clock.advance(600_000);
  assert.equal((await resources.versions(never)).includes('test.io/v1/New'), false);
  await clock.advance(1);
  assert.equal((await resources.versions(never)).includes('test.io/v1/New'), true);
  assert.equal(server.seen.length, 4);
});

test('reads servers that do not aggregate, past an extension that is down', async () => {
  const list = (kind: string) => ({
    resources: [
      { name: `${kind}s`, kind, namespaced: true, verbs: ['list'] },
      { name: `${kind}s/status`, kind, namespaced: true, verbs: ['get'] },
    ],
  });
  const group = (name: string, preferred: string) => ({
    versions: ['v1', 'v2'].map((version) => ({ groupVersion: `${name}/${version}` })),
    preferredVersion: { groupVersion: `${name}/${preferred}` },
  });
  serve({
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/api/v1': list('pod'),
    '/apis': { kind: 'APIGroupList', groups: [group('a.io', 'v2'), group('b.io', 'v1')] },
    '/apis/a.io/v1': list('thing'),
    '/apis/a.io/v2': list('thing'),
    '/apis/b.io/v1': 503,
  });
  assert.equal((await resources.find('v1', 'pod', never))?.plural, 'pods');
  assert.equal((await resources.findByGroup('a.io', 'thing', never))?.apiVersion, 'a.io/v2');
  assert.equal(await resources.findByGroup('b.io', 'thing', never), undefined);
});

test('a failure is told to all who wait and is not kept; one caller’s abort is its own', async () => {
  serve({ '/api': 503, '/apis': 503 });
  const failed = await Promise.allSettled([resources.find('v1', 'Pod', never), resources.versions(never)]);
  assert.deepEqual(
    failed.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
    ['PlatformUnavailable', 'PlatformUnavailable'],
  );
  serve({ '/api': core, '/apis': groups() });
  const stop = new AbortController();
  const aborted = resources.find('v1', 'Pod', stop.signal);
  const other = resources.find('v1', 'Pod', never);
  stop.abort();
  await assert.rejects(aborted, { code: 'Aborted' });
  assert.equal((await other)?.plural, 'pods');
  serve({ '/version': { gitVersion: 'nonsense' } });
  await assert.rejects(resources.serverVersion(never), { code: 'PlatformUnavailable' });
});
