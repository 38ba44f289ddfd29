import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkNsAgainstVnfs, type NsModel, parseDescriptor, type VnfModel } from './index.ts';

const samples = new URL('../../deploy/samples/', import.meta.url);
const sample = (path: string) => readFileSync(new URL(path, samples), 'utf8');
const vnf = (path: string) => parseDescriptor(sample(path), path).model as VnfModel;
const edgePath = 'edge_service_ns/edge_service_nsd.yaml';

test('a VNF model has every flavour, level and aspect', () => {
  const router = vnf('router_vnf/router_vnfd.yaml');
  assert.deepEqual(
    router.flavours.map(({ id }) => id),
    ['standard', 'redundant'],
  );
  const [standard, redundant] = router.flavours;
  assert.equal(standard?.defaultLevelId, 'one');
  assert.deepEqual(standard?.instantiationLevels[1], {
    id: 'three',
    vduCounts: { router: 3 },
    scaleLevels: { throughput: 2 },
  });
  assert.deepEqual(standard?.healing, [
    { vduId: 'router', automatic: true, action: 'REDEPLOY_ONLY', cooldownMs: 30_000 },
  ]);
  assert.deepEqual(redundant?.affinityGroups, [{ id: 'apart', policy: 'anti-affinity', scope: 'nfvi-node' }]);
  assert.deepEqual(redundant?.vduProfiles, [{ vduId: 'router', min: 2, max: 2, affinityGroupIds: ['apart'] }]);
  assert.equal(router.vdus[0]?.memoryMib, 512);
  assert.deepEqual(router.vdus[0]?.cloudInit, { file: 'router.cfg' });
  assert.deepEqual(
    router.vdus[0]?.ports.map(({ extCpId, position }) => [extCpId, position]),
    [
      ['mgmt-ext', 0],
      ['data-ext', 1],
    ],
  );
});

test('a second storage is a volume, a link has its IP profile', () => {
  const cache = vnf('cache_vnf/cache_vnfd.yaml');
  const worker = cache.vdus.find(({ id }) => id === 'worker');
  assert.equal(worker?.rootDiskGib, 4);
  assert.deepEqual(worker?.volumes, [
    { id: 'content', sizeGib: 20, type: 'persistent-storage', keep: false, multiattach: false },
  ]);
  assert.equal(cache.flavours[0]?.linkProfiles['inside']?.cidr, '192.168.77.0/24');
});

test('a KNF without levels gets a default level', () => {
  const probe = vnf('probe_knf/probe_vnfd.yaml');
  const [flavour] = probe.flavours;
  assert.equal(flavour?.defaultLevelId, 'default');
  assert.deepEqual(flavour?.instantiationLevels, [{ id: 'default', vduCounts: {}, scaleLevels: { coverage: 0 } }]);
  assert.deepEqual(flavour?.scalingAspects[0]?.steps[0]?.kduDeltas, { 'probe-replicas': 1 });
  assert.deepEqual(probe.k8sCluster, { versions: [], cni: [], nets: ['mgmtnet'] });
});

test('an NS model resolves links and levels', () => {
  const edge = parseDescriptor(sample(edgePath), edgePath).model as NsModel;
  const [flavour] = edge.flavours;
  assert.deepEqual(flavour?.scalingAspects[0], {
    id: 'caches',
    name: 'caches',
    maxLevel: 2,
    levels: [1, 2, 3].map((cache) => ({ vnfCounts: { router: 1, cache, probe: 1 } })),
  });
  assert.equal(flavour?.defaultLevelId, 'one-cache');
  assert.deepEqual(flavour?.vnfProfiles[1]?.connections, [
    { virtualLinkId: 'mgmt', cpId: 'mgmt-ext' },
    { virtualLinkId: 'data', cpId: 'data-ext' },
  ]);
  assert.equal(edge.virtualLinks[1]?.ipProfile?.cidr, '10.77.0.0/24');
});

test('an NSD is checked against its VNFDs', () => {
  const vnfs = new Map(
    ['router_vnf/router_vnfd.yaml', 'cache_vnf/cache_vnfd.yaml', 'probe_knf/probe_vnfd.yaml'].map((path) => {
      const model = vnf(path);
      return [model.vnfdId, model];
    }),
  );
  const check = (text: string) => {
    const parsed = parseDescriptor(text, edgePath);
    return checkNsAgainstVnfs(parsed.model as NsModel, vnfs, parsed);
  };
  const text = sample(edgePath);
  assert.deepEqual(check(text), []);
  const [cpd] = check(text.replace('constituent-cpd-id: data-ext', 'constituent-cpd-id: dat-ext'));
  assert.equal(cpd?.code, 'BrokenReference');
  assert.match(cpd?.remedy ?? '', /data-ext/);
  assert.match(text.split('\n')[(cpd?.line ?? 0) - 1] ?? '', /constituent-cpd-id: data-ext/);
  assert.match(
    check(text.replace('flavour-id: standard', 'flavour-id: large'))[0]?.path ?? '',
    /vnf-profile\[0\]\/flavour-id$/,
  );
  assert.match(
    check(text.replace('instantiation-level: small', 'instantiation-level: huge'))[0]?.path ?? '',
    /instantiation-level$/,
  );
  vnfs.delete('probe_knf');
  assert.deepEqual(
    check(text).map(({ code, path }) => [code, path]),
    [['UnknownVnfd', 'nsd/nsd[0]/vnfd-id[2]']],
  );
});
