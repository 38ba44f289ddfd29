import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseDescriptor } from './parse-descriptor.ts';

const samples = new URL('../../deploy/samples/', import.meta.url);
const sample = (path: string) => readFileSync(new URL(path, samples), 'utf8');
const cache = sample('cache_vnf/cache_vnfd.yaml');
const probe = sample('probe_knf/probe_vnfd.yaml');
const edge = sample('edge_service_ns/edge_service_nsd.yaml');

/** [what, text, the piece to break, what it becomes, code, end of the complaint's path] */
type Case = [string, string, string, string, string, string];

const broken: Case[] = [
  ['mgmt-cp names no ext-cpd', cache, 'mgmt-cp: mgmt-ext', 'mgmt-cp: mgmt-exd', 'BrokenReference', 'mgmt-cp'],
  ['mgmt-cp missing beside a vdu', cache, '  mgmt-cp: mgmt-ext\n', '', 'MissingMandatory', 'vnfd'],
  [
    'ext-cpd over an unknown vdu',
    cache,
    'vdu-id: front\n        cpd: mgmt',
    'vdu-id: frnt\n        cpd: mgmt',
    'BrokenReference',
    'ext-cpd[0]/int-cpd/vdu-id',
  ],
  ['ext-cpd over an unknown int-cpd', cache, 'cpd: data', 'cpd: nothing', 'BrokenReference', 'ext-cpd[1]/int-cpd/cpd'],
  [
    'int-cpd on an unknown link',
    cache,
    'int-virtual-link-desc: inside',
    'int-virtual-link-desc: outside',
    'BrokenReference',
    'int-cpd[2]/int-virtual-link-desc',
  ],
  [
    'unknown image',
    cache,
    'sw-image-desc: linux-24.04',
    'sw-image-desc: linux-99',
    'BrokenReference',
    'vdu[0]/sw-image-desc',
  ],
  [
    'unknown compute',
    cache,
    'virtual-compute-desc: front-compute',
    'virtual-compute-desc: x',
    'BrokenReference',
    'vdu[0]/virtual-compute-desc',
  ],
  [
    'unknown storage',
    cache,
    '        - front-disk',
    '        - back-disk',
    'BrokenReference',
    'vdu[0]/virtual-storage-desc[0]',
  ],
  [
    'unknown alternative image',
    cache,
    '      cloud-init-file: front.cfg',
    '      alternative-sw-image-desc: [nope]',
    'BrokenReference',
    'alternative-sw-image-desc[0]',
  ],
  [
    'scaling names no monitoring parameter',
    cache,
    'vnf-monitoring-param-ref: worker-cpu',
    'vnf-monitoring-param-ref: cpu',
    'BrokenReference',
    'vnf-monitoring-param-ref',
  ],
  [
    'healing of an unknown vdu',
    cache,
    '- vdu-id: worker\n              event-name',
    '- vdu-id: wrker\n              event-name',
    'BrokenReference',
    'healing-policy[0]/vdu-id',
  ],
  [
    'profile of an unknown vdu',
    cache,
    '- id: worker\n          min',
    '- id: x\n          min',
    'BrokenReference',
    'vdu-profile[1]/id',
  ],
  [
    'unknown affinity group',
    cache,
    '- id: workers-apart\n      affinity',
    '- id: workers\n      affinity',
    'BrokenReference',
    'affinity-or-anti-affinity-group[0]/id',
  ],
  [
    'unknown default level',
    cache,
    'default-instantiation-level: small',
    'default-instantiation-level: tiny',
    'BrokenReference',
    'default-instantiation-level',
  ],
  [
    'unknown vdu in a delta',
    cache,
    '- id: worker\n                    number',
    '- id: x\n                    number',
    'BrokenReference',
    'vdu-delta[0]/id',
  ],
  [
    'unknown vdu in a level',
    cache,
    '- vdu-id: worker\n              number-of-instances: 1',
    '- vdu-id: w\n              number-of-instances: 1',
    'BrokenReference',
    'vdu-level[1]/vdu-id',
  ],
  [
    'unknown aspect in a level',
    cache,
    'scaling-aspect-id: content\n              scale-level: 0',
    'scaling-aspect-id: y\n              scale-level: 0',
    'BrokenReference',
    'scaling-aspect-id',
  ],
  ['level above the aspect', cache, 'scale-level: 1', 'scale-level: 9', 'OutOfRange', 'scale-level'],
  [
    'profile of an unknown link',
    cache,
    '- id: inside\n          virtual-link-protocol-data',
    '- id: x\n          virtual-link-protocol-data',
    'BrokenReference',
    'virtual-link-profile[0]/id',
  ],
  [
    'min above max',
    cache,
    'max-number-of-instances: 5',
    'max-number-of-instances: 0',
    'OutOfRange',
    'min-number-of-instances',
  ],
  [
    'level above max',
    cache,
    'max-number-of-instances: 5',
    'max-number-of-instances: 2',
    'OutOfRange',
    'vdu-level[1]/number-of-instances',
  ],
  ['words for numbers', cache, 'num-virtual-cpu: 1', 'num-virtual-cpu: two', 'WrongType', 'num-virtual-cpu'],
  ['negative number', cache, 'num-virtual-cpu: 2', 'num-virtual-cpu: -2', 'OutOfRange', 'num-virtual-cpu'],
  ['negative memory', cache, 'size: 2.0', 'size: -2.0', 'OutOfRange', 'virtual-memory/size'],
  ['enumeration', cache, 'type: PARAVIRT', 'type: PARAVIRTUAL', 'BadEnum', 'virtual-interface/type'],
  ['no boolean', cache, 'dhcp-enabled: true', 'dhcp-enabled: maybe', 'WrongType', 'dhcp-enabled'],
  ['no network', cache, 'cidr: 192.168.77.0/24', 'cidr: 192.168.77.0/99', 'WrongType', 'cidr'],
  ['id missing', cache, '  id: cache_vnf\n', '', 'MissingMandatory', 'vnfd'],
  ['vdu id missing', cache, '    - id: worker\n      name: worker', '    - name: worker', 'MissingMandatory', 'vdu[1]'],
  ['duplicate vdu', cache, '    - id: worker\n      name', '    - id: front\n      name', 'DuplicateId', 'vdu[1]/id'],
  ['duplicate key', cache, '  mgmt-cp: mgmt-ext\n', '  mgmt-cp: mgmt-ext\n  mgmt-cp: data-ext\n', 'DuplicateKey', ''],
  ['mapping for text', cache, 'product-name: Content cache', 'product-name: {a: b}', 'WrongType', 'product-name'],
  ['k8s net unknown', probe, 'k8s-cluster-net: mgmtnet', 'k8s-cluster-net: net', 'BrokenReference', 'k8s-cluster-net'],
  ['kdu of a resource unknown', probe, 'kdu-name: probe', 'kdu-name: prob', 'BrokenReference', 'kdu-name'],
  [
    'kdu resource of a delta unknown',
    probe,
    '- id: probe-replicas\n                    number',
    '- id: x\n                    number',
    'BrokenReference',
    'kdu-resource-delta[0]/id',
  ],
  ['option for a chart', probe, 'helm-chart: probe', "helm-chart: '--set'", 'BadName', 'helm-chart'],
  [
    'service on an unknown point',
    probe,
    'external-connection-point-ref: mgmt-ext',
    'external-connection-point-ref: x',
    'BrokenReference',
    'external-connection-point-ref',
  ],
  [
    'link of an NS unknown',
    edge,
    '- virtual-link-profile-id: mgmt',
    '- virtual-link-profile-id: mgt',
    'BrokenReference',
    'virtual-link-profile-id',
  ],
  [
    'base element unknown',
    edge,
    'constituent-base-element-id: router',
    'constituent-base-element-id: ruter',
    'BrokenReference',
    'constituent-base-element-id',
  ],
  ['vnfd not listed', edge, 'vnfd-id: cache_vnf', 'vnfd-id: cash_vnf', 'BrokenReference', 'vnf-profile[1]/vnfd-id'],
  [
    'IP data on the management network',
    edge,
    'virtual-link-desc-id: data',
    'virtual-link-desc-id: mgmt',
    'Contradiction',
    'virtual-link-protocol-data',
  ],
  [
    'profile of an unknown NS link',
    edge,
    'virtual-link-desc-id: data',
    'virtual-link-desc-id: dat',
    'BrokenReference',
    'virtual-link-desc-id',
  ],
  [
    'unknown NS level',
    edge,
    'default-instantiation-level: one-cache',
    'default-instantiation-level: none',
    'BrokenReference',
    'default-instantiation-level',
  ],
  [
    'level of an unknown profile',
    edge,
    '- vnf-profile-id: cache\n                  number-of-instances: 2',
    '- vnf-profile-id: c\n                  number-of-instances: 2',
    'BrokenReference',
    'vnf-profile-id',
  ],
  [
    'level above the profile',
    edge,
    'max-number-of-instances: 3',
    'max-number-of-instances: 2',
    'OutOfRange',
    'number-of-instances',
  ],
  [
    'aspect of an unknown level',
    edge,
    '                - two-caches',
    '                - to-caches',
    'BrokenReference',
    'scaling-level[1]',
  ],
];

for (const [what, text, piece, replacement, code, path] of broken) {
  test(`error: ${what}`, () => {
    assert.ok(text.includes(piece), `the sample no longer holds ${piece}`);
    const parsed = parseDescriptor(text.replace(piece, replacement), 'd.yaml');
    const errors = parsed.complaints.filter(({ severity }) => severity === 'error');
    const found = errors.find((complaint) => complaint.code === code && complaint.path.endsWith(path));
    assert.ok(found, JSON.stringify(errors, undefined, 1));
    assert.ok(found.line > 0 && found.column > 0 && found.remedy !== '');
    assert.equal(parsed.model, undefined);
  });
}

test('the samples themselves are sound', () => {
  for (const text of [cache, probe, edge]) {
    const parsed = parseDescriptor(text, 'd.yaml');
    assert.deepEqual(
      parsed.complaints.filter(({ severity }) => severity === 'error'),
      [],
    );
    assert.ok(parsed.model !== undefined);
  }
});

test('all faults are told at once, in document order, with their places', () => {
  const text = cache.replace('num-virtual-cpu: 1', 'num-virtual-cpu: two').replace('cpd: data', 'cpd: dat');
  const errors = parseDescriptor(text, 'd.yaml').complaints.filter(({ severity }) => severity === 'error');
  assert.equal(errors.length, 2);
  const [first, second] = errors;
  assert.equal(first?.path, 'vnfd/ext-cpd[1]/int-cpd/cpd');
  assert.match(first?.remedy ?? '', /did you mean 'data'/);
  const lines = text.split('\n');
  assert.equal(lines[(first?.line ?? 0) - 1]?.slice((first?.column ?? 0) - 1), 'dat');
  assert.equal(lines[(second?.line ?? 0) - 1]?.slice((second?.column ?? 0) - 1), 'two');
});

test('a base element that is a sibling profile is only a warning', () => {
  const piece = 'constituent-base-element-id: cache';
  const { complaints, model } = parseDescriptor(edge.replace(piece, 'constituent-base-element-id: router'), 'd.yaml');
  const found = complaints.find(({ path }) => path.endsWith('constituent-base-element-id'));
  assert.equal(found?.severity, 'warning');
  assert.ok(model !== undefined);
});
