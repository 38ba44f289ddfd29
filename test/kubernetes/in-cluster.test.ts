import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { projectFolder, Rig, samplesFolder } from '#test/e2e/rig.ts';
import { nodeSelector, testImage } from './cluster.ts';
import { kubeconfigFile, kubectl, tryKubectl, withoutCluster } from './kubectl.ts';
import { Installation, manifestsFolder } from './rbac-installation.ts';

/**
 * SKERRY_TEST_IMAGE_LOADER: command that puts the image of a tar onto the nodes where pods of this test run; the tar's name is
 * added. Such a node is on this machine, so that its host network reaches a controller on loopback.
 * SKERRY_TEST_NODE_SELECTOR: `label=value` of those nodes.
 * SKERRY_TEST_HELM, SKERRY_TEST_KUBECTL: programs for the image; default: those on PATH.
 */
const loader = process.env['SKERRY_TEST_IMAGE_LOADER'] ?? '';
const skip = withoutCluster() || (loader === '' ? 'SKERRY_TEST_IMAGE_LOADER names no command' : false);

interface Manifest {
  kind: string;
  metadata: { labels: Record<string, string> };
  spec: { template: { spec: Pod } };
}
interface Pod {
  hostNetwork?: boolean;
  nodeSelector?: Record<string, string>;
  volumes: { name: string; persistentVolumeClaim?: object; emptyDir?: object }[];
  containers: { image: string; imagePullPolicy: string; env: { name: string; value: string }[] }[];
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: projectFolder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

function findProgram(name: string, given: string | undefined): string {
  if (given?.includes('/')) return given;
  const folders = (process.env['PATH'] ?? '').split(':');
  const found = folders.map((folder) => path.join(folder, given ?? name));
  const file = found.find((one) => spawnSync(one, ['version', '--client'], { stdio: 'ignore' }).error === undefined);
  if (file === undefined) throw new Error(`${name} is not on PATH`);
  return file;
}

/** Builds the image as a user would, and puts it where pods find it. @returns its name */
function loadImage(test: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skerry-image-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const name = 'skerry.test/agent:in-cluster';
  const file = path.join(folder, 'agent.tar');
  run(process.execPath, ['deploy/bundle/build.ts']);
  const helm = findProgram('helm', process.env['SKERRY_TEST_HELM']);
  const program = findProgram('kubectl', process.env['SKERRY_TEST_KUBECTL']);
  run(process.execPath, [
    ...['deploy/container/build-image.ts', '--tag', name, '--out', file],
    ...['--helm', helm, '--kubectl', program],
  ]);
  const [command = '', ...args] = loader.split(/\s+/);
  run(command, [...args, file]);
  return name;
}

/** What is different in a test: the image, the node, no volume, and a way to a controller on this machine's loopback. */
function adapted(manifest: Manifest, image: string): Manifest | undefined {
  if (manifest.kind === 'PersistentVolumeClaim') return undefined;
  if (manifest.kind === 'Namespace') manifest.metadata.labels['pod-security.kubernetes.io/enforce'] = 'privileged';
  if (manifest.kind !== 'Deployment') return manifest;
  const pod = manifest.spec.template.spec;
  const agent = pod.containers[0]!;
  const server = new URL(parseYaml(readFileSync(kubeconfigFile, 'utf8')).clusters[0].cluster.server);
  pod.hostNetwork = true;
  pod.nodeSelector = nodeSelector();
  pod.volumes = [...pod.volumes.filter(({ name }) => name !== 'state'), { name: 'state', emptyDir: {} }];
  agent.image = image;
  agent.imagePullPolicy = 'Never';
  // From the node's own network the API server is where its owner reaches it.
  agent.env.push(
    { name: 'KUBERNETES_SERVICE_HOST', value: server.hostname },
    { name: 'KUBERNETES_SERVICE_PORT', value: server.port || '443' },
  );
  return manifest;
}

test('the agent runs as a pod, enrols, and looks after the cluster that it is in', {
  skip,
  timeout: 280_000,
}, async (t) => {
  const image = loadImage(t);
  const rig = await Rig.start(t, { sites: [], packages: [] });
  const { id: siteId } = await rig.api.createSite({ name: 'cluster', labels: {} });
  const { token } = await rig.api.createJoinToken({ siteId, agentName: 'in-cluster' });

  const agent = new Installation();
  t.after(() => agent.remove());
  const text = agent.renamed(await kubectl(['kustomize', manifestsFolder]));
  const manifests = parseAllDocuments(text).map((document) => adapted(document.toJS() as Manifest, image));
  const join = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${agent.name}-agent-join`, namespace: agent.name },
    stringData: { token },
  };
  const all = [...manifests.filter((manifest) => manifest !== undefined), join];
  await agent.applyText(all.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
  const deployment = `deployment/${agent.name}-agent`;
  const here = ['-n', agent.name];
  const rollout = await tryKubectl(['rollout', 'status', deployment, ...here, '--timeout=90s']);
  if (!rollout.isDone) {
    const pods = await tryKubectl(['describe', 'pods', ...here]);
    const logs = await tryKubectl(['logs', deployment, ...here, '--tail=50']);
    assert.fail(`${rollout.stderr}\n${pods.stdout}\n${logs.stdout}`);
  }

  const connected = () =>
    rig.until('the agent is connected', async () => {
      const [found] = await rig.api.agents();
      return found?.status?.connected === true ? found : undefined;
    });
  const { id: agentId } = await connected();

  await t.test('its cluster shows its capacity', async () => {
    const { id } = await rig.api.createInfra({
      name: 'own-cluster',
      agentId,
      kind: 'kubernetes',
      settings: { inCluster: true },
    });
    const facts = await rig.until('the cluster is reported', async () => {
      const found = (await rig.api.infras()).find((one) => one.id === id);
      return found?.status?.facts ?? undefined;
    });
    assert.ok(facts.healthy, JSON.stringify(facts));
    assert.ok(facts.capacity.total.vcpus > 0, JSON.stringify(facts));
    // Its rights are those of deploy/kubernetes, and its programs those of the image.
    assert.deepEqual(
      facts.cluster?.missing.filter((sentence) => !/Multus/.test(sentence)),
      [],
    );
    for (const feature of ['helm-release', 'manifests']) assert.ok(facts.features.includes(feature));
  });

  await t.test('a service comes and goes with the rights of the manifests, and past the guard', async () => {
    const samples = ['web_knf', 'web_manifests_knf', 'web_ns'].map((name) => path.join(samplesFolder, name));
    await rig.onboard(samples);
    const [repository = '', tag = 'latest'] = testImage.split(/:(?=[^:/]+$)/);
    const values = { image: { repository, tag }, nodeSelector: nodeSelector() };
    const namespace = `${agent.name}-web`;
    const nsId = await rig.createNs('web_ns', 'in-cluster-web');
    const operation = await rig.api.instantiateNs(nsId, {
      additionalParamsForVnf: [
        {
          vnfProfileId: 'web',
          additionalParams: {
            'k8s-namespace': namespace,
            additionalParamsForKdu: [{ kdu_name: 'web', additionalParams: values }],
          },
        },
      ],
    });
    await rig.completed(operation).catch(async (cause) => {
      const units = await tryKubectl(['exec', deployment, ...here, '--', 'skerry', 'agent', 'units']);
      const logs = await tryKubectl(['logs', deployment, ...here, '--tail=50']);
      throw new Error(`${units.stdout}\n${logs.stdout}`, { cause });
    });
    const pods = await kubectl(['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].status.phase}']);
    assert.equal(pods, 'Running');
    await rig.completed(await rig.api.terminateNs(nsId, {}));
    await rig.until('its namespace is gone', async () => {
      const found = await tryKubectl(['get', 'namespace', namespace]);
      return found.isDone ? undefined : true;
    });
  });

  await t.test('a container that starts again is the same agent, without its token', async () => {
    await kubectl(['delete', 'secret', `${agent.name}-agent-join`, ...here]);
    const restarts = async () =>
      kubectl(['get', 'pods', ...here, '-o', 'jsonpath={.items[0].status.containerStatuses[0].restartCount}']);
    const before = await restarts();
    await kubectl(['exec', deployment, ...here, '--', 'node', '-e', "process.kill(1, 'SIGTERM')"]);
    await rig.until('the container has started again', async () => ((await restarts()) === before ? undefined : true));
    await kubectl(['rollout', 'status', deployment, ...here, '--timeout=60s']);
    assert.equal((await connected()).id, agentId);
  });

  await t.test('its command works in the pod', async () => {
    const status = JSON.parse(
      await kubectl(['exec', deployment, ...here, '--', 'skerry', 'agent', 'status', '-o', 'json']),
    );
    assert.equal(status.agentId, agentId);
  });
});
