import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import { type InfraId, id } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { packChart } from './charts.ts';
import { hasProgram, skipWithoutCluster, TestCluster } from './cluster.ts';
import { callContext, loneUnit } from './lone-unit.ts';

const skip = skipWithoutCluster || (hasProgram('helm') ? false : 'no helm on PATH');
const template = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data:
  own: {{ (lookup "v1" "ConfigMap" .Release.Namespace "mine").data | toJson | quote }}
  others: {{ (lookup "v1" "ConfigMap" "kube-system" "extension-apiserver-authentication").data | toJson | quote }}
  nodes: {{ (lookup "v1" "Node" "" "").items | toJson | quote }}
`;

test('a chart looks up what lies in its own namespace, and finds nothing elsewhere', { skip }, async (t) => {
  const cluster = await TestCluster.open();
  const namespace = await cluster.makeNamespace('lookup');
  const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-lookup-'));
  const chart = await packChart(home, { templates: { 'map.yaml': template } });
  const registry = createConnectorRegistry({
    ...{ home, clock: systemClock, random: systemRandom, log: silentLogger },
    artefacts: { fetch: async () => chart.file },
    kubernetes: { helm: 'helm', kustomize: 'kubectl', path: process.env['PATH'] ?? '', allowsExec: false },
  });
  const settings = { kubeconfig: cluster.kubeconfig };
  const connector = await registry.open({ infraId: id<InfraId>('i'), name: 'lab', kind: 'kubernetes', settings });
  t.after(async () => {
    await connector.close();
    await cluster.removeNamespace(namespace);
    cluster.close();
    await rm(home, { recursive: true });
  });
  await cluster.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'mine', namespace },
    data: { a: 'b' },
  });
  const spec = {
    name: 'looker',
    namespace,
    chart: 'sample',
    chartDigest: `sha256:${'a'.repeat(64)}`,
    values: {},
    replicas: {},
    services: [],
  };
  await connector.ensure(callContext(), loneUnit('helm-release', spec));
  const made = await cluster.get('v1', 'ConfigMap', { namespace, name: 'looker' });
  assert.deepEqual(made?.['data'], { own: '{"a":"b"}', others: 'null', nodes: 'null' });
});
