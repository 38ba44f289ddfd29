import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDescriptor } from './index.ts';
import type { VnfModel } from './vnf-model.ts';

function modelOf(text: string): VnfModel {
  const parsed = parseDescriptor(text, 'vnfd.yaml');
  const errors = parsed.complaints.filter((complaint) => complaint.severity === 'error');
  assert.deepEqual(errors, []);
  return parsed.model as VnfModel;
}

const head = `vnfd:
  id: web
  provider: test
  product-name: web
  software-version: '1'
  version: '1.0'
  mgmt-cp: mgmt
`;

test('OSM’s augments of KDUs: chart, Helm version, services, cluster', () => {
  const model = modelOf(`${head}  ext-cpd: [{id: mgmt, k8s-cluster-net: mgmtnet}]
  k8s-cluster: {version: ['1.35', '>=1.36'], cni: [cilium, multus], nets: [{id: mgmtnet}]}
  kdu:
  - {name: a, helm-chart: 'oci://registry.example/charts/web:1.2', helm-version: v4}
  - {name: b, manifests: k8s, service: [{name: http, mgmt-service: true, external-connection-point-ref: mgmt}]}
  df: [{id: default-df, kdu-resource-profile: [{id: b-count, kdu-name: b, resource-name: web, max-number-of-instances: 3}]}]
`);
  assert.deepEqual(
    model.kdus.map(({ name, helmChart, helmVersion, manifests }) => [name, helmChart ?? manifests, helmVersion]),
    [
      ['a', 'oci://registry.example/charts/web:1.2', 'v4'],
      ['b', 'k8s', undefined],
    ],
  );
  assert.deepEqual(model.k8sCluster, { versions: ['1.35', '>=1.36'], cni: ['cilium', 'multus'], nets: ['mgmtnet'] });
});

test('SOL006 4.x: an MCIOP is a KDU, its VDU scales as a workload of it and is no virtual machine', () => {
  const model = modelOf(`${head}  mciop-id: [charts/web-1.2.tgz]
  os-container-desc: [{id: c, name: c}]
  vdu:
  - {id: front, name: front, os-container-desc: [c], mcio-identification-data: {name: front, type: StatefulSet}}
  - {id: vm, name: vm, int-cpd: [{id: eth0}], virtual-compute-desc: vc}
  virtual-compute-desc: [{id: vc, virtual-cpu: {num-virtual-cpu: 1}, virtual-memory: {size: 1}}]
  ext-cpd: [{id: mgmt, int-cpd: {vdu-id: vm, cpd: eth0}}]
  df:
  - id: default-df
    vdu-profile: [{id: front, min-number-of-instances: 1, max-number-of-instances: 4}, {id: vm}]
    mciop-profile: [{id: charts/web-1.2.tgz, associated-vdu: [front]}]
    instantiation-level: [{id: l, vdu-level: [{vdu-id: front, number-of-instances: 2}, {vdu-id: vm, number-of-instances: 1}]}]
    default-instantiation-level: l
    scaling-aspect: [{id: more, name: more, max-scale-level: 2, aspect-delta-details: {deltas: [{id: d, vdu-delta: [{id: front, number-of-instances: 1}]}], step-deltas: [d]}}]
`);
  assert.deepEqual(
    model.vdus.map((vdu) => vdu.id),
    ['vm'],
  );
  assert.deepEqual(model.kdus, [{ name: 'web-1.2', helmChart: 'charts/web-1.2.tgz', services: [] }]);
  assert.deepEqual(model.containers, [
    { vduId: 'front', kduName: 'web-1.2', workload: { name: 'front', type: 'StatefulSet' } },
  ]);
  const [flavour] = model.flavours;
  assert.deepEqual(flavour!.kduProfiles, [
    { id: 'front', kduName: 'web-1.2', resourceName: 'front', min: 1, max: 4, initial: 2 },
  ]);
  assert.deepEqual(flavour!.scalingAspects[0]!.steps, [{ vduDeltas: {}, kduDeltas: { front: 1 } }]);
  assert.deepEqual(flavour!.instantiationLevels[0]!.vduCounts, { vm: 1 });
});
