import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { exitCodes } from '../exit-codes.ts';
import { writeLogin } from '../login-file.ts';
import { runCli } from '../main.ts';
import { makeCertificates } from '../testing/certificates.ts';
import { FakeNorthbound } from '../testing/fake-northbound.ts';
import { type TestContext, testContext } from '../testing/test-context.ts';

let folder = '';
let tls: Awaited<ReturnType<typeof makeCertificates>>;
let northbound: FakeNorthbound;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-infra-'));
  tls = await makeCertificates();
  const cluster = { server: 'https://10.0.0.1:6443' };
  const kubeconfig = {
    'current-context': 'edge',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'hunter2' } }],
    contexts: [{ name: 'edge', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(path.join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
});
after(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  northbound = new FakeNorthbound({ tls });
  const url = await northbound.start();
  const expiresAt = Date.now() + 3_600_000;
  const login = { url, caPem: tls.caPem, username: 'admin', token: northbound.token, expiresAt };
  await writeLogin(path.join(folder, 'login.json'), login);
  northbound.sites.push({ id: 'site-1', name: 'north', labels: {} });
  const status = { connected: true, since: Date.now(), alarms: [] };
  northbound.agents.push({ id: 'agent-1', siteId: 'site-1', name: 'edge', revoked: false, status });
});
afterEach(() => northbound.stop());

async function run(...args: string[]): Promise<TestContext & { code: number }> {
  const context = testContext(folder, { SKERRY_HOME: folder });
  return Object.assign(context, { code: await runCli(args, context) });
}
const addCluster = (...args: string[]) => run('infra', 'add', 'kubernetes', ...args);
const created = () =>
  northbound.requests.find(({ method, path }) => method === 'POST' && path.endsWith('/infras'))!.body;
const settingsOf = (body: Record<string, unknown>) => body['settings'] as Record<string, unknown>;

const amounts = (vcpus: number) => ({ vcpus, memoryMib: vcpus * 1024, storageGib: 0 });
const cluster = {
  version: '1.35.4',
  cni: ['flannel', 'multus'],
  networks: ['default/left'],
  storageClasses: [{ name: 'fast', provisioner: 'csi.example', isDefault: true }],
  nodes: [
    {
      name: 'node-1',
      isReady: true,
      isSchedulable: true,
      zone: 'zone-a',
      conditions: [],
      total: amounts(4),
      used: amounts(1.25),
      measured: amounts(0.5),
    },
    {
      name: 'node-2',
      isReady: false,
      isSchedulable: true,
      conditions: ['MemoryPressure'],
      total: amounts(4),
      used: amounts(0),
    },
  ],
  missing: ['There is no metrics API; install metrics-server.'],
};
const healthy = { healthy: true, version: '1.35.4', features: ['helm-release', 'metrics'], cluster };

test('a cluster is entered with its kubeconfig, checked at once, and shown with what is missing', async () => {
  northbound.cluster = healthy;
  const done = await addCluster(
    '--agent',
    'edge',
    '--kubeconfig',
    'kubeconfig',
    '--namespace',
    'a',
    '--namespace',
    'b',
  );
  assert.equal(done.code, 0, done.errText);
  const { name, kind, agentId } = created();
  assert.deepEqual([name, kind, agentId], ['edge-kubernetes', 'kubernetes', 'agent-1']);
  const { kubeconfig, ...settings } = settingsOf(created());
  assert.deepEqual(settings, { context: 'edge', namespaces: ['a', 'b'] });
  assert.match(String(kubeconfig), /hunter2/);
  for (const words of [
    /version\s+1\.35\.4/,
    /nodes ready\s+1 of 2/,
    /network plugins\s+flannel, multus/,
    /storage classes\s+fast \(default\) by csi\.example/,
    /can do\s+helm-release, metrics/,
    /missing\s+There is no metrics API; install metrics-server\./,
    /node-1\s+zone-a\s+yes\s+-\s+1\.3 of 4, measured 0\.5/,
    /node-2\s+-\s+no\s+MemoryPressure/,
  ])
    assert.match(done.outText, words);
  assert.doesNotMatch(done.outText + done.errText, /hunter2/);
  assert.match((await run('infra', 'list')).outText, /edge-kubernetes\s+north\s+kubernetes\s+yes.*1\.35\.4\s+1 of 2/);
});

test('a cluster that cannot be used is exit code 1, with the reason', async () => {
  northbound.cluster = { healthy: false, message: 'the API server refuses the token' };
  const done = await addCluster('k1', '--agent', 'edge', '--kubeconfig', 'kubeconfig');
  assert.equal(done.code, exitCodes.failed);
  assert.match(done.errText, /skerry: k1 cannot be used: the API server refuses the token/);
  assert.equal(northbound.infras.length, 1, 'it stays, to be mended');
});

test('an agent that is away checks later', async () => {
  northbound.agents[0]!['status'] = { connected: false, since: 0, alarms: [] };
  const done = await addCluster('--agent', 'edge', '--kubeconfig', 'kubeconfig');
  assert.equal(done.code, 0, done.errText);
  assert.match(done.errText, /is away: it will be checked when the agent is back/);
});

test('the other ways to a cluster, and more settings', async () => {
  const onNode = ['--kubeconfig-on-node', '/etc/k', '--context', 'c', '--set', 'defaultNamespace=x', '--no-wait'];
  assert.equal((await addCluster('k1', '--agent', 'edge', ...onNode, '--label', 'tier=far')).code, 0);
  assert.deepEqual(settingsOf(created()), { kubeconfigFile: '/etc/k', context: 'c', defaultNamespace: 'x' });
  assert.deepEqual(created()['labels'], { tier: 'far' });
  northbound.requests.length = 0;
  assert.equal((await addCluster('k2', '--agent', 'edge', '--in-cluster', '-o', 'json')).code, 0);
  assert.deepEqual(settingsOf(created()), { inCluster: true });
});

test('wrong use is said before anything is entered', async () => {
  const kubeconfig = ['--agent', 'edge', '--kubeconfig', 'kubeconfig'];
  for (const [args, words] of [
    [['--agent', 'edge'], /no way to the cluster.*--in-cluster/],
    [[...kubeconfig, '--in-cluster'], /more than one way/],
    [[...kubeconfig, '--context', 'nope'], /kubeconfig: contexts of the kubeconfig holds no context "nope"/],
    [['--agent', 'edge', '--kubeconfig-on-node', 'k'], /no absolute path/],
    [['--kubeconfig', 'kubeconfig'], /--agent/],
  ] as const) {
    const done = await addCluster(...args);
    assert.equal(done.code, exitCodes.usage, done.errText);
    assert.match(done.errText, words);
  }
  assert.equal((await run('infra', 'add', 'sim', '--agent', 'edge')).code, exitCodes.usage);
  assert.equal(northbound.infras.length, 0);
});

test('the general form still takes every kind, and checks a cluster as well', async () => {
  northbound.cluster = { healthy: false, message: 'no such file' };
  const add = ['infra', 'add', 'k1', '--agent', 'edge', '--kind', 'kubernetes', '--set', 'kubeconfigFile=/x'];
  const done = await run(...add);
  assert.equal(done.code, exitCodes.failed);
  assert.match(done.errText, /no such file/);
});

test('settings and labels are changed, new credentials are checked, an infra is closed and opened', async () => {
  northbound.cluster = healthy;
  await addCluster('k1', '--agent', 'edge', '--kubeconfig-on-node', '/etc/k', '--no-wait');
  const patch = () => northbound.requests.findLast(({ method }) => method === 'PATCH')!.body;
  northbound.cluster = { healthy: false, message: 'expired' };
  const bad = await run('infra', 'set', 'k1', '--kubeconfig', 'kubeconfig');
  assert.equal(bad.code, exitCodes.failed, 'the word of before does not count');
  assert.match(bad.errText, /expired/);
  const { kubeconfig: _, ...others } = settingsOf(patch());
  assert.deepEqual(others, { kubeconfigFile: null, inCluster: null, context: 'edge' });
  assert.equal((await run('infra', 'set', 'k1', '--label', 'tier=far', '--label', 'old=')).code, 0);
  assert.deepEqual(patch(), { labels: { tier: 'far', old: null } });
  assert.equal((await run('infra', 'set', 'k1')).code, exitCodes.usage);
  assert.match((await run('infra', 'close', 'k1')).errText, /closed for new placements/);
  assert.deepEqual(patch(), { schedulable: false });
  assert.match((await run('infra', 'open', 'k1')).errText, /open for new placements/);
  assert.deepEqual(patch(), { schedulable: true });
});
