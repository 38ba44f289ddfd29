import type { Reading } from '../reading/reading.ts';
import type { LocatedNode, MapEntry, MapNode } from '../text/located-node.ts';

/** Spellings of Releases 2 and 3 → those of 4 to 8, which the translation reads. */
const laterNames: Record<string, string> = {
  'external-interface': 'interface',
  'internal-interface': 'interface',
  'vdu-internal-connection-point-ref': 'internal-connection-point-ref',
  'service-primitive': 'config-primitive',
};

/** Where an interface names the VNF's connection point, and only there. */
const interfaceNames: Record<string, string> = { 'vnfd-connection-point-ref': 'external-connection-point-ref' };

/** A legacy text as Release 8 would write it: no module prefixes at its keys (`nsd:vld`), one list of interfaces. */
export function asReleaseEight(node: MapNode, reading: Reading): MapNode {
  return renamed(node, reading, laterNames) as MapNode;
}

function renamed(node: LocatedNode, reading: Reading, names: Record<string, string>): LocatedNode {
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => renamed(item, reading, names)) };
  if (node.kind !== 'map') return node;
  const entries: MapEntry[] = [];
  for (const entry of node.entries) {
    const bare = entry.key.slice(entry.key.lastIndexOf(':') + 1);
    const key = Object.hasOwn(names, bare) ? (names[bare] ?? bare) : bare;
    const isInterface = bare === 'external-interface' || bare === 'internal-interface';
    if (key !== bare) reading.translate(entry.keyOffset, key, `'${bare}' of early releases became '${key}'`);
    const inner = isInterface ? { ...names, ...interfaceNames } : names;
    const value = renamed(entry.value, reading, inner);
    const same = isInterface ? entries.find((each) => each.key === key) : undefined;
    if (same === undefined) entries.push({ ...entry, key, value });
    else same.value = joined(same.value, value);
  }
  return { ...node, entries };
}

function joined(one: LocatedNode, two: LocatedNode): LocatedNode {
  const items = [one, two].flatMap((node) => (node.kind === 'list' ? node.items : [node]));
  return { kind: 'list', items, offset: one.offset };
}
