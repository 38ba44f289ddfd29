import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { SkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import type { ClusterEndpoint, ExecPlugin } from './cluster-endpoint.ts';
import { createKubernetesApi } from './create-kubernetes-api.ts';
import { answerJson, answerStatus, FakeApiServer } from './testing/fake-api-server.ts';
import { makeTestCertificate, type TestCertificate } from './testing/test-certificate.ts';

let server: FakeApiServer;
let own: TestCertificate;
let client: TestCertificate;
let address: string;
const path = '/api/v1/pods';

before(async () => {
  own = await makeTestCertificate('api.test');
  client = await makeTestCertificate('client');
  server = await FakeApiServer.start(
    createServer({ cert: own.certPem, key: own.keyPem, requestCert: true, rejectUnauthorized: false }),
  );
  address = server.url.replace('http:', 'https:');
  server.intercept = ({ headers }, response) => {
    const { subject } = (response.socket as TLSSocket).getPeerCertificate();
    answerJson(response, 200, { who: subject?.CN ?? null, authorization: headers.authorization ?? null });
    return true;
  };
});
after(() => server.stop());

async function ask(
  more: Partial<ClusterEndpoint>,
  environment?: Record<string, string>,
  times = 1,
): Promise<unknown[]> {
  const endpoint = { server: address, tls: { caPem: own.certPem, serverName: 'api.test' }, ...more };
  const log = silentLogger;
  const api = createKubernetesApi({ endpoint, clock: systemClock, log, ...(environment ? { environment } : {}) });
  const answers: unknown[] = [];
  try {
    for (let turn = 0; turn < times; turn += 1)
      answers.push((await api.request({ method: 'GET', path, signal: AbortSignal.timeout(5000) })).body);
    return answers;
  } finally {
    api.close();
  }
}

async function refusal(more: Partial<ClusterEndpoint>): Promise<SkerryError> {
  return ask(more).then(
    () => assert.fail('it went well'),
    (error) => error,
  );
}

test('trusts its authority under the given name, and nobody else', async () => {
  assert.deepEqual(await ask({}), [{ who: null, authorization: null }]);
  const stranger = await refusal({ tls: { caPem: client.certPem, serverName: 'api.test' } });
  assert.equal(stranger.code, 'PlatformUnavailable');
  assert.match(stranger.remedy ?? '', /certificate-authority-data/);
  const otherName = await refusal({ tls: { caPem: own.certPem } });
  assert.match(otherName.message, /other names/);
  assert.deepEqual(await ask({ tls: { isVerificationOff: true } }), [{ who: null, authorization: null }]);
});

test('shows its certificate', async () => {
  assert.deepEqual(await ask({ certificate: client }), [{ who: 'client', authorization: null }]);
  const broken = { certPem: client.certPem, keyPem: own.keyPem };
  assert.equal((await refusal({ certificate: broken })).code, 'PlatformAuth');
});

/** A command that prints what the expression gives. */
function plugin(expression: string, environment = {}): ClusterEndpoint['authorization'] {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const exec: ExecPlugin = {
    apiVersion,
    command: process.execPath,
    args: [
      '-e',
      `console.log(JSON.stringify({apiVersion:'${apiVersion}',kind:'ExecCredential',status:${expression}}))`,
    ],
    environment,
    isGivenCluster: true,
  };
  return { kind: 'exec', plugin: exec };
}

test('gets credentials from a command, which sees the cluster and nothing of our environment', async () => {
  const told = plugin(
    '{token: [JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec.cluster.server, process.env.OWN, process.env.GIVEN, process.env.HOME].join()}',
    { OWN: 'own' },
  );
  const [answer] = await ask({ authorization: told }, { GIVEN: 'given' });
  assert.deepEqual(answer, { who: null, authorization: `Bearer ${address},own,given,` });
  const data = `{clientCertificateData: ${JSON.stringify(client.certPem)}, clientKeyData: ${JSON.stringify(client.keyPem)}}`;
  assert.deepEqual(await ask({ authorization: plugin(data) }), [{ who: 'client', authorization: null }]);
});

test('keeps a command’s credentials until they expire', async () => {
  const tokens = async (expression: string) =>
    new Set((await ask({ authorization: plugin(expression) }, {}, 3)).map((answer) => JSON.stringify(answer))).size;
  assert.equal(await tokens('{token: "t" + process.pid}'), 1);
  assert.equal(await tokens('{token: "t" + process.pid, expirationTimestamp: "2100-01-01T00:00:00Z"}'), 1);
  assert.equal(await tokens('{token: "t" + process.pid, expirationTimestamp: "2020-01-01T00:00:00Z"}'), 3);
});

test('does not start a command for each refusal', async () => {
  const before = server.intercept;
  server.intercept = (_, response) => {
    answerStatus(response, 401, {});
    return true;
  };
  server.seen.length = 0;
  const error = await refusal({ authorization: plugin('{token: "t"}') });
  server.intercept = before;
  assert.equal(server.seen.length, 1);
  assert.equal(error.code, 'PlatformAuth');
});

test('says what is wrong with a command', async () => {
  const cases: [string, RegExp][] = [
    ['{}', /neither a token/],
    ['process.exit(3)', /ended with 3/],
    ['{token: "t", expirationTimestamp: "soon"}', /no time/],
    ['{token: "x".repeat(2000000)}', /more than/],
  ];
  for (const [expression, message] of cases) {
    const error = await refusal({ authorization: plugin(expression) });
    assert.equal(error.code, 'PlatformAuth');
    assert.match(error.message, message);
  }
  const missing = plugin('{}');
  if (missing?.kind === 'exec') missing.plugin.command = 'no-such-command';
  assert.match((await refusal({ authorization: missing })).message, /ENOENT/);
});
