import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { inClusterEndpoint } from './in-cluster.ts';
import { type KubeconfigOptions, readKubeconfig } from './kubeconfig.ts';
import { makeTestCertificate, type TestCertificate } from './testing/test-certificate.ts';

let certificate: TestCertificate;
before(async () => {
  certificate = await makeTestCertificate('client');
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

type Part = Record<string, unknown>;

function config(cluster: Part = {}, user: Part = { token: 'abc' }, more: Part = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
    ...more,
  });
}

async function endpoint(text: string, options: Partial<KubeconfigOptions> = {}) {
  const result = await readKubeconfig(text, { allowExec: false, ...options });
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return result.value;
}

async function complaint(text: string, options: Partial<KubeconfigOptions> = {}) {
  const result = await readKubeconfig(text, { allowExec: false, ...options });
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'BadRequest');
  return { path: result.error.details['path'], message: result.error.message, remedy: result.error.remedy ?? '' };
}

test('reads a token, in JSON and in YAML', async () => {
  const wanted = {
    server: 'https://10.0.0.1:6443',
    tls: {},
    authorization: { kind: 'token', token: 'abc' },
    namespace: 'n',
  };
  assert.deepEqual(await endpoint(config()), wanted);
  const yaml = `# mine
current-context: here
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443/"}}]
users:
- name: u
  user: {token: abc}
contexts:
- {name: here, context: {cluster: c, user: u, namespace: n}}`;
  assert.deepEqual(await endpoint(yaml), wanted);
});

test('reads certificates, names and the lack of verification', async () => {
  const data = {
    'client-certificate-data': base64(certificate.certPem),
    'client-key-data': base64(certificate.keyPem),
  };
  const cluster = { 'certificate-authority-data': base64(certificate.certPem), 'tls-server-name': 'api' };
  const found = await endpoint(config(cluster, data));
  assert.deepEqual(found.certificate, { certPem: certificate.certPem, keyPem: certificate.keyPem });
  assert.deepEqual(found.tls, { caPem: certificate.certPem, serverName: 'api' });
  const unsafe = await endpoint(config({ 'insecure-skip-tls-verify': true }, { username: 'a', password: 'b' }));
  assert.deepEqual(unsafe.tls, { isVerificationOff: true });
  assert.deepEqual(unsafe.authorization, { kind: 'basic', username: 'a', password: 'b' });
});

test('names the place and the remedy of what cannot be used', async () => {
  const other = await makeTestCertificate('other');
  const pair = { 'client-certificate-data': base64(certificate.certPem), 'client-key-data': base64(other.keyPem) };
  const cases: [string, string, RegExp][] = [
    [config({ 'certificate-authority': '/etc/ca' }), 'clusters[0].cluster.certificate-authority', /--flatten --minify/],
    [config({}, { 'client-certificate': '/c' }), 'users[0].user.client-certificate', /--flatten/],
    [config({}, { tokenFile: '/t' }), 'users[0].user.tokenFile', /service account/],
    [config({}, pair), 'users[0].user.client-key-data', /anew/],
    [config({}, { 'client-key-data': base64('x') }), 'users[0].user.client-key-data', /--flatten/],
    [config({}, { 'client-certificate-data': 'DATA+OMITTED' }), 'users[0].user.client-certificate-data', /--raw/],
    [config({}, { exec: { command: 'aws' } }), 'users[0].user.exec', /SKERRY_KUBERNETES_EXEC/],
    [config({}, { 'auth-provider': { name: 'gcp' } }), 'users[0].user.auth-provider', /service account/],
    [config({}, { as: 'root' }), 'users[0].user.as', /service account/],
    [config({ 'proxy-url': 'http://p' }), 'clusters[0].cluster.proxy-url', /directly/],
    [config({ server: 'file:///x' }), 'clusters[0].cluster.server', /https/],
    [config({ server: 'https://me:pw@host' }), 'clusters[0].cluster.server', /https/],
    [config({}, {}, { 'current-context': '' }), 'current-context', /"here"/],
    [config({}, {}, { 'current-context': 'there' }), 'contexts', /"here"/],
    [config({}, {}, { users: [] }), 'contexts[0].context.user', /none/],
    [config({}, {}, { clusters: [{ name: 'd' }] }), 'contexts[0].context.cluster', /"d"/],
    [config({}, {}, { kind: 'Pod' }), 'kind', /kubectl/],
    [config({}, { token: 7 }), 'users[0].user.token', /quotes/],
    ['', '', /kubectl/],
  ];
  for (const [text, path, remedy] of cases) {
    const found = await complaint(text);
    assert.equal(found.path, path, found.message);
    assert.match(found.remedy, remedy, found.message);
  }
  assert.match((await complaint('a: [')).message, /no YAML/);
  assert.match((await complaint('a: 1\n---\nb: 2')).message, /several/);
  assert.equal((await complaint(config(), { context: 'there' })).path, 'contexts');
});

test('takes a command and a token’s file only where they are allowed', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'aws',
    args: ['eks', 'get-token'],
    env: [{ name: 'AWS_PROFILE', value: 'x' }],
    provideClusterInfo: true,
  };
  assert.deepEqual((await endpoint(config({}, { exec }), { allowExec: true })).authorization, {
    kind: 'exec',
    plugin: {
      apiVersion: exec.apiVersion,
      command: 'aws',
      args: exec.args,
      environment: { AWS_PROFILE: 'x' },
      isGivenCluster: true,
    },
  });
  const always = { ...exec, interactiveMode: 'Always' };
  assert.match((await complaint(config({}, { exec: always }), { allowExec: true })).message, /nobody/);
  const old = { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' };
  assert.match((await complaint(config({}, { exec: old }), { allowExec: true })).message, /v1beta1/);
  const file = await endpoint(config({}, { tokenFile: '/t' }), { allowFiles: true });
  assert.deepEqual(file.authorization, { kind: 'token-file', path: '/t' });
});

test('answers anything with an endpoint or a complaint that quotes no secret', async () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.array(fc.string()), fc.object());
  await fc.assert(
    fc.asyncProperty(leaf, leaf, leaf, fc.string(), async (cluster, user, contexts, noise) => {
      const document = { kind: 'Config', 'current-context': 'a', clusters: cluster, users: user, contexts };
      for (const text of [JSON.stringify(document), noise]) await readKubeconfig(text, { allowExec: false });
      const secret = await readKubeconfig(config({}, { token: `s3cret ${noise}` }), { allowExec: false });
      assert.ok(!secret.ok && !secret.error.message.includes('s3cret'));
    }),
    { numRuns: 200 },
  );
  await complaint(`a: &a [1]\nkind: [${'*a,'.repeat(500)}]`);
  await complaint('x'.repeat(2_000_000));
});

test('finds the cluster in which it runs', async () => {
  await using place = await mkdtempDisposable(path.join(tmpdir(), 'skerry-account-'));
  const folder = path.join(place.path, 'account');
  const options = { host: 'fd00::1', port: '443', folder };
  await assert.rejects(inClusterEndpoint(options), /cannot be read/);
  await assert.rejects(inClusterEndpoint({ ...options, host: undefined }), /not run inside/);
  await mkdir(folder);
  await writeFile(path.join(folder, 'token'), 'abc');
  await writeFile(path.join(folder, 'ca.crt'), certificate.certPem);
  await writeFile(path.join(folder, 'namespace'), 'skerry\n');
  assert.deepEqual(await inClusterEndpoint(options), {
    server: 'https://[fd00::1]:443',
    tls: { caPem: certificate.certPem },
    authorization: { kind: 'token-file', path: path.join(folder, 'token') },
    namespace: 'skerry',
  });
});
