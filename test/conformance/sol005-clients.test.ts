import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { CallbackServer } from './sol005/callback-server.ts';
import { EtsiContract, reasonToSkip } from './sol005/etsi-contract.ts';
import { type Orchestrator, startOrchestrator } from './sol005/orchestrator.ts';
import { type Answer, type Body, OssClient, samplePackage } from './sol005/oss-client.ts';

/** How clients of all ages speak SOL005: ETSI NFV-TST 010 V2.6.1 suites on v1, sloppy ones, and hostile ones. */
describe('clients of SOL005', () => {
  let orchestrator: Orchestrator;
  let oss: OssClient;
  const callback = new CallbackServer();
  const packages = '/vnfpkgm/v1/vnf_packages';
  const services = '/nslcm/v1/ns_instances';
  let nsdId = '';

  before(async () => {
    orchestrator = await startOrchestrator({ collections: { pageSize: 2 }, duplicates: 'refuse' });
    await callback.start();
    oss = new OssClient(orchestrator.url, undefined);
    await oss.login();
    const headers = { 'content-type': 'application/gzip' };
    await oss.expect(201, 'POST', '/skerry/v1/packages', { body: await samplePackage('router_vnf'), headers });
    const made = await oss.expect(201, 'POST', '/skerry/v1/packages', {
      body: await samplePackage('single_vm_ns'),
      headers,
    });
    nsdId = made.body.resource.nsdId;
  });
  after(async () => {
    await orchestrator?.stop();
    await callback.stop();
  });

  const pathOf = (answer: Answer) => new URL(answer.headers.get('location') ?? 'no location').pathname;
  async function createNs(nsName: string): Promise<Body> {
    return (await oss.expect(201, 'POST', services, { body: { nsdId, nsName, nsDescription: '' } })).body;
  }
  const settled = (path: string) =>
    orchestrator.until(async () => {
      const { body } = await oss.expect(200, 'GET', path);
      return /PROCESSING|ROLLING_BACK/.test(body.operationState) ? undefined : body;
    });

  it('authorization: none and wrong are 401 with WWW-Authenticate, malformed is 400', async () => {
    for (const path of [packages, '/nsd/v1/ns_descriptors', services, '/nslcm/v2/subscriptions', '/skerry/v1/sites']) {
      const none = await oss.expect(401, 'GET', path, { token: '' });
      assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer/);
      const wrong = await oss.expect(401, 'GET', path, { token: 'wrong' });
      assert.match(wrong.headers.get('www-authenticate') ?? '', /invalid_token/);
      for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', 'token'])
        await oss.expect(400, 'GET', path, { token: '', headers: { authorization } });
    }
    for (const path of ['/nslcm/api_versions', '/nslcm/v1/api_versions', '/vnfpkgm/v2/api_versions'])
      await oss.expect(200, 'GET', path, { token: '' });
  });

  it('versions: absent and compatible are served, others 406 or 400, the answer names it', async () => {
    const plain = await oss.expect(200, 'GET', services);
    assert.match(plain.headers.get('version') ?? '', /^1\./);
    await oss.expect(200, 'GET', '/nslcm/v2/ns_instances', { headers: { version: '2.0.0' } });
    await oss.expect(406, 'GET', '/nslcm/v2/ns_instances', { headers: { version: '9.0.0' } });
    await oss.expect(400, 'GET', '/nslcm/v2/ns_instances', { headers: { version: 'two' } });
    await oss.expect(406, 'GET', services, { headers: { accept: 'application/xml' } });
  });

  it('405 with Allow for every method that a resource does not list', { skip: reasonToSkip }, async () => {
    const missing = /pnf_descriptors|vnf_snapshots|ext_artifacts_access/;
    for (const { api, template, methods } of new EtsiContract().resources()) {
      if (missing.test(template)) continue;
      const majors = api === 'nfvici' ? ['v1'] : ['v1', 'v2'];
      const path = template.replace(/\{artifactPath\}/, 'a/b').replace(/\{\w+\}/g, 'x');
      for (const major of majors) {
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
          const answer = await oss.call(method, `/${api}/${major}${path}`, { headers: { 'if-match': '"x"' } });
          const what = `${method} /${api}/${major}${path}`;
          if (methods.includes(method)) assert.notEqual(answer.status, 405, what);
          else {
            assert.equal(answer.status, 405, what);
            const allow = (answer.headers.get('allow') ?? '').split(', ');
            for (const one of methods) assert.ok(allow.includes(one), `${what}: Allow ${allow}`);
          }
        }
      }
    }
  });

  it('lists: old filters, flags without a value, unknown parameters, pages', async () => {
    for (const name of ['a', 'b', 'c']) await createNs(name);
    assert.equal((await oss.expect(200, 'GET', `${services}?nsInstanceName=b`)).body.length, 1);
    assert.equal((await oss.expect(200, 'GET', `${services}?nsInstanceName.neq=b`)).body.length, 2);
    assert.equal(
      (await oss.expect(200, 'GET', `${services}?nsInstanceName=b,c&nsState=NOT_INSTANTIATED`)).body.length,
      2,
    );
    for (const flag of ['all_fields', 'exclude_default', 'all_fields='])
      await oss.expect(200, 'GET', `${services}?${flag}`);
    for (const bad of [
      'nsName=b',
      'filter=(eq,nsName,b)',
      'filter=eq',
      'fields=x',
      'nextpage_opaque_marker=x',
      'all_fields&fields=id',
    ])
      await oss.expect(400, 'GET', `${services}?${bad}`);
    const first = await oss.expect(200, 'GET', services);
    assert.equal(first.body.length, 2);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? 'no link';
    const second = await oss.expect(200, 'GET', next);
    assert.equal(second.body.length, 1);
    assert.equal(second.headers.get('link'), null);
  });

  it('v1 shapes: PATCH as application/json, operationParams is a name, timestamp', async () => {
    const {
      body: [vnf],
    } = await oss.expect(200, 'GET', packages);
    const shown = await oss.expect(200, 'GET', `${packages}/${vnf.id}`);
    const headers = { 'if-match': shown.headers.get('etag') ?? '' };
    await oss.expect(200, 'PATCH', `${packages}/${vnf.id}`, { body: { userDefinedData: { a: '1' } }, headers });
    await oss.expect(412, 'PATCH', `${packages}/${vnf.id}`, { body: { userDefinedData: { a: '2' } }, headers });
    const body = { callbackUri: callback.uri('/v1') };
    const subscription = await oss.expect(201, 'POST', '/nslcm/v1/subscriptions', { body });
    assert.deepEqual(callback.probes, ['/v1']);
    const again = await oss.expect(303, 'POST', '/nslcm/v1/subscriptions', { body });
    assert.equal(again.headers.get('location'), subscription.headers.get('location'));
    const ns = await createNs('v1');
    const created = await callback.until((one) => one.body['nsInstanceId'] === ns.id);
    assert.ok(created.body['timestamp']);
    const operation = pathOf(
      await oss.expect(202, 'POST', `${services}/${ns.id}/instantiate`, { body: { nsFlavourId: 'default' } }),
    );
    assert.match(operation, /^\/nslcm\/v1\/ns_lcm_op_occs\//);
    const ended = await settled(operation);
    assert.equal(ended.operationParams, 'INSTANTIATE');
    const result = await callback.until((one) => one.body['notificationStatus'] === 'RESULT');
    assert.match(String((result.body['_links'] as Body).nslcmOpOcc.href), /\/nslcm\/v1\//);
    await oss.expect(204, 'DELETE', pathOf(subscription));
  });

  it('bodies as clients send them: charset, none at all, empty JSON, all complaints at once', async () => {
    const json = { 'content-type': 'application/json; charset=utf-8' };
    const made = await oss.expect(201, 'POST', services, {
      body: JSON.stringify({ nsdId, nsName: 'x', nsDescription: '' }),
      headers: json,
    });
    const self = `${services}/${made.body.id}`;
    const first = await oss.expect(202, 'POST', `${self}/instantiate`, { body: '{}', headers: json });
    await settled(pathOf(first));
    await settled(pathOf(await oss.expect(202, 'POST', `${self}/terminate`, { headers: json })));
    await settled(pathOf(await oss.expect(202, 'POST', `${self}/instantiate`)));
    await settled(pathOf(await oss.expect(202, 'POST', `${self}/terminate`, { body: '', headers: json })));
    await oss.expect(201, 'POST', packages);
    await oss.expect(201, 'POST', packages, { body: '{}', headers: json });
    const bad = await oss.expect(400, 'POST', `${self}/instantiate`, {
      body: { nsFlavorId: 'a', startTime: 1, locationConstraint: [] },
    });
    assert.deepEqual(bad.body.errors.map((one: Body) => one.path).sort(), [
      '/locationConstraint',
      '/nsFlavorId',
      '/startTime',
    ]);
    assert.ok(bad.body.errors.every((one: Body) => one.remedy));
    for (const body of ['{', '[]', '"text"', 'null', '{"nsFlavourId":'])
      await oss.expect(400, 'POST', `${self}/instantiate`, { body, headers: json });
    await oss.expect(415, 'POST', services, { body: '<ns/>', headers: { 'content-type': 'application/xml' } });
    await oss.expect(204, 'DELETE', self, { headers: json });
  });

  it('limits: sizes, filters, URLs, headers', async () => {
    const large = JSON.stringify({ nsdId, nsName: 'x'.repeat(1_100_000) });
    await oss.expect(413, 'POST', services, { body: large, headers: { 'content-type': 'application/json' } });
    const deep = `${'{"additionalParamsForNs":'.repeat(5000)}{}${'}'.repeat(5000)}`;
    const refused = await oss.call('POST', `${services}/x/instantiate`, {
      body: deep,
      headers: { 'content-type': 'application/json' },
    });
    assert.ok(refused.status >= 400 && refused.status < 500, refused.text);
    await oss.expect(400, 'GET', `${services}?filter=${'(eq,nsState,x);'.repeat(70)}(eq,nsState,x)`);
    await oss.expect(400, 'GET', `${services}?nsInstanceName=${'a'.repeat(9000)}`);
    const login = JSON.stringify({ username: 'admin', password: 'x'.repeat(20_000) });
    const json = { 'content-type': 'application/json' };
    await oss.expect(413, 'POST', '/skerry/v1/tokens', { token: '', body: login, headers: json });
    const strangers = JSON.stringify(
      Object.fromEntries(Array.from({ length: 45_000 }, (_, at) => [`nsFlavourI${at}`, 0])),
    );
    const startedAt = performance.now();
    const many = await oss.expect(400, 'POST', `${services}/x/instantiate`, { body: strangers, headers: json });
    assert.ok(many.body.errors.length <= 50);
    assert.ok(performance.now() - startedAt < 2000, 'complaining of very much costs little');
    const polluted = '{"nsdId":"a","nsName":"b","__proto__":{"x":1}}';
    await oss.expect(400, 'POST', services, { body: polluted, headers: { 'content-type': 'application/json' } });
    const { headers } = await oss.expect(200, 'GET', services);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('strict-transport-security') ?? '', /max-age/);
    assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN');
    assert.equal(headers.get('x-powered-by'), null);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });

  it('smuggled and malformed requests are refused and end the connection', async () => {
    const line = 'POST /skerry/v1/tokens HTTP/1.1\r\nHost: a\r\n';
    const smuggled = [
      `${line}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      `${line}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{}`,
      `${line}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      'GET /nslcm/v1/ns_instances HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET /nslcm/v1/ns_instances HTTP/1.1\r\n\r\n',
      `GET /nslcm/v1/ns_instances HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'GET /nslcm/v1/ns_instances HTTP/1.1\r\nHost: a/..@b\r\n\r\n',
    ];
    for (const text of smuggled) {
      const answer = await raw(orchestrator.url, text);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, `${text.slice(0, 120)}\n${answer.slice(0, 200)}`);
      assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `one answer only: ${answer}`);
    }
  });

  it('guessing passwords is slowed down by user name and address, and other users are not', async () => {
    const guess = (username: string) =>
      oss.call('POST', '/skerry/v1/tokens', { token: '', body: { username, password: 'wrong-password' } });
    let last = await guess('nobody');
    for (let count = 0; count < 40 && last.status === 401; count += 1) last = await guess('nobody');
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers.get('retry-after')) > 10, 'Retry-After tells how long');
    assert.equal((await guess('somebody-else')).status, 401);
  });
});

/** Sends bytes as they are and gives what comes until the server ends the connection or is silent for a moment. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(text);
  socket.setTimeout(1000, () => socket.destroy());
  let answer = '';
  try {
    for await (const chunk of socket) answer += String(chunk);
  } catch {
    // Reset by the server: what it said before counts.
  }
  return answer;
}
