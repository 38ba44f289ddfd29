/** A descriptor as its text has it: every value keeps its source text and its place, whatever the notation. */
export type LocatedNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  kind: 'scalar';
  /** Source text, unquoted: `1.0` stays `1.0`. */
  text: string;
  isQuoted: boolean;
  offset: number;
}

export interface ListNode {
  kind: 'list';
  items: LocatedNode[];
  offset: number;
}

export interface MapNode {
  kind: 'map';
  entries: MapEntry[];
  offset: number;
}

export interface MapEntry {
  key: string;
  keyOffset: number;
  value: LocatedNode;
}

export function isNull(node: LocatedNode): boolean {
  return node.kind === 'scalar' && !node.isQuoted && /^(?:~|null|Null|NULL)?$/.test(node.text);
}

export function entryOf(node: LocatedNode | undefined, key: string): LocatedNode | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}

/** Text of a scalar field; undefined for anything else. */
export function textOf(node: LocatedNode | undefined, key: string): string | undefined {
  const value = entryOf(node, key);
  return value?.kind === 'scalar' && !isNull(value) ? value.text : undefined;
}

/** Items of a list field; a single value counts as a list of one, nothing as an empty one. */
export function itemsOf(node: LocatedNode | undefined, key: string): LocatedNode[] {
  const value = entryOf(node, key);
  if (value === undefined || isNull(value)) return [];
  return value.kind === 'list' ? value.items : [value];
}

export function scalarAt(offset: number, text: string): ScalarNode {
  return { kind: 'scalar', text, isQuoted: true, offset };
}

export function listAt(offset: number, items: LocatedNode[]): ListNode {
  return { kind: 'list', items, offset };
}

/** Entries whose value is undefined, an empty list or an empty map are left out. */
export function mapAt(offset: number, fields: Record<string, LocatedNode | undefined>): MapNode {
  const entries: MapEntry[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value.kind === 'list' && value.items.length === 0) continue;
    if (value.kind === 'map' && value.entries.length === 0) continue;
    entries.push({ key, keyOffset: value.offset, value });
  }
  return { kind: 'map', entries, offset };
}
