import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createImagePusher } from '#agent/artefacts/index.ts';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import { type InfraId, id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import {
  imageArchive,
  nodeSelector,
  registryUrl,
  skipWithoutCluster,
  TestCluster,
  testImage,
  until,
} from './cluster.ts';
import { callContext, loneUnit } from './lone-unit.ts';

const skip =
  skipWithoutCluster ||
  (registryUrl === undefined || imageArchive === undefined
    ? 'set SKERRY_TEST_REGISTRY to a registry that nodes pull from, and SKERRY_TEST_IMAGE_ARCHIVE to a docker archive of SKERRY_TEST_IMAGE'
    : false);
const digest = `sha256:${'b'.repeat(64)}`;

test('an image that travels with the package is pushed to the site’s registry, and pods pull it from there', {
  skip,
}, async (t) => {
  const cluster = await TestCluster.open();
  const namespace = await cluster.makeNamespace('carried');
  const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-carried-'));
  const artefacts = { fetch: async () => imageArchive! };
  const registry = createConnectorRegistry({
    ...{ home, clock: systemClock, random: systemRandom, log: silentLogger },
    artefacts,
    pushImages: createImagePusher({ artefacts, log: silentLogger }),
  });
  const connector = await registry.open({
    ...{ infraId: id<InfraId>('i'), name: 'lab', kind: 'kubernetes' },
    settings: { kubeconfig: cluster.kubeconfig, imageRegistry: { url: registryUrl! } },
  });
  t.after(async () => {
    await connector.close();
    await cluster.removeNamespace(namespace);
    cluster.close();
    await rm(home, { recursive: true });
  });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'carried' },
    spec: {
      nodeSelector: nodeSelector(),
      tolerations: [{ operator: 'Exists' }],
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'c', image: testImage, command: ['sleep', '600'], imagePullPolicy: 'Always' }],
    },
  };
  const spec = {
    name: 'carried',
    namespace,
    objects: [pod],
    replicas: {},
    services: [],
    images: [{ reference: testImage, digest }],
  };
  const unit = loneUnit('manifests', spec);
  await connector.ensure(callContext(), unit);
  const running = await until(async () => {
    const found = await cluster.get('v1', 'Pod', { namespace, name: 'carried' });
    return found?.status?.['phase'] === 'Running' && found;
  }, 'the pod runs');
  const { containers } = running.spec as unknown as { containers: { image: string }[] };
  const [container] = containers;
  const host = registryUrl!.replace(/^https?:\/\//, '');
  assert.ok(container?.image.startsWith(`${host}/`), container?.image);
  await until(async () => {
    const [observed] = await connector.observe(callContext(), unit.owner);
    if (observed?.isStepDue) await connector.ensure(callContext(), unit);
    return observed?.phase === 'ready';
  }, 'the unit is ready');
  await until(async () => {
    await connector.remove(callContext(), unit);
    return (await connector.observe(callContext(), unit.owner)).length === 0;
  }, 'the unit is gone');
});
