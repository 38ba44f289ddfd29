import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ComputeSpec, HelmReleaseSpec } from '#shared/connector/index.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { StoredChart } from '#shared/model/charts.ts';
import { type AgentId, type Digest, type InfraId, id, type ObjectKey, type SiteId } from '#shared/model/ids.ts';
import type { NsDesired, Placement } from '#shared/model/ns-lcm.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { sampleNs, sampleVnf } from '#test/scenarios/lcm/sample-models.ts';
import { compileNs } from './compile.ts';
import { instantiateNs } from './instantiate-ns.ts';
import { type NsModels, vnfModelKey } from './models.ts';
import type { NewObject } from './new-object.ts';
import { networksOf } from './ns-networks.ts';
import { renewKeys } from './renew-keys.ts';
import { scaleVnfs } from './scale-vnf.ts';
import { unkeptDependencies } from './start-order.ts';

const ns = { id: 'ns1', name: 'ns1' };

function modelsOf(vnf: VnfModel, nsModel: NsModel = sampleNs(), charts?: Record<string, StoredChart>): NsModels {
  const stored = { model: vnf, document: {}, texts: {}, charts };
  const packages = new Map([[vnf.vnfdId, { id: id<never>('pkg'), revision: 1 }]]);
  return { ns: nsModel, vnfs: new Map([[vnfModelKey('pkg', 1), stored]]), packages };
}

/** Keys count up; the VNFs go to as many agents as asked for, in turn. */
function desiredOf(models: NsModels, agents: number, params = { hostname: 'h' }): NsDesired {
  let count = 0;
  const newKey = (kind: string) => id<ObjectKey>(`${kind}/${++count}`);
  const names = { newKey, newVnfInstanceId: () => id<never>(`vnf-${++count}`) };
  const unplaced = instantiateNs({ additionalParamsForNs: params }, 'ns1', models, names);
  assert.ok(unplaced.ok, unplaced.ok ? '' : unplaced.error.message);
  const vnfs = unplaced.value.vnfs.map((vnf, index) => ({ ...vnf, placement: placementAt(index % agents) }));
  const { flavourId } = unplaced.value;
  return { ...unplaced.value, vnfs, networks: networksOf(vnfs, [], { flavourId, models, newKey }) };
}

function placementAt(index: number): Placement {
  const at = { siteId: id<SiteId>(`s${index}`), agentId: id<AgentId>(`a${index}`), infraId: id<InfraId>(`i${index}`) };
  return { ...at, amount: { vcpus: 0, memoryMib: 0, storageGib: 0 }, explanation: [] };
}

function compiled(desired: NsDesired, models: NsModels): Map<AgentId, NewObject[]> {
  const result = compileNs(ns, desired, models);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return result.value;
}

const unitsOf = (intent: Map<AgentId, NewObject[]>, kind: string) =>
  [...intent.values()].flat().flatMap(({ body, dependsOn, key }) => {
    const unit = body as UnitObject;
    return unit.kind === kind ? [{ key, dependsOn, unit, spec: unit.spec as unknown }] : [];
  });

/** A VNF with all that a VDU can have: volumes, groups, a link of its own, a scaling aspect. */
function richVnf(): VnfModel {
  const vnf = sampleVnf();
  const volumes = [{ id: 'data', sizeGib: 5, type: 'block', keep: false, multiattach: false }];
  return {
    ...vnf,
    vdus: vnf.vdus.map((vdu) => ({ ...vdu, volumes })),
    flavours: vnf.flavours.map((flavour) => ({
      ...flavour,
      affinityGroups: [{ id: 'apart', policy: 'anti-affinity' as const, scope: 'nfvi-node' }],
      vduProfiles: flavour.vduProfiles.map((profile) => ({ ...profile, affinityGroupIds: ['apart'] })),
    })),
  };
}

test('deterministic; every dependsOn exists at the same agent; no key twice; scope is the NS', () => {
  const dependencies = [
    { before: 'a', after: 'b' },
    { before: 'b', after: 'c' },
  ];
  const nsModel = sampleNs();
  const flavours = nsModel.flavours.map((flavour) => ({ ...flavour, dependencies }));
  const models = modelsOf(richVnf(), { ...nsModel, flavours });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), (agents) => {
      const desired = desiredOf(models, agents);
      const intent = compiled(desired, models);
      assert.deepEqual(compiled(structuredClone(desired), models), intent);
      for (const objects of intent.values()) {
        const keys = new Set(objects.map((object) => object.key));
        assert.equal(keys.size, objects.length);
        for (const { key, dependsOn, scope } of objects) {
          assert.equal(scope, 'ns1');
          assert.ok(dependsOn.every((needed) => keys.has(needed) && needed !== key));
        }
      }
      assert.equal(intent.size, agents);
    }),
  );
});

test('ports in position order, on the networks that they belong to; volumes and groups by key', () => {
  const models = modelsOf(richVnf());
  const [compute] = unitsOf(compiled(desiredOf(models, 1), models), 'compute');
  const spec = compute!.spec as ComputeSpec;
  assert.deepEqual(
    spec.ports.map((port) => [port.name, port.management]),
    [
      ['eth0', true],
      ['eth1', false],
    ],
  );
  assert.equal(new Set(spec.ports.map((port) => port.networkKey)).size, 2);
  assert.equal(spec.volumes.length, 1);
  assert.ok(compute!.dependsOn.includes(spec.volumes[0]!.volumeKey!));
  assert.equal(spec.affinityGroupKeys.length, 1);
});

test('start order within a site is dependsOn; across sites it is said that it is not kept', () => {
  const nsModel = sampleNs();
  const dependencies = [{ before: 'a', after: 'b' }];
  const [flavour] = nsModel.flavours.map((each) => ({ ...each, dependencies }));
  const models = modelsOf(sampleVnf(), { ...nsModel, flavours: [flavour!] });
  const together = desiredOf(models, 1);
  const computes = unitsOf(compiled(together, models), 'compute');
  const keyOf = (profileId: string) => together.vnfs.find((vnf) => vnf.profileId === profileId)!.vnfcs[0]!.key;
  const after = computes.find((unit) => unit.key === keyOf('b'))!;
  assert.ok(after.dependsOn.includes(keyOf('a')));
  assert.deepEqual(unkeptDependencies(flavour, together.vnfs), []);
  const [sentence] = unkeptDependencies(flavour, desiredOf(models, 3).vnfs);
  assert.match(sentence!, /^b is at another site than a: it does not wait for it/);
});

test('an attempt changes the object that it is for and no other', () => {
  const models = modelsOf(richVnf());
  const desired = desiredOf(models, 1);
  const key = desired.vnfs[0]!.vnfcs[0]!.key;
  const before = [...compiled(desired, models).values()].flat();
  const after = [...compiled({ ...desired, attempts: { [key]: 2 } }, models).values()].flat();
  const changed = after.filter((object, index) => JSON.stringify(object) !== JSON.stringify(before[index]));
  assert.deepEqual(
    changed.map((object) => [object.key, (object.body as UnitObject).attempt]),
    [[key, 2]],
  );
});

function knf(): VnfModel {
  const vnf = sampleVnf();
  const kduProfiles = [{ id: 'web-count', kduName: 'web', resourceName: 'server', min: 1, max: 3 }];
  const step = { vduDeltas: {}, kduDeltas: { 'web-count': 1 } };
  return {
    ...vnf,
    vdus: [],
    kdus: [{ name: 'web', helmChart: 'charts/web', services: [{ name: 'http', management: true }] }],
    flavours: vnf.flavours.map((flavour) => ({
      ...flavour,
      vduProfiles: [],
      instantiationLevels: [{ id: 'one', vduCounts: {}, scaleLevels: {} }],
      kduProfiles,
      scalingAspects: [{ id: 'web', name: 'web', maxLevel: 5, steps: [step] }],
    })),
  };
}

const storedWeb: StoredChart = {
  digest: 'sha256:aa' as Digest,
  kind: 'helm',
  name: 'web',
  version: '1.2.0',
  appVersion: '',
};

test('a KDU is a Helm release with its chart’s digest; another chart has none', () => {
  const models = modelsOf(knf(), sampleNs(), { web: storedWeb });
  const desired = desiredOf(models, 1);
  const [release] = unitsOf(compiled(desired, models), 'helm-release');
  const spec = release!.spec as HelmReleaseSpec;
  assert.deepEqual([spec.chart, spec.chartDigest, spec.version], ['charts/web', 'sha256:aa', '1.2.0']);
  assert.deepEqual(spec.replicas, { server: 1 });
  assert.match(spec.name, /^[a-z0-9-]{1,53}$/);
  const additionalParamsForKdu = [{ kdu_name: 'web', kdu_model: 'repo/other:2', additionalParams: { a: 1 } }];
  const vnfs = desired.vnfs.map((vnf) => ({ ...vnf, params: { additionalParamsForKdu } }));
  const [other] = unitsOf(compiled({ ...desired, vnfs }, models), 'helm-release');
  const asked = other!.spec as HelmReleaseSpec;
  assert.deepEqual([asked.chart, asked.chartDigest, asked.values], ['repo/other:2', undefined, { a: 1 }]);
});

function scaled(desired: NsDesired, models: NsModels, data: object) {
  let count = 0;
  const { vnfInstanceId } = desired.vnfs[0]!;
  const newKey = (kind: string) => id<ObjectKey>(`${kind}/new-${++count}`);
  return scaleVnfs(desired, [{ vnfInstanceId, ...data } as never], models, newKey);
}

function stepped(desired: NsDesired, models: NsModels, aspectId: string, steps: number) {
  const scaleVnfType = steps < 0 ? 'SCALE_IN' : 'SCALE_OUT';
  return scaled(desired, models, { scaleVnfType, scaleByStepData: { aspectId, numberOfSteps: Math.abs(steps) } });
}

test('KDU replicas are scaled by aspect, within the profile’s bounds, and nothing else changes', () => {
  const models = modelsOf(knf());
  const desired = desiredOf(models, 1);
  const out = stepped(desired, models, 'web', 2);
  assert.ok(out.ok);
  assert.deepEqual(out.value.vnfs[0]!.kdus[0]!.replicas, { server: 3 });
  assert.equal(out.value.vnfs[0]!.kdus[0]!.key, desired.vnfs[0]!.kdus[0]!.key);
  const tooFar = stepped(out.value, models, 'web', 1);
  assert.match(tooFar.ok ? '' : tooFar.error.message, /web\/server would have 4 replicas; its profile allows 1 … 3/);
});

test('steps: bounds are kept, levels add up, and the same steps back give the same counts', () => {
  const models = modelsOf(richVnf());
  const start = desiredOf(models, 1);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 8 }), (moves) => {
      let desired = start;
      let level = 0;
      for (const steps of moves.filter((move) => move !== 0)) {
        const next = stepped(desired, models, 'out', steps);
        const isInside = level + steps >= 0 && level + steps <= 3;
        assert.equal(next.ok, isInside);
        if (!next.ok) continue;
        level += steps;
        const [vnf] = next.value.vnfs;
        assert.equal(vnf!.scaleLevels['out'], level);
        assert.equal(vnf!.vnfcs.length, 1 + level);
        assert.equal(vnf!.auxiliary.filter((item) => item.kind === 'volume').length, 1 + level);
        assert.deepEqual(next.value.vnfs.slice(1), start.vnfs.slice(1), 'the others stay');
        const back = stepped(next.value, models, 'out', -steps);
        assert.ok(back.ok);
        const size = (state: NsDesired) => state.vnfs[0]!.vnfcs.map(({ vduId, index }) => `${vduId}-${index}`);
        assert.deepEqual(size(back.value), size(desired));
        assert.deepEqual(back.value.vnfs[0]!.scaleLevels, desired.vnfs[0]!.scaleLevels);
        desired = next.value;
      }
    }),
  );
});

test('instantiation levels set counts and scale levels; what is unknown is refused by name', () => {
  const models = modelsOf(richVnf());
  const desired = desiredOf(models, 1);
  const to = (vnfInstantiationLevelId: string) =>
    scaled(desired, models, {
      scaleVnfType: 'SCALE_TO_INSTANTIATION_LEVEL',
      scaleToLevelData: { vnfInstantiationLevelId },
    });
  const three = to('three');
  assert.ok(three.ok);
  assert.equal(three.value.vnfs[0]!.vnfcs.length, 3);
  assert.deepEqual(three.value.vnfs[0]!.scaleLevels, { out: 2 });
  const unknown = to('nine');
  assert.match(unknown.ok ? '' : unknown.error.message, /no instantiation level nine; it has one, three/);
  const aspect = stepped(desired, models, 'sideways', 1);
  assert.match(aspect.ok ? '' : aspect.error.message, /no scaling aspect sideways; it has out/);
});

test('renewed keys: what is present keeps its key, what is gone gets one of its kind, nothing else changes', () => {
  const models = modelsOf(richVnf());
  const desired = desiredOf(models, 2);
  const gone = new Set<ObjectKey>([desired.vnfs[0]!.vnfcs[0]!.key, desired.networks[0]!.key]);
  let count = 0;
  const newKey = (kind: string) => id<ObjectKey>(`${kind}/renewed-${++count}`);
  const renewed = renewKeys(desired, (key) => !gone.has(key), newKey);
  assert.equal(count, 2);
  assert.match(renewed.vnfs[0]!.vnfcs[0]!.key, /^compute\/renewed-/);
  assert.match(renewed.networks[0]!.key, /^network\/renewed-/);
  assert.deepEqual(renewed.vnfs[1], desired.vnfs[1]);
  const [first] = unitsOf(compiled(renewed, models), 'compute');
  assert.ok(first!.dependsOn.includes(renewed.networks[0]!.key));
});
