import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterFacts } from '#shared/connector/index.ts';
import { clusterRefusal, isVersionMet } from './cluster-requirements.ts';

test('a version means its minor version, a range means what it says', () => {
  const cases: [string, string, boolean][] = [
    ['1.35', '1.35.4', true],
    ['v1.35.1', '1.35.4', true],
    ['1.35.x', '1.35.4', true],
    ['1.3', '1.35.4', false],
    ['1.34', '1.35.4', false],
    ['>=1.30', '1.35.4', true],
    ['>=1.30 <1.35', '1.35.4', false],
    ['>=1.30, <=1.35', '1.35.4', true],
    ['> 1.35', '1.35.4', false],
    ['^1.30', '1.35.4', true],
    ['~1.34', '1.35.4', false],
    ['1.30', '1.30.4-gke.100', true],
    ['1.30', '1.30.4+k3s1', true],
    ['latest', '1.35.4', false],
    ['my-build', 'my-build', true],
  ];
  for (const [wanted, actual, isMet] of cases) assert.equal(isVersionMet(wanted, actual), isMet, `${wanted} ${actual}`);
});

test('any text is answered, and a version meets itself', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (left, right) => typeof isVersionMet(left, right) === 'boolean'));
  const version = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)).map((numbers) => numbers.join('.'));
  fc.assert(fc.property(version, (each) => isVersionMet(each, each) && isVersionMet(`>=${each}`, each)));
});

const cluster = (cni: string[]): ClusterFacts => ({
  version: '1.35.4',
  cni,
  networks: [],
  storageClasses: [],
  nodes: [],
  missing: [],
});

test('a cluster is refused with a sentence: version, plugins, nets that can neither be mapped nor made', () => {
  const needs = { versions: ['1.35'], cni: ['calico', 'flannel'], nets: ['data'] };
  assert.equal(clusterRefusal(needs, cluster(['flannel', 'multus']), {}), undefined);
  assert.match(
    clusterRefusal({ ...needs, versions: ['1.30', '1.31'] }, cluster(['flannel']), {}) ?? '',
    /1\.30 or 1\.31/,
  );
  assert.match(clusterRefusal(needs, cluster(['cilium', 'multus']), {}) ?? '', /network plugins are cilium, multus/);
  assert.match(clusterRefusal(needs, cluster(['calico']), {}) ?? '', /net data .* Multus/);
  assert.equal(clusterRefusal(needs, cluster(['calico']), { data: null }), undefined);
  assert.equal(clusterRefusal({ ...needs, nets: [] }, cluster([]), {}), undefined);
  const both = { ...needs, cni: ['calico', 'multus'], nets: [] };
  assert.match(clusterRefusal(both, cluster(['calico']), {}) ?? '', /asks for calico, multus/);
  assert.equal(clusterRefusal(both, cluster(['calico', 'multus']), {}), undefined);
});
