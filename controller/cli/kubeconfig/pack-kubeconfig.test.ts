import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { readKubeconfig } from '#shared/kubeconfig/index.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { makeCertificates } from '../testing/certificates.ts';
import { testContext } from '../testing/test-context.ts';
import { packKubeconfig } from './pack-kubeconfig.ts';

let folder = '';
let pem: Awaited<ReturnType<typeof makeCertificates>>;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-kubeconfig-'));
  pem = await makeCertificates();
  mkdirSync(path.join(folder, 'kube', 'pki'), { recursive: true });
  writeFileSync(path.join(folder, 'kube', 'pki', 'ca.pem'), pem.caPem);
  writeFileSync(path.join(folder, 'kube', 'client.pem'), pem.cert);
  writeFileSync(path.join(folder, 'kube', 'client.key'), pem.key);
  writeFileSync(path.join(folder, 'kube', 'token'), 'from-a-file\n');
});
after(() => rmSync(folder, { recursive: true, force: true }));

type Part = Record<string, unknown>;

function write(cluster: Part, user: Part, more: Part = {}): string {
  const file = path.join(folder, 'kube', 'config');
  const other = { server: 'https://10.9.9.9:6443' };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'edge',
    clusters: [
      { name: 'other', cluster: other },
      { name: 'edge', cluster: { server: 'https://10.0.0.1:6443', ...cluster } },
    ],
    users: [
      { name: 'other', user: { token: 'of-somebody-else' } },
      { name: 'admin', user },
    ],
    contexts: [
      { name: 'other', context: { cluster: 'other', user: 'other' } },
      { name: 'edge', context: { cluster: 'edge', user: 'admin', namespace: 'apps' } },
    ],
    ...more,
  };
  writeFileSync(file, stringify(config));
  return 'kube/config';
}

const pack = (file: string, context?: string) => packKubeconfig(testContext(folder), file, context);

async function complaint(file: string, context?: string): Promise<string> {
  const error = await pack(file, context).then(
    () => assert.fail('it was packed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CliError, String(error));
  assert.equal(error.exitCode, exitCodes.usage);
  return `${error.message}; ${error.remedy}`;
}

test('one context travels, with the files that it names, and reads on the other side', async () => {
  const user = { 'client-certificate': 'client.pem', 'client-key': path.join(folder, 'kube', 'client.key') };
  const packed = await pack(write({ 'certificate-authority': 'pki/ca.pem', 'tls-server-name': 'k' }, user));
  assert.deepEqual([packed.context, packed.server, packed.warnings], ['edge', 'https://10.0.0.1:6443', []]);
  assert.doesNotMatch(packed.text, /other|somebody-else|pki|client\.key/);
  const read = await readKubeconfig(packed.text, { allowExec: false });
  assert.ok(read.ok, read.ok ? '' : read.error.message);
  assert.deepEqual(read.value, {
    server: 'https://10.0.0.1:6443',
    tls: { caPem: pem.caPem, serverName: 'k' },
    certificate: { certPem: pem.cert, keyPem: pem.key },
    namespace: 'apps',
  });
});

test('a named context, a token from its file, standard input', async () => {
  assert.equal((await pack(write({}, { token: 't' }), 'other')).server, 'https://10.9.9.9:6443');
  const packed = await pack(write({}, { tokenFile: 'token' }));
  assert.match(packed.text, /"token":"from-a-file"/);
  assert.match(packed.warnings.join(), /skerry infra set/);
  const piped = testContext(folder, {}, packed.text);
  assert.equal((await packKubeconfig(piped, '-')).context, 'edge');
});

test('data is preferred to the file beside it, as kubectl does', async () => {
  const data = Buffer.from(pem.caPem).toString('base64');
  const cluster = { 'certificate-authority': 'nowhere.pem', 'certificate-authority-data': data };
  assert.match((await pack(write(cluster, { token: 't' }))).text, new RegExp(data));
});

test('what will not work elsewhere is said', async () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws-iam', interactiveMode: 'Never' };
  const packed = await pack(write({ server: 'https://127.0.0.1:6443' }, { exec }));
  assert.match(packed.warnings.join('\n'), /127\.0\.0\.1.*this machine.*\n.*`aws-iam`.*SKERRY_KUBERNETES_EXEC=allow/);
  assert.match(packed.text, /aws-iam/);
});

test('complaints name the file, the place in it and what to do', async () => {
  const cases: [Part, Part, RegExp][] = [
    [
      { 'certificate-authority': 'gone.pem' },
      {},
      /config: clusters\[1\]\.cluster\.certificate-authority .*gone\.pem.*ENOENT/,
    ],
    [{ 'certificate-authority': 'token' }, {}, /clusters\[1\].*token, which is no PEM file.*openssl/],
    [{ server: 'nonsense' }, {}, /config: clusters\[1\]\.cluster\.server .*no https/],
    [{}, { token: 'REDACTED' }, /config: users\[1\]\.user\.token .*--raw/],
    [{}, { 'auth-provider': { name: 'gcp' } }, /users\[1\]\.user\.auth-provider .*service account/],
    [{}, { 'client-certificate': 'client.pem' }, /users\[1\]\.user\.client-key-data .*missing/],
  ];
  for (const [cluster, user, words] of cases) assert.match(await complaint(write(cluster, user)), words);
  assert.match(await complaint(write({}, { token: 't' }), 'nope'), /no context "nope".*"other", "edge"/);
  assert.match(await complaint('kube/nowhere'), /nowhere cannot be read \(ENOENT\)/);
  writeFileSync(path.join(folder, 'broken'), 'a: [1');
  assert.match(await complaint('broken'), /broken: The kubeconfig is no YAML/);
});

test('a complaint never quotes a secret', async () => {
  assert.doesNotMatch(await complaint(write({}, { token: 'hunter 2' })), /hunter/);
});
