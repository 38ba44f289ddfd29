import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComputeSpec, HelmReleaseSpec, ManifestsSpec, NetworkSpec, UnitKind } from '#shared/connector/index.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { KduModel, VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { StoredChart } from '#shared/model/charts.ts';
import { type AgentId, type Digest, type InfraId, id, type ObjectKey, type SiteId } from '#shared/model/ids.ts';
import type { NsDesired } from '#shared/model/ns-lcm.ts';
import type { PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { sampleNs, sampleVnf } from '#test/scenarios/lcm/sample-models.ts';
import { compileNs } from './compile.ts';
import { instantiateNs } from './instantiate-ns.ts';
import { type NsModels, vnfModelKey } from './models.ts';
import { networksOf } from './ns-networks.ts';
import type { InfraCandidate } from './place.ts';
import { placeNs } from './place-ns.ts';

const identity = { id: 'ns1', name: 'ns1' };

function infra(site: string, kind: 'openstack' | 'kubernetes', changes: Partial<InfraCandidate> = {}): InfraCandidate {
  const total = { vcpus: 8, memoryMib: 8192, storageGib: 100 };
  const none = { vcpus: 0, memoryMib: 0, storageGib: 0 };
  const cluster = {
    version: '1.35.4',
    cni: ['flannel', 'multus'],
    networks: [],
    storageClasses: [],
    nodes: [],
    missing: [],
  };
  return {
    infraId: id<InfraId>(`${kind}-${site}`),
    infraName: `${kind}-${site}`,
    kind,
    schedulable: true,
    labels: {},
    siteId: id<SiteId>(site),
    siteName: site,
    agentId: id<AgentId>(`agent-${site}`),
    facts: {
      kind,
      version: '',
      features: [],
      zones: [],
      images: [],
      capacity: { total, used: none },
      healthy: true,
      ...(kind === 'kubernetes' ? { cluster } : {}),
    },
    reserved: none,
    connected: true,
    since: 0,
    ...changes,
  };
}

/** A management link and a data link; the VNF's KDUs are on both, its VDU on the first. */
function service(kdus: KduModel[], vdus: VnfModel['vdus'] = []): { ns: NsModel; vnf: VnfModel } {
  const sample = sampleNs();
  const [flavour] = sample.flavours;
  const connections = [
    { virtualLinkId: 'mgmt', cpId: 'mgmt-ext' },
    { virtualLinkId: 'data', cpId: 'data-ext' },
  ];
  const [profile] = flavour!.vnfProfiles;
  const ns = {
    ...sample,
    virtualLinks: [...sample.virtualLinks, { id: 'data', management: false }],
    flavours: [{ ...flavour!, vnfProfiles: [{ ...profile!, connections }], levels: [], scalingAspects: [] }],
  };
  const vnf = sampleVnf();
  const extCps = [...vnf.extCps, { id: 'data-ext', k8sClusterNet: 'data', layerProtocols: [] }];
  const profiles = vdus.length === 0 ? { vduProfiles: [], instantiationLevels: [] } : {};
  const flavours = vnf.flavours.map((each) => ({ ...each, ...profiles }));
  return { ns, vnf: { ...vnf, vdus, kdus, extCps, flavours } };
}

const chart: KduModel = { name: 'web', helmChart: 'stable/web:1', services: [] };
const folder: KduModel = { name: 'plain', manifests: 'k8s', services: [{ name: 'http', management: true }] };
const stored: StoredChart = { digest: 'sha256:ff' as Digest, kind: 'folder', name: 'k8s', version: '', appVersion: '' };

function modelsOf({ ns, vnf }: { ns: NsModel; vnf: VnfModel }): NsModels {
  const record = { model: vnf, document: {}, texts: {}, charts: { plain: stored } };
  const packages = new Map([[vnf.vnfdId, { id: id<never>('pkg'), revision: 1 }]]);
  return { ns, vnfs: new Map([[vnfModelKey('pkg', 1), record]]), packages };
}

function decide(models: NsModels, candidates: InfraCandidate[], wish: PlacementWish = {}) {
  let count = 0;
  const newKey = (kind: string) => id<ObjectKey>(`${kind}/${++count}`);
  const names = { newKey, newVnfInstanceId: () => id<never>(`vnf-${++count}`) };
  const params = { hostname: 'h' };
  const unplaced = instantiateNs({ additionalParamsForNs: params }, 'ns1', models, names);
  assert.ok(unplaced.ok, unplaced.ok ? '' : unplaced.error.message);
  const { flavourId, vnfs } = unplaced.value;
  const placed = placeNs([], vnfs, { flavourId, models, candidates, wish: () => wish });
  if (!placed.ok) return { refusal: placed.error.details['explanation'] as string[] };
  const nets = new Map(candidates.map((each) => [each.infraId, each.nets ?? {}]));
  const networks = networksOf(placed.value, [], { flavourId, models, newKey, nets });
  return { desired: { ...unplaced.value, vnfs: placed.value, networks } as NsDesired };
}

function unitsOf(desired: NsDesired | undefined, models: NsModels) {
  assert.ok(desired !== undefined);
  const intent = compileNs(identity, desired, models);
  assert.ok(intent.ok, intent.ok ? '' : intent.error.message);
  return [...intent.value].flatMap(([agentId, objects]) =>
    objects.map((object) => ({ ...object, agentId, unit: object.body as UnitObject })),
  );
}

const specOf = <T>(units: ReturnType<typeof unitsOf>, kind: UnitKind): T =>
  units.find(({ unit }) => unit.kind === kind)!.unit.spec as T;

test('pods join what the NSD connects beside management: a network in their namespace, made before them', () => {
  const models = modelsOf(service([chart, folder]));
  const { desired } = decide(models, [infra('a', 'kubernetes')]);
  const units = unitsOf(desired, models);
  assert.deepEqual(units.map(({ unit }) => unit.kind).sort(), ['helm-release', 'manifests', 'network']);
  const network = units.find(({ unit }) => unit.kind === 'network')!;
  const spec = network.unit.spec as unknown as NetworkSpec;
  assert.deepEqual([spec.management, spec.namespace, spec.existingName], [false, 'ns-ns1', undefined]);
  for (const { unit, dependsOn } of units.filter((each) => each !== network)) {
    const { networks, namespace } = unit.spec as unknown as HelmReleaseSpec;
    assert.deepEqual([networks, namespace], [[{ networkKey: network.key, name: 'data-ext' }], 'ns-ns1']);
    assert.deepEqual(dependsOn, [network.key]);
  }
  const manifests = specOf<ManifestsSpec>(units, 'manifests');
  assert.deepEqual([manifests.folderDigest, manifests.services], ['sha256:ff', folder.services]);
});

test('an infra maps nets to networks of its own, or to none; without Multus and a map it is refused', () => {
  const models = modelsOf(service([chart]));
  const mapped = decide(models, [infra('a', 'kubernetes', { nets: { data: 'lab/blue' } })]);
  assert.equal(specOf<NetworkSpec>(unitsOf(mapped.desired, models), 'network').existingName, 'lab/blue');
  const none = decide(models, [infra('a', 'kubernetes', { nets: { data: null } })]);
  assert.deepEqual(
    unitsOf(none.desired, models).map(({ unit }) => unit.kind),
    ['helm-release'],
  );
  const plain = infra('a', 'kubernetes');
  const facts = { ...plain.facts!, cluster: { ...plain.facts!.cluster!, cni: ['flannel'] } };
  const { refusal } = decide(models, [{ ...plain, facts }]);
  assert.match(refusal?.[0] ?? '', /not on kubernetes-a at a: net data .* Multus/);
});

test('a VNF of machines and KDUs goes to two infras of one site, each part to the one that can make it', () => {
  const models = modelsOf(service([chart], sampleVnf().vdus));
  const candidates = [
    infra('a', 'openstack'),
    infra('b', 'kubernetes'),
    infra('c', 'openstack'),
    infra('c', 'kubernetes'),
  ];
  const { desired } = decide(models, candidates);
  const [vnf] = desired!.vnfs;
  assert.deepEqual([vnf!.placement.infraId, vnf!.kdus[0]!.placement?.infraId], ['openstack-c', 'kubernetes-c']);
  const units = unitsOf(desired, models);
  const at = (kind: UnitKind) => units.filter(({ unit }) => unit.kind === kind).map(({ unit }) => unit.infraId);
  assert.deepEqual([at('compute'), at('helm-release')], [['openstack-c'], ['kubernetes-c']]);
  assert.deepEqual(at('network').sort(), ['kubernetes-c', 'openstack-c', 'openstack-c']);
  assert.equal(specOf<ComputeSpec>(units, 'compute').ports.length, 2);
  const named = decide(models, candidates, { infra: 'kubernetes-c' });
  assert.equal(named.desired!.vnfs[0]!.placement.infraId, 'openstack-c');
  const { refusal } = decide(models, candidates.slice(0, 2));
  assert.match(refusal?.join(' ') ?? '', /at another site, and a VNF is not spread over sites|offers no/);
});

test('one infra that makes both keeps a VNF together', () => {
  const models = modelsOf(service([chart], sampleVnf().vdus));
  const { desired } = decide(models, [infra('a', 'openstack'), infra('a', 'kubernetes', { kind: 'simulated' })]);
  const [vnf] = desired!.vnfs;
  assert.deepEqual([vnf!.placement.infraId, vnf!.kdus[0]!.placement], ['kubernetes-a', undefined]);
});
