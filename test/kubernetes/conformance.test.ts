import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import type { Connector } from '#shared/connector/index.ts';
import { type InfraId, id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { type ConnectorPlatform, describeConnector } from '../conformance/connector-suite.ts';
import { packChart } from './charts.ts';
import { hasProgram, skipWithoutCluster, TestCluster } from './cluster.ts';
import { FaultProxy, isWrite } from './fault-proxy.ts';

const infraId = id<InfraId>('infra-1');
/** Every test of a run shares them: names of objects are what they collide by. */
const namespace = `suite-${systemRandom.hex(4)}`;

async function makePlatform({ isProxied = false } = {}): Promise<ConnectorPlatform> {
  const cluster = await TestCluster.open();
  const proxy = await FaultProxy.open(cluster.file);
  const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-kubernetes-'));
  const chart = await packChart(home);
  const registry = createConnectorRegistry({
    ...{ home, clock: systemClock, random: systemRandom, log: silentLogger },
    artefacts: { fetch: async () => chart.file },
    kubernetes: { helm: 'helm', kustomize: 'kubectl', path: process.env['PATH'] ?? '', allowsExec: false },
  });
  const settings = { kubeconfig: isProxied ? proxy.kubeconfig : cluster.kubeconfig };
  return {
    open: (): Promise<Connector> => registry.open({ infraId, name: 'lab', kind: 'kubernetes', settings }),
    drift: async () => {
      await cluster.patch('v1', 'ConfigMap', { namespace, name: 'sample' }, { data: { greeting: 'changed' } });
    },
    ...(isProxied
      ? {
          hangNextEnsure: async () => {
            proxy.fail({ fault: { kind: 'hang' }, match: isWrite, times: 1 });
          },
        }
      : {}),
    close: async () => {
      await proxy.close();
      // The namespace stays for the next test: it takes seconds to go.
      for (const kind of ['ConfigMap', 'Secret'])
        for (const { metadata } of await cluster.list('v1', kind, { namespace, labels: 'skerry.io/owner' }))
          await cluster.delete('v1', kind, { namespace, name: metadata.name });
      cluster.close();
      await rm(home, { recursive: true });
    },
  };
}

const configMap = (greeting: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'sample' },
  data: { greeting },
});

describe('on a real API server', { skip: skipWithoutCluster }, () => {
  before(async () => {
    const cluster = await TestCluster.open();
    // Made by a person, so that no test's end takes it away.
    for (const name of [namespace, `${namespace}-other`])
      await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    cluster.close();
  });
  after(async () => {
    const cluster = await TestCluster.open();
    for (const name of [namespace, `${namespace}-other`]) await cluster.removeNamespace(name);
    cluster.close();
  });

  const manifests = {
    sample: { kind: 'manifests' as const, spec: { name: 'sample', namespace, objects: [configMap('hello')] } },
    inPlace: { objects: [configMap('good day')] },
    replacing: { namespace: `${namespace}-other` },
    patienceMs: 15_000,
  };
  describeConnector('kubernetes (manifests)', makePlatform, manifests);
  describeConnector('kubernetes (manifests, through a proxy)', () => makePlatform({ isProxied: true }), manifests);

  describe('with helm', { skip: hasProgram('helm') ? false : 'no helm on PATH' }, () => {
    describeConnector('kubernetes (helm-release)', makePlatform, {
      sample: {
        kind: 'helm-release',
        spec: {
          name: 'sample',
          namespace,
          chart: 'sample',
          chartDigest: `sha256:${'a'.repeat(64)}`,
          values: { greeting: 'hello' },
        },
      },
      inPlace: { values: { greeting: 'good day' } },
      replacing: { name: 'another' },
      patienceMs: 15_000,
    });
  });
});
