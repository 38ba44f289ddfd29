import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InfraFacts } from '#shared/connector/index.ts';
import { parseInfraFacts } from './infra-facts.ts';

const amounts = { vcpus: 4, memoryMib: 1024, storageGib: 10 };
const facts: InfraFacts = {
  kind: 'kubernetes',
  version: '1.35.4',
  features: ['multus'],
  zones: ['north'],
  images: [],
  capacity: { total: amounts, used: amounts },
  healthy: true,
  measured: amounts,
  cluster: {
    version: '1.35.4',
    cni: ['flannel', 'multus'],
    networks: ['default/left'],
    storageClasses: [{ name: 'fast', provisioner: 'csi', isDefault: true }],
    nodes: [
      {
        name: 'node-1',
        isReady: true,
        isSchedulable: true,
        zone: 'north',
        conditions: ['MemoryPressure'],
        total: amounts,
        used: amounts,
        measured: amounts,
      },
    ],
    missing: ['There is no metrics API.'],
  },
};

test('facts of a cluster come through as they are', () => {
  assert.deepEqual(parseInfraFacts(facts), facts);
});

test('a cluster that says too much is cut to what the contract allows', () => {
  const long = 'x'.repeat(10_000);
  const node = { ...facts.cluster!.nodes[0], name: long, conditions: Array(1000).fill(long), extra: long, zone: 7 };
  const cluster = {
    version: long,
    cni: Array(1000).fill(long),
    networks: Array(5000).fill('a/b'),
    storageClasses: Array(5000).fill({ name: long, provisioner: 3, isDefault: 'yes' }),
    nodes: Array(5000).fill(node),
    missing: Array(1000).fill(long),
    extra: long,
  };
  const parsed = parseInfraFacts({ ...facts, cluster })!.cluster!;
  assert.deepEqual(
    [parsed.version.length, parsed.cni.length, parsed.networks.length, parsed.storageClasses.length],
    [256, 50, 200, 100],
  );
  assert.deepEqual([parsed.nodes.length, parsed.missing.length, parsed.missing[0]!.length], [500, 50, 2000]);
  assert.deepEqual(parsed.storageClasses[0], { name: 'x'.repeat(256), provisioner: '', isDefault: false });
  const [first] = parsed.nodes;
  assert.deepEqual([first!.conditions.length, first!.zone, 'extra' in first!], [20, undefined, false]);
});

test('whatever an agent sends, facts have the shape that they should have', () => {
  const junk = fc.object({ key: fc.constantFrom(...Object.keys(facts), ...Object.keys(facts.cluster!)), maxDepth: 3 });
  fc.assert(
    fc.property(junk, junk, (some, cluster) => {
      const parsed = parseInfraFacts({ ...some, cluster });
      assert.ok(parsed !== null);
      for (const list of [parsed.features, parsed.cluster?.nodes, parsed.cluster?.missing])
        assert.ok(Array.isArray(list));
      assert.doesNotThrow(() => JSON.stringify(parsed));
      assert.deepEqual(parseInfraFacts(parsed), parsed);
    }),
  );
});
