import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { onSite } from '../../e2e/service.ts';
import { kubeconfigFile, until } from '../cluster.ts';
import { kubectlOf } from '../kubectl.ts';
import { hookPackages, kindPackages } from './hook-charts.ts';
import { KubernetesRig, skipWithoutTools } from './kubernetes-rig.ts';
import { WatchedJobs } from './watched-jobs.ts';
import { webParams } from './web-packages.ts';
import { namespaceOf } from './web-service.ts';

const group = `run-${randomBytes(4).toString('hex')}.test.skerry.example`;
const kind = { group, plural: 'greetings' };
const apiVersion = `${group}/v1`;
const definition = { name: `greetings.${group}` };
const another = { group: `other-${group}`, plural: 'greetings' };
let rig: KubernetesRig;

test('hooks of charts run exactly once', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  const sites = {
    calm: { cluster: 'first' },
    third: { cluster: 'first' },
    killed: { cluster: 'first' },
    forgetful: { cluster: 'first' },
  } as const;
  const packages = (folder: string) => [...hookPackages(folder, kind), ...kindPackages(folder, another)];
  rig = await KubernetesRig.start(t, { packages, sites });
  const kinds = [definition.name, `greetings.${another.group}`];
  t.after(() => kubectlOf(kubeconfigFile ?? '', ['delete', 'crd', ...kinds, '--ignore-not-found']));
  await Promise.all([
    t.test('a kind that three charts bring at once is made by one of them', threeAtOnce),
    t.test('a kind of its own, an object of it, and what is to be kept', calm),
    t.test('also when the agent is killed in the middle of each', (t) => killed(t, 'killed', 'hooks_ns')),
    t.test('and when hooks that succeeded are removed', (t) => killed(t, 'forgetful', 'hooks_gone_ns')),
  ]);
});

async function threeAtOnce(): Promise<void> {
  const { rig: all, cluster } = rig;
  const id = await all.createNs('kinds_ns', 'three at once');
  const namespaces = ['one', 'two', 'three'].map((profile) => [profile, `${namespaceOf(id)}-${profile}`] as const);
  const additionalParamsForVnf = namespaces.flatMap(
    ([profile, namespace]) => webParams({ 'k8s-namespace': namespace }, profile).additionalParamsForVnf,
  );
  await all.completed(await all.api.instantiateNs(id, { ...onSite('third'), additionalParamsForVnf }));
  for (const [, namespace] of namespaces)
    assert.ok(await cluster.get(`${another.group}/v1`, 'Greeting', { namespace, name: 'hello' }), namespace);
  await all.completed(await all.api.terminateNs(id, {}));
  for (const [, namespace] of namespaces) await rig.endOf(namespace);
}

async function calm(t: TestContext): Promise<void> {
  const { rig: all, cluster } = rig;
  const id = await all.createNs('hooks_ns', 'calm');
  const namespace = namespaceOf(id);
  const jobs = new WatchedJobs(t, cluster, namespace);
  await all.completed(await all.api.instantiateNs(id, onSite('calm')));
  const greeting = async () => (await cluster.get(apiVersion, 'Greeting', { namespace, name: 'hello' }))?.spec;
  assert.deepEqual(await greeting(), { text: 'hello' });
  await all.completed(await rig.act(id, { action: 'upgrade', params: { values: { greeting: 'again' } } }));
  assert.deepEqual(await greeting(), { text: 'again' });
  await all.completed(await all.api.terminateNs(id, {}));
  assert.deepEqual(jobs.counts(), { 'after-upgrade': 1, before: 1, 'before-too': 1, farewell: 1 });
  assert.equal(await greeting(), undefined);

  // As Helm has it: kinds stay, and so does what its author wants to keep, with its namespace.
  assert.ok(await cluster.get('apiextensions.k8s.io/v1', 'CustomResourceDefinition', definition), 'the kind stays');
  const keepsake = await cluster.get('v1', 'ConfigMap', { namespace, name: 'keepsake' });
  const place = await cluster.get('v1', 'Namespace', { name: namespace });
  assert.equal(place?.metadata.deletionTimestamp, undefined, 'the namespace of what is kept stays');
  assert.deepEqual(keepsake?.['data'], { a: 'b' });
  const left = (await rig.owned('calm')).filter((line) => !/^(Namespace|CustomResourceDefinition) /.test(line));
  assert.deepEqual(left, [`ConfigMap ${namespace} keepsake`]);
}

/** The agent dies and comes back while each of the hooks runs, and between them. */
async function killed(t: TestContext, siteName: string, nsdId: string): Promise<void> {
  const { rig: all, cluster } = rig;
  const site = rig.site(siteName);
  const id = await all.createNs(nsdId, siteName);
  const namespace = namespaceOf(id);
  const jobs = new WatchedJobs(t, cluster, namespace);
  const killAt = async (job: string, afterMs: number) => {
    await until(async () => jobs.counts()[job], `the hook ${job} runs`);
    await pause(afterMs);
    await site.agent.kill();
    await site.start();
  };
  const installing = await all.api.instantiateNs(id, onSite(siteName));
  await killAt('before', 500);
  await killAt('before-too', 500);
  await all.completed(installing);
  const upgrading = await rig.act(id, { action: 'upgrade', params: { values: { greeting: 'again' } } });
  await killAt('after-upgrade', 500);
  await all.completed(upgrading);
  const terminating = await all.api.terminateNs(id, {});
  await killAt('farewell', 500);
  await all.completed(terminating);
  assert.deepEqual(jobs.counts(), { 'after-upgrade': 1, before: 1, 'before-too': 1, farewell: 1 });
}
