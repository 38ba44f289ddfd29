import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CapacityMeasurement } from '#shared/api/capacity-measurements.ts';
import type { ClusterNode, InfraFacts, Resources } from '#shared/connector/index.ts';
import { capacityPerZone } from './capacity-per-zone.ts';

const resources = (vcpus: number): Resources => ({ vcpus, memoryMib: vcpus * 1024, storageGib: 0 });
function node(name: string, zone: string | undefined, total: number, used: number): ClusterNode {
  const ready = { isReady: true, isSchedulable: true, conditions: [] };
  return { name, ...(zone !== undefined && { zone }), ...ready, total: resources(total), used: resources(used) };
}
function facts(nodes: ClusterNode[]): InfraFacts {
  return {
    kind: 'kubernetes',
    version: '1.35.4',
    features: [],
    zones: [],
    images: [],
    healthy: true,
    capacity: { total: resources(16), used: resources(4) },
    cluster: { version: '1.35.4', cni: [], networks: [], storageClasses: [], missing: [], nodes },
  };
}
function cpuOf(zone: Record<string, unknown>): unknown[] {
  const [cpu] = zone['capacityMeasurements'] as CapacityMeasurement[];
  const { totalCapacity, allocatedCapacity, reservedCapacity, availableCapacity } = cpu!;
  const amounts = [totalCapacity, allocatedCapacity, reservedCapacity, availableCapacity];
  return [zone['resourceZoneId'], ...amounts.map(({ value }) => value)];
}

test('without zones one entry is the whole infra', () => {
  const [whole, ...others] = capacityPerZone(facts([node('a', undefined, 16, 4)]), resources(6));
  assert.deepEqual(cpuOf(whole!), [undefined, 16, 4, 2, 10]);
  assert.deepEqual(others, []);
});

test('zones share the capacity out; what is promised and not used is spread as there is room', () => {
  const cordoned = { ...node('e', 'north', 8, 1), isSchedulable: false };
  const nodes = [
    node('a', 'south', 4, 2),
    node('b', 'north', 4, 0),
    node('c', 'north', 4, 2),
    node('d', undefined, 4, 0),
  ];
  const zones = capacityPerZone(facts([...nodes, cordoned]), resources(10));
  // Six of ten promised are not used yet; twelve are free: six, two and four of them.
  assert.deepEqual(zones.map(cpuOf), [
    ['north', 8, 2, 3, 3],
    ['south', 4, 2, 1, 1],
    [undefined, 4, 0, 2, 2],
  ]);
});

test('nothing is promised where nothing is free', () => {
  const zones = capacityPerZone(facts([node('a', 'north', 4, 4)]), resources(10));
  assert.deepEqual(zones.map(cpuOf), [['north', 4, 4, 0, 0]]);
});
