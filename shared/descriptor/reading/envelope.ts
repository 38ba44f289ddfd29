import type { DescriptorKind } from '../parsed-descriptor.ts';
import { entryOf, isNull, type LocatedNode, type MapNode, textOf } from '../text/located-node.ts';
import { didYouMean } from './did-you-mean.ts';
import { joinPath, type Reading } from './reading.ts';

export interface FoundDescriptor {
  kind: DescriptorKind;
  node: MapNode;
  path: string;
  isLegacy: boolean;
}

/** SOL006's own top container, and those that NETCONF puts around it (RFC 6241). */
const wrappers = new Set(['nfv', 'config', 'data']);

const kinds: DescriptorKind[] = ['vnfd', 'nsd', 'pnfd', 'nst'];

const legacyCatalogs: Record<string, DescriptorKind> = { 'vnfd-catalog': 'vnfd', 'nsd-catalog': 'nsd' };

const legacyMarks: Record<string, string[]> = {
  vnfd: ['connection-point', 'mgmt-interface', 'internal-vld', 'vnf-configuration', 'scaling-group-descriptor'],
  nsd: ['constituent-vnfd', 'vld'],
};

const bareMarks: [DescriptorKind, string[]][] = [
  ['nst', ['netslice-subnet', 'SNSSAI-identifier']],
  ['nsd', ['vnfd-id', 'virtual-link-desc', 'sapd', 'designer', 'nested-nsd-id', 'constituent-vnfd', 'vld', 'vnffgd']],
  [
    'vnfd',
    ['vdu', 'kdu', 'ext-cpd', 'mgmt-cp', 'product-name', 'int-virtual-link-desc', 'connection-point', 'mgmt-interface'],
  ],
  ['pnfd', ['function-description', 'geographical-location-info']],
];

/**
 * Finds the descriptors in a text under any envelope of the field: `vnfd`, `vnfd: [..]`, `nsd: {nsd: [..]}`, `nfv`, prefixed
 * forms (RFC 7951), NETCONF's, the catalogues from before SOL006, or none at all.
 */
export function findDescriptors(root: LocatedNode, reading: Reading): FoundDescriptor[] {
  if (root.kind !== 'map') {
    reading.complainAt('error', '', root.offset, {
      code: 'NotADescriptor',
      message: 'the text holds no mapping',
      remedy: "begin with 'vnfd:' or 'nsd:'",
    });
    return [];
  }
  const tosca = textOf(root, 'tosca_definitions_version');
  if (tosca !== undefined) {
    reading.complainAt('error', 'tosca_definitions_version', entryOf(root, 'tosca_definitions_version')?.offset ?? 0, {
      code: 'UnsupportedFormat',
      message: `this is a TOSCA service template (SOL001, ${tosca.slice(0, 60)}), whose node types are not read`,
      remedy: 'describe the same VNF or NS in SOL006 (YAML, JSON or XML); SOL001 is not supported',
    });
    return [];
  }
  const found: FoundDescriptor[] = [];
  collect(root, '', found, reading);
  if (found.length > 0) return found;
  const bare = bareKind(root);
  if (bare !== undefined) return [{ kind: bare, node: root, path: bare, isLegacy: isLegacy(bare, root) }];
  const key = root.entries[0]?.key;
  const empty = root.entries.find((entry) => isKind(entry.key));
  if (empty !== undefined) {
    reading.complainAt('error', empty.key, empty.value.offset, {
      code: 'NotADescriptor',
      message: `there is no descriptor under '${empty.key}'`,
      remedy: `write its fields under '${empty.key}:', indented`,
    });
    return [];
  }
  const near = key === undefined ? undefined : didYouMean(key, kinds);
  reading.complainAt('error', '', root.offset, {
    code: 'NotADescriptor',
    message: 'no VNFD, NSD, PNFD or NST was found',
    remedy: near === undefined ? "begin with 'vnfd:' or 'nsd:'" : `did you mean '${near}' for '${key}'`,
  });
  return [];
}

function collect(node: MapNode, path: string, found: FoundDescriptor[], reading: Reading): void {
  const strangers: { key: string; offset: number }[] = [];
  const before = found.length;
  for (const entry of node.entries) {
    const name = entry.key.slice(entry.key.lastIndexOf(':') + 1);
    const place = joinPath(path, entry.key);
    if (wrappers.has(name) && entry.value.kind === 'map') collect(entry.value, place, found, reading);
    else if (Object.hasOwn(legacyCatalogs, name) && entry.value.kind === 'map') {
      const inner = entry.value.entries.find((each) => each.key.endsWith(legacyCatalogs[name] ?? ''));
      if (inner !== undefined)
        take(inner.value, legacyCatalogs[name] ?? 'vnfd', joinPath(place, inner.key), found, true);
    } else if (isKind(name) && !isNull(entry.value) && entry.value.kind !== 'scalar') {
      take(entry.value, name, place, found, false);
    } else strangers.push({ key: entry.key, offset: entry.keyOffset });
  }
  if (found.length === before) return;
  for (const { key, offset } of strangers) {
    reading.complainAt('warning', joinPath(path, key), offset, {
      code: 'UnknownField',
      message: `unknown field '${key}' beside the descriptor`,
      remedy: 'it has no effect; remove it or indent it under the descriptor',
    });
  }
}

function take(value: LocatedNode, kind: DescriptorKind, path: string, found: FoundDescriptor[], legacy: boolean): void {
  if (value.kind === 'list') {
    for (const [at, item] of value.items.entries()) {
      if (item.kind === 'map') found.push(describe(item, kind, joinPath(path, at), legacy));
    }
    return;
  }
  if (value.kind !== 'map') return;
  const inner = value.entries.find((entry) => entry.key === kind || entry.key.endsWith(`:${kind}`));
  if (inner !== undefined && inner.value.kind !== 'scalar' && entryOf(value, 'id') === undefined) {
    take(inner.value, kind, joinPath(path, inner.key), found, legacy);
  } else found.push(describe(value, kind, path, legacy));
}

function describe(node: MapNode, kind: DescriptorKind, path: string, legacy: boolean): FoundDescriptor {
  return { kind, node, path, isLegacy: legacy || isLegacy(kind, node) };
}

/** One stray legacy field does not make a SOL006 descriptor legacy. */
function isLegacy(kind: DescriptorKind, node: MapNode): boolean {
  const hasAny = (marks: string[]) => marks.some((mark) => entryOf(node, mark) !== undefined);
  return hasAny(legacyMarks[kind] ?? []) && !hasAny(['df', 'ext-cpd', 'product-name', 'virtual-link-desc']);
}

function isKind(name: string): name is DescriptorKind {
  return (kinds as string[]).includes(name);
}

function bareKind(root: MapNode): DescriptorKind | undefined {
  return bareMarks.find(([, marks]) => marks.some((mark) => entryOf(root, mark) !== undefined))?.[0];
}
