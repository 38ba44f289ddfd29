import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { eventually, kubeconfigFile, kubectl, tryKubectl, withoutCluster } from './kubectl.ts';
import { Installation, manifestsFolder, type Question } from './rbac-installation.ts';

const skip = withoutCluster();

const facts: Question[] = [
  'list nodes',
  'watch nodes',
  'get namespaces',
  'list storageclasses.storage.k8s.io',
  'watch storageclasses.storage.k8s.io',
  'list nodes.metrics.k8s.io',
  'get customresourcedefinitions.apiextensions.k8s.io',
].map((may) => ({ may }));
/** Which network plugins there are. */
const plugins: Question = { may: 'list daemonsets.apps', namespace: 'kube-system' };
const networks: Question = { may: 'watch network-attachment-definitions.k8s.cni.cncf.io' };

const usualKinds = [
  ...['configmaps', 'persistentvolumeclaims', 'pods', 'secrets', 'serviceaccounts', 'services'],
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch'],
  ...['horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy', 'ingresses.networking.k8s.io'],
  ...['networkpolicies.networking.k8s.io', 'roles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io'],
];
const callsOfTheConnector = ['get', 'list', 'watch', 'create', 'patch', 'delete'];

function workloadsIn(namespace?: string): Question[] {
  const place = namespace === undefined ? {} : { namespace };
  return usualKinds.flatMap((kind) => callsOfTheConnector.map((verb) => ({ may: `${verb} ${kind}`, ...place })));
}

/** Whatever mode: ways to more rights, to other people's shells and to the nodes. */
const never: Question[] = [
  ...['patch nodes', 'delete nodes', 'update nodes/status', 'create nodes/proxy', 'get nodes/proxy'],
  ...['impersonate users', 'impersonate groups', 'impersonate serviceaccounts', 'create serviceaccounts/token'],
  ...['create pods/exec', 'get pods/exec', 'create pods/attach', 'create pods/portforward', 'create pods/eviction'],
  ...['patch pods/ephemeralcontainers', 'create pods/binding', 'patch persistentvolumes', 'create persistentvolumes'],
  'create certificatesigningrequests.certificates.k8s.io',
  'update certificatesigningrequests/approval.certificates.k8s.io',
  'approve signers.certificates.k8s.io',
  'escalate roles.rbac.authorization.k8s.io',
  'bind roles.rbac.authorization.k8s.io',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'bind clusterroles.rbac.authorization.k8s.io',
  'create clusterroles.rbac.authorization.k8s.io',
  'patch clusterrolebindings.rbac.authorization.k8s.io',
  'create mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'patch validatingwebhookconfigurations.admissionregistration.k8s.io',
  'delete validatingadmissionpolicies.admissionregistration.k8s.io',
  'delete validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'create customresourcedefinitions.apiextensions.k8s.io',
  'create apiservices.apiregistration.k8s.io',
  'patch storageclasses.storage.k8s.io',
  'create flowschemas.flowcontrol.apiserver.k8s.io',
  'patch resourcequotas',
  'update namespaces/finalize',
  'deletecollection pods',
  'create virtualmachines.kubevirt.io',
  '* *',
].map((may) => ({ may }));

test('an agent of the whole cluster may do what the connector calls, and nothing that leads further', {
  skip,
}, async (t) => {
  const agent = await Installation.start(t, ['rbac.yaml']);
  await agent.untilSummedUp();
  const namespaces = ['get', 'list', 'watch', 'create', 'patch', 'delete'].map((verb) => ({
    may: `${verb} namespaces`,
  }));
  await agent.mayAll([...facts, plugins, networks, ...namespaces, ...workloadsIn()]);
  await agent.mayNone(never);
});

test('an option adds what it says, and no more', { skip }, async (t) => {
  const agent = await Installation.start(t, ['rbac.yaml']);
  await agent.untilSummedUp();
  const network: Question = { may: 'patch network-attachment-definitions.k8s.cni.cncf.io', namespace: 'default' };
  const definition: Question = { may: 'create customresourcedefinitions.apiextensions.k8s.io' };
  await agent.mayNone([network, definition]);
  await agent.apply('rbac-options.yaml', '-l', 'skerry.io/option in (networks, crds)');
  await eventually('the options are summed up', async () =>
    (await agent.asks([network, definition])).every(Boolean) ? true : undefined,
  );
  const others = never.filter(({ may }) => may !== definition.may);
  await agent.mayNone(others);
});

test('an agent of some namespaces sees and changes nothing in others', { skip }, async (t) => {
  const agent = await Installation.start(t, ['rbac-namespaced.yaml']);
  await agent.untilSummedUp();
  await agent.mayAll([
    ...facts,
    plugins,
    { ...networks, namespace: `${agent.name}-cnf` },
    ...workloadsIn(`${agent.name}-cnf`),
  ]);
  const elsewhere = workloadsIn();
  const inSystem = workloadsIn('kube-system').filter(({ may }) => may !== plugins.may);
  const namespaces = ['create', 'patch', 'delete'].map((verb) => ({ may: `${verb} namespaces`, name: 'default' }));
  await agent.mayNone([...elsewhere, ...inSystem, ...namespaces, ...never]);
});

test('the guard refuses what RBAC cannot', { skip }, async (t) => {
  const agent = await Installation.start(t, ['rbac.yaml', 'guard.yaml']);
  await agent.untilSummedUp();
  const foreign = `${agent.name}-foreign`;
  const closed = `${agent.name}-closed`;
  t.after(() => tryKubectl(['delete', 'namespace', foreign, closed, '--ignore-not-found', '--wait=false']));
  await kubectl(['create', 'namespace', foreign]);
  await kubectl(['create', 'namespace', closed]);
  await kubectl(['label', 'namespace', closed, 'skerry.io/off-limits=true']);
  await kubectl(['create', 'configmap', 'theirs', '-n', foreign]);

  const map = (namespace: string, labels: object, name = 'ours') => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels },
  });
  const own = { 'skerry.io/owner': 'agent-1' };
  await eventually('the guard is awake', async () => {
    const { isDone } = await agent.applies(map('kube-system', own));
    return isDone ? undefined : true;
  });

  const refused: [what: string, attempt: ReturnType<typeof tryKubectl>][] = [
    ['a Secret in kube-system', agent.applies({ ...map('kube-system', own), kind: 'Secret' })],
    ['its own namespace', agent.applies(map(agent.name, own))],
    ['a namespace that is off limits', agent.applies(map(closed, own))],
    ['an object without its label', agent.applies(map(foreign, {}))],
    ['an object of somebody else, by apply', agent.applies(map(foreign, own, 'theirs'))],
    ['an object of somebody else, by delete', agent.write(['delete', 'configmap', 'theirs', '-n', foreign])],
    ['a namespace of somebody else', agent.write(['delete', 'namespace', foreign])],
    ['the label of a closed namespace', agent.write(['label', 'namespace', closed, 'skerry.io/off-limits-'])],
  ];
  for (const [what, attempt] of refused) {
    const { isDone, stderr } = await attempt;
    assert.equal(isDone, false, what);
    assert.match(stderr, /Skerry's agent/, what);
  }

  const done = await agent.applies(map(foreign, own));
  assert.ok(done.isDone, done.stderr);
  const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${agent.name}-made`, labels: own } };
  t.after(() => tryKubectl(['delete', 'namespace', made.metadata.name, '--ignore-not-found', '--wait=false']));
  await kubectl(['create', '--as', agent.user, '-f', '-'], JSON.stringify(made));
  await kubectl(
    ['apply', '--server-side', '--as', agent.user, '-f', '-'],
    JSON.stringify(map(made.metadata.name, own)),
  );
  await kubectl(['delete', 'configmap', 'ours', '-n', made.metadata.name, '--as', agent.user]);
  await kubectl(['delete', 'namespace', made.metadata.name, '--as', agent.user, '--wait=false']);
});

test('a role of a chart can give no more than the agent has', { skip }, async (t) => {
  const agent = await Installation.start(t, ['rbac.yaml']);
  await agent.untilSummedUp();
  const role = (resource: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'of-a-chart', namespace: 'default', labels: { 'skerry.io/owner': 'agent-1' } },
    rules: [{ apiGroups: [''], resources: [resource], verbs: ['create', 'update', 'patch'] }],
  });
  const good = await agent.applies(role('configmaps'));
  assert.ok(good.isDone, good.stderr);
  const bad = await agent.applies(role('pods/exec'));
  assert.equal(bad.isDone, false);
  assert.match(bad.stderr, /attempting to grant RBAC permissions not currently held/);
});

test('a kubeconfig is printed that works, and ends', { skip }, async (t) => {
  const agent = await Installation.start(t, ['rbac.yaml']);
  await agent.untilSummedUp();
  const home = mkdtempSync(path.join(tmpdir(), 'skerry-kubeconfig-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const script = path.join(manifestsFolder, 'make-kubeconfig.sh');
  const environment = {
    ...process.env,
    KUBECONFIG: kubeconfigFile,
    KUBECTL: process.env['SKERRY_TEST_KUBECTL'] ?? 'kubectl',
  };
  for (const options of [['-d', '1h'], ['-p']]) {
    const args = [script, '-n', agent.name, ...options];
    const { stdout, stderr } = await promisify(execFile)('sh', args, { env: environment });
    assert.match(
      stderr,
      options[0] === '-p' ? /does not expire/ : /^This token ends at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/,
    );
    const file = path.join(home, 'kubeconfig');
    writeFileSync(file, stdout, { mode: 0o600 });
    const answer = await tryKubectl([
      '--kubeconfig',
      file,
      'auth',
      'whoami',
      '-o',
      'jsonpath={.status.userInfo.username}',
    ]);
    assert.equal(answer.stdout, agent.user, answer.stderr);
  }
});
