import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  compileNs,
  type InfraCandidate,
  instantiateNs,
  type NsModels,
  networksOf,
  placeNs,
  vnfModelKey,
} from '#controller/decide/index.ts';
import { noResources } from '#shared/connector/index.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import { parseDescriptor } from '#shared/descriptor/parse-descriptor.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { isSkerryError, type Result } from '#shared/errors/index.ts';
import type { StoredVnfModel } from '#shared/model/catalog.ts';
import { id, type ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { fieldDescriptors } from './field-descriptors.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folders = ['deploy/samples', '../shared/data/packages', '../shared/data/etsi/yang/v4.3.1/example-data'].map(
  (folder) => join(root, folder),
);

interface Found {
  name: string;
  model: VnfModel | NsModel;
  texts: Record<string, string>;
}

function descriptorsIn(folder: string): Found[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?:vnfd|nsd|vnf|ns|nfv)\.(?:yaml|xml)$/i.test(path),
  );
  return paths.flatMap((path) => {
    const file = join(folder, path);
    return found(path, readFileSync(file, 'utf8'), textsBeside(file));
  });
}

function found(name: string, text: string, texts: Record<string, string>): Found[] {
  const parsed = parseDescriptor(text, name);
  return [parsed, ...(parsed.others ?? [])].flatMap(({ model }) =>
    model === undefined ? [] : [{ name, model, texts }],
  );
}

function textsBeside(file: string): Record<string, string> {
  const folder = join(dirname(file), 'cloud_init');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

const isNs = (model: VnfModel | NsModel): model is NsModel => 'nsdId' in model;
const all = [
  ...folders.flatMap(descriptorsIn),
  ...Object.entries(fieldDescriptors).flatMap(([name, text]) =>
    found(name, text, { 'cloud-config.txt': '#cloud-config\n' }),
  ),
];
const vnfs = new Map<string, Found & { model: VnfModel }>();
for (const each of all) if (!isNs(each.model)) vnfs.set(each.model.vnfdId, { ...each, model: each.model });

const candidate: InfraCandidate = {
  infraId: id('infra-1'),
  infraName: 'infra-1',
  kind: 'simulated',
  schedulable: true,
  labels: {},
  siteId: id('site-1'),
  siteName: 'site-1',
  agentId: id('agent-1'),
  facts: {
    kind: 'simulated',
    version: '1',
    features: [],
    zones: [],
    images: [],
    capacity: { total: { vcpus: 1e6, memoryMib: 1e9, storageGib: 1e9 }, used: noResources },
    healthy: true,
  },
  reserved: noResources,
  connected: true,
  since: 0,
};

function modelsFor(ns: NsModel): NsModels {
  const used = ns.vnfdIds.flatMap((vnfdId) => vnfs.get(vnfdId) ?? []);
  const stored = used.map(({ model, texts }): [string, StoredVnfModel] => [
    vnfModelKey(model.vnfdId, 1),
    { model, document: {}, texts },
  ]);
  const packages = used.map(({ model }) => [model.vnfdId, { id: id(model.vnfdId), revision: 1 }] as const);
  return { ns, vnfs: new Map(stored), packages: new Map(packages) as NsModels['packages'] };
}

/** Instantiates and compiles; a parameter that is missing is given and the whole tried again. */
function compile(ns: NsModel, flavourId?: string): Result<UnitObject[]> {
  const params: JsonObject = {};
  for (let attempt = 0; ; attempt++) {
    const result = compileWith(ns, params, flavourId);
    const path = result.ok ? '' : String(result.error.details['path'] ?? '');
    const missing = /^additionalParamsForVnf\/([\w-]+)$/.exec(path)?.[1];
    if (missing === undefined || attempt > 50) return result;
    params[missing] = 'given';
  }
}

function compileWith(ns: NsModel, params: JsonObject, flavourId?: string): Result<UnitObject[]> {
  const models = modelsFor(ns);
  let count = 0;
  const newKey = (kind: string) => id<ObjectKey>(`${kind}/${++count}`);
  const request = { additionalParamsForNs: params, ...(flavourId === undefined ? {} : { nsFlavourId: flavourId }) };
  const wanted = instantiateNs(request, ns.name, models, { newKey, newVnfInstanceId: () => id(`vnf-${++count}`) });
  if (!wanted.ok) return wanted;
  const use = { flavourId: wanted.value.flavourId, models, candidates: [candidate], wish: () => ({}) };
  const placed = placeNs([], wanted.value.vnfs, use);
  if (!placed.ok) return placed;
  const networks = networksOf(placed.value, [], { flavourId: use.flavourId, models, newKey });
  const compiled = compileNs({ id: 'ns-1', name: ns.name }, { ...wanted.value, vnfs: placed.value, networks }, models);
  if (!compiled.ok) return compiled;
  const objects = [...compiled.value.values()].flat();
  const keys = new Set(objects.map(({ key }) => key));
  assert.equal(keys.size, objects.length, 'every object has a key of its own');
  for (const { key, dependsOn } of objects) {
    for (const other of dependsOn) assert.ok(keys.has(other), `${key} depends on ${other}, which is not there`);
  }
  for (const { body } of objects) checkUnit(body as UnitObject, keys);
  return { ok: true, value: objects.map(({ body }) => body as UnitObject) };
}

function checkUnit({ kind, spec }: UnitObject, keys: ReadonlySet<string>): void {
  const { name } = spec as { name?: unknown };
  assert.ok(typeof name === 'string' && name !== '' && !name.includes('undefined'), `${kind} is named ${name}`);
  if (kind === 'helm-release') assert.match(String(spec['chart']), /^[\w./@]/);
  if (kind === 'volume') assert.ok(Number(spec['sizeGib']) > 0, `volume ${name} has no size`);
  if (kind !== 'compute') return;
  assert.ok(Number(spec['vcpus']) >= 1 && Number(spec['memoryMib']) >= 1, `${name} is a machine of no size`);
  for (const port of spec['ports'] as { networkKey: string; name: string }[]) {
    assert.ok(keys.has(port.networkKey) && port.name !== '', `port ${port.name} of ${name} leads nowhere`);
  }
}

/** All connection points but the last on a link each; the last one stays loose. */
function serviceAround(model: VnfModel): NsModel {
  const cps = model.extCps.slice(0, Math.max(1, model.extCps.length - 1));
  return {
    nsdId: 'around',
    name: 'around',
    designer: '',
    version: '1',
    description: '',
    vnfdIds: [model.vnfdId],
    nestedNsdIds: [],
    pnfdIds: [],
    virtualLinks: cps.map((cp) => ({ id: `to-${cp.id}`, management: cp.id === model.managementCp })),
    saps: [],
    flavours: model.flavours.map((flavour) => ({
      id: flavour.id,
      vnfProfiles: [
        {
          id: '1',
          vnfdId: model.vnfdId,
          flavourId: flavour.id,
          min: 1,
          max: 1,
          affinityGroupIds: [],
          connections: cps.map((cp) => ({ virtualLinkId: `to-${cp.id}`, cpId: cp.id })),
        },
      ],
      levels: [],
      scalingAspects: [],
      affinityGroups: [],
      dependencies: [],
    })),
  };
}

/** What is not carried out is said as such, never by a crash. */
function assertCompiles(name: string, result: Result<UnitObject[]>): void {
  if (result.ok) {
    assert.ok(result.value.length > 0, `${name} compiles to nothing`);
    return;
  }
  assert.ok(isSkerryError(result.error));
  // Only the descriptors are read here: folders of manifests that they name are not.
  const refusal =
    /physical unit|no Helm chart|nests other NSDs|no onboarded package|no file |os-container|is not in the package/;
  assert.match(result.error.message, refusal, name);
}

for (const { name, model } of vnfs.values()) {
  test(`VNFD ${basename(name)} (${model.vnfdId}) compiles in every flavour`, () => {
    const ns = serviceAround(model);
    for (const flavour of ns.flavours) assertCompiles(name, compile(ns, flavour.id));
  });
}

for (const { name, model } of all) {
  if (isNs(model)) test(`NSD ${basename(name)} (${model.nsdId}) compiles`, () => assertCompiles(name, compile(model)));
}

test('there is something to compile', () => {
  assert.ok(vnfs.size >= 13, `${vnfs.size} VNFDs`);
});
