import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { SkerryError } from '#shared/errors/index.ts';
import { type Logger, silentLogger, systemClock } from '#shared/runtime/index.ts';
import type { Identity } from '../identity/identity.ts';
import {
  apiVersion,
  byCreation,
  CollectionQuerystring,
  collectionPolicy,
  createNorthboundApp,
  defineResource,
  type NorthboundDependencies,
  type NorthboundPlugin,
  sendCollection,
  sendResource,
} from './index.ts';

interface Island {
  id: string;
  name: string;
  revision: number;
  secret?: string;
}

const islandApi = apiVersion('islands', '2.3.0');
const IslandSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  height: Type.Optional(Type.Number()),
  userDefinedData: Type.Optional(Type.Object({})),
  _links: Type.Object({ self: Type.Object({ href: Type.String() }) }),
});
const islands = defineResource<Island>({
  name: 'Island',
  schema: IslandSchema,
  excludedByDefault: ['userDefinedData'],
  id: (view) => view.id,
  sortKey: (view) => byCreation(0, view.id),
  revision: (view) => String(view.revision),
  render: (view, baseUrl) => ({
    id: view.id,
    name: view.name,
    height: view.revision,
    userDefinedData: { view: view.name },
    _links: { self: { href: `${baseUrl}/islands/v2/islands/${view.id}` } },
  }),
});

const identity = {
  async authenticate(token: string) {
    if (token !== 'good') throw new SkerryError('Unauthenticated', 'The token is not valid.');
    return { username: 'ada', permissions: new Set(['ns:read']) };
  },
  authorize(principal: { permissions: ReadonlySet<string> }, permission: string) {
    if (!principal.permissions.has(permission)) throw new SkerryError('Forbidden', `You lack ${permission}.`);
  },
} as unknown as Identity;

function islandPlugin(all: Island[]): NorthboundPlugin {
  return (app, { collections }) => {
    const read = { api: islandApi, permission: 'ns:read' } as const;
    app.get(
      '/islands/v2/islands',
      { config: { ...read, query: 'any' }, schema: { querystring: CollectionQuerystring } },
      async (request, reply) => sendCollection(request, reply, { resource: islands, views: all, policy: collections }),
    );
    app.get<{ Params: { id: string } }>('/islands/v2/islands/:id', { config: read }, async (request, reply) => {
      const view = all.find((island) => island.id === request.params.id);
      if (!view) throw new SkerryError('NotFound', 'There is no such island.');
      return sendResource(request, reply, { resource: islands, view, policy: collections });
    });
    app.post(
      '/islands/v2/islands',
      {
        config: { api: islandApi, permission: 'ns:write' },
        schema: { body: Type.Object({ islandName: Type.String() }, { additionalProperties: false }) },
      },
      async () => ({}),
    );
    app.post(
      '/islands/v2/islands/:id/name',
      {
        config: read,
        schema: { body: Type.Object({ islandName: Type.String() }, { additionalProperties: false }) },
      },
      async (request, reply) => reply.code(201).send({ got: request.body.islandName }),
    );
    app.get('/boom', { config: { permission: 'public' } }, async () => {
      throw new TypeError('the inside of the matter');
    });
  };
}

async function start(all: Island[], options: { apiRoot?: string; pageSize?: number; log?: Logger } = {}) {
  const dependencies = {
    identity,
    clock: systemClock,
    log: options.log ?? silentLogger,
    collections: collectionPolicy({ pageSize: options.pageSize }),
  } as unknown as NorthboundDependencies;
  return createNorthboundApp({ dependencies, plugins: [islandPlugin(all)], apiRoot: options.apiRoot ?? '' });
}

const three: Island[] = [
  { id: 'a', name: 'Skye', revision: 1 },
  { id: 'b', name: 'Mull', revision: 2 },
  { id: 'c', name: "St Mary's, Isle", revision: 3 },
];
const good = { authorization: 'Bearer good', host: 'mano.example:9999' };

test('authentication: 401 with a challenge, 400 for other schemes, 403 without permission', async (t) => {
  const app = await start(three);
  t.after(() => app.close());
  const without = await app.inject({ url: '/islands/v2/islands' });
  assert.equal(without.statusCode, 401);
  assert.match(String(without.headers['www-authenticate']), /^Bearer realm=/);
  assert.match(String(without.headers['content-type']), /^application\/problem\+json/);
  assert.equal(without.json().instance, '/islands/v2/islands');
  const bad = await app.inject({ url: '/islands/v2/islands', headers: { authorization: 'Bearer wrong' } });
  assert.equal(bad.statusCode, 401);
  assert.match(String(bad.headers['www-authenticate']), /invalid_token/);
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', 'x']) {
    const malformed = await app.inject({ url: '/islands/v2/islands', headers: { authorization } });
    assert.equal(malformed.statusCode, 400, authorization);
  }
  const denied = await app.inject({ method: 'POST', url: '/islands/v2/islands', headers: good, payload: {} });
  assert.equal(denied.statusCode, 403);
});

test('405 with Allow, 404, 406, 415, 413 are problem details', async (t) => {
  const app = await start(three);
  t.after(() => app.close());
  const put = await app.inject({ method: 'PUT', url: '/islands/v2/islands/a', payload: 'x', headers: good });
  assert.equal(put.statusCode, 405);
  assert.equal(put.headers['allow'], 'GET, HEAD');
  assert.equal((await app.inject({ url: '/nowhere' })).statusCode, 404);
  const accept = await app.inject({ url: '/islands/v2/islands', headers: { ...good, accept: 'text/html' } });
  assert.equal(accept.statusCode, 406);
  const relaxed = await app.inject({
    url: '/islands/v2/islands',
    headers: { ...good, accept: 'text/html, */*;q=0.1' },
  });
  assert.equal(relaxed.statusCode, 200);
  const media = { ...good, 'content-type': 'text/csv' };
  const csv = await app.inject({ method: 'POST', url: '/islands/v2/islands/a/name', headers: media, payload: 'x' });
  assert.equal(csv.statusCode, 415);
  const big = { islandName: 'x'.repeat(1100 * 1024) };
  const large = await app.inject({ method: 'POST', url: '/islands/v2/islands/a/name', headers: good, payload: big });
  assert.equal(large.statusCode, 413);
  for (const answer of [put, accept, csv, large]) assert.equal(answer.json().status, answer.statusCode);
});

test('a typo names its path and the nearest known member', async (t) => {
  const app = await start(three);
  t.after(() => app.close());
  const send = (payload: object | string, type = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/islands/v2/islands/a/name',
      headers: { ...good, 'content-type': type },
      payload,
    });
  const extra = await send({ islandName: 'x', islandNmae: 'y' });
  assert.equal(extra.statusCode, 400);
  assert.deepEqual(extra.json().errors, [
    { path: '/islandNmae', message: 'is not a known member', remedy: 'Did you mean "islandName"?' },
  ]);
  const missing = await send({ islandNmae: 'y' });
  assert.match(missing.json().errors[0].remedy, /islandNmae/);
  assert.equal((await send('{"islandName":')).statusCode, 400);
  assert.equal((await send('{"islandName": 3}')).statusCode, 400);
  assert.equal((await send({ islandName: 'ok' })).statusCode, 201);
});

test('an internal error tells nothing but its request id, and is logged', async (t) => {
  const logged: object[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => logged.push(fields) };
  const app = await start([], { log });
  t.after(() => app.close());
  const answer = await app.inject({ url: '/boom' });
  assert.equal(answer.statusCode, 500);
  assert.doesNotMatch(answer.body, /inside of the matter/);
  assert.equal(logged.length, 1);
  assert.equal((logged[0] as { requestId: string }).requestId, answer.json().requestId);
});

test('the Version header is checked and echoed; api_versions needs no token and takes only GET', async (t) => {
  const app = await start(three, { apiRoot: '/mano' });
  t.after(() => app.close());
  const url = '/mano/islands/v2/islands';
  assert.equal((await app.inject({ url, headers: good })).headers['version'], '2.3.0');
  assert.equal((await app.inject({ url, headers: { ...good, version: '2.1.0' } })).headers['version'], '2.3.0');
  assert.equal((await app.inject({ url, headers: { ...good, version: '3.0.0' } })).statusCode, 406);
  assert.equal((await app.inject({ url, headers: { ...good, version: '2.4.0' } })).statusCode, 406);
  assert.equal((await app.inject({ url, headers: { ...good, version: 'two' } })).statusCode, 400);
  for (const path of ['/mano/islands/api_versions', '/mano/islands/v2/api_versions']) {
    const versions = await app.inject({ url: path });
    assert.equal(versions.statusCode, 200);
    assert.equal(versions.json().uriPrefix, path.replace('/api_versions', ''));
    assert.equal(versions.json().apiVersions[0].version, '2.3.0');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const refused = await app.inject({ method, url: path });
      assert.equal(refused.statusCode, 405);
      assert.equal(refused.headers['allow'], 'GET, HEAD');
    }
  }
});

test('collections: filter, older filter, selectors, unknown names', async (t) => {
  const app = await start(three);
  t.after(() => app.close());
  const names = async (query: string) => {
    const answer = await app.inject({ url: `/islands/v2/islands?${query}`, headers: good });
    assert.equal(answer.statusCode, 200, `${query}: ${answer.body}`);
    return answer.json().map((island: { name: string }) => island.name);
  };
  assert.deepEqual(await names('filter=(eq,name,Skye)'), ['Skye']);
  assert.deepEqual(await names("filter=(eq,name,'St Mary''s, Isle')"), ["St Mary's, Isle"]);
  assert.deepEqual(await names('filter=(gte,height,2);(neq,name,Mull)'), ["St Mary's, Isle"]);
  assert.deepEqual(await names('name=Skye'), ['Skye']);
  assert.deepEqual(await names('name.cont=k,M'), ['Skye', 'Mull', "St Mary's, Isle"]);
  assert.deepEqual(await names('userDefinedData.view=Mull'), ['Mull']);
  for (const query of [
    'nmae=x',
    'filter=(eq,nmae,x)',
    'filter=(eq,name)',
    'filter=x',
    'fields=nope',
    'all_fields&fields=name',
  ]) {
    const answer = await app.inject({ url: `/islands/v2/islands?${query}`, headers: good });
    assert.equal(answer.statusCode, 400, query);
  }
  const first = async (query: string) =>
    Object.keys((await app.inject({ url: `/islands/v2/islands?${query}`, headers: good })).json()[0]);
  assert.deepEqual(await first(''), ['id', 'name', 'height', '_links']);
  assert.deepEqual(await first('exclude_default'), ['id', 'name', 'height', '_links']);
  assert.deepEqual(await first('all_fields'), ['id', 'name', 'height', 'userDefinedData', '_links']);
  assert.deepEqual(await first('fields=userDefinedData'), ['id', 'name', '_links', 'userDefinedData']);
  assert.deepEqual(await first('exclude_fields=height,_links/self'), ['id', 'name', 'userDefinedData', '_links']);
});

test('paging follows Link headers and is stable under inserts', async (t) => {
  const all = three.map((island) => ({ ...island }));
  const app = await start(all, { pageSize: 2, apiRoot: '/mano' });
  t.after(() => app.close());
  const url = '/mano/islands/v2/islands?exclude_default';
  const page = await app.inject({ url, headers: good });
  const link = String(page.headers['link']);
  assert.match(
    link,
    /^<http:\/\/mano\.example:9999\/mano\/islands\/v2\/islands\?exclude_default&nextpage_opaque_marker=[\w-]+>; rel="next"$/,
  );
  all.push({ id: 'aa', name: 'Iona', revision: 1 });
  const next = await app.inject({ url: link.slice(link.indexOf('/mano/'), link.indexOf('>')), headers: good });
  assert.deepEqual(
    next.json().map((island: Island) => island.id),
    ['c'],
  );
  assert.equal(next.headers['link'], undefined);
  const forged = await app.inject({ url: `${url}&nextpage_opaque_marker=nonsense`, headers: good });
  assert.equal(forged.statusCode, 400);
});

test('single resources have an ETag, answer 304, and follow their revision', async (t) => {
  const all = three.map((island) => ({ ...island }));
  const app = await start(all);
  t.after(() => app.close());
  const url = '/islands/v2/islands/a';
  const before = await app.inject({ url, headers: good });
  const tag = String(before.headers['etag']);
  assert.equal((await app.inject({ url, headers: { ...good, 'if-none-match': tag } })).statusCode, 304);
  all[0] = { ...all[0]!, name: 'Raasay', revision: 9 };
  const after = await app.inject({ url, headers: { ...good, 'if-none-match': tag } });
  assert.equal(after.statusCode, 200);
  assert.equal(after.json().name, 'Raasay');
  assert.equal(after.json()._links.self.href, 'http://mano.example:9999/islands/v2/islands/a');
  assert.equal((await app.inject({ url: `${url}?fields=name`, headers: good })).statusCode, 400);
});

test('openapi.json and the UI need no token', async (t) => {
  const app = await start(three);
  t.after(() => app.close());
  const document = await app.inject({ url: '/openapi.json' });
  assert.equal(document.json().openapi, '3.1.0');
  assert.ok(document.json().paths['/islands/v2/islands/{id}'].get.responses.default);
  const ui = await app.inject({ url: '/docs/' });
  assert.equal(ui.statusCode, 200);
  assert.match(ui.body, /swagger/i);
});

test('a route without a permission does not start', async () => {
  const dependencies = { identity, clock: systemClock, log: silentLogger, collections: collectionPolicy() };
  const careless: NorthboundPlugin = (app) => {
    app.get('/open', async () => ({}));
  };
  await assert.rejects(
    createNorthboundApp({ dependencies: dependencies as never, plugins: [careless], apiRoot: '' }),
    /names no permission/,
  );
});
