/**
 * A container or list of the information model, as data. A leaf is written `type`, with `!` when the standard makes it
 * mandatory and `*` when it is a leaf-list. Types: string, text (as string, may be any scalar), boolean, uint8…uint64, int32,
 * decimal, ip, `enum a|b`, `identity base`, any; a number may carry a range: `uint64 1..max`.
 */
export interface SchemaNode {
  /** Keys of a YANG list, space-separated; absent for a container. */
  $list?: string;
  /** The standard wants at least one. */
  $min?: number;
  /** The field repeats keys of this list; harmless, so only a warning. */
  $repeats?: boolean;
  /** Where the standard says what is mandatory here. */
  $clause?: string;
  /** A sibling that serves in its stead. */
  $instead?: string;
  /** An older spelling has plain text here instead. */
  $orText?: boolean;
  [field: string]: string | number | boolean | SchemaNode | undefined;
}

export interface LeafType {
  base: string;
  values: string[];
  minimum: number;
  maximum: number;
  isMandatory: boolean;
  isList: boolean;
}

const limits: Record<string, [number, number]> = {
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, 2 ** 64],
  int32: [-2_147_483_648, 2_147_483_647],
  decimal: [-9_007_199_254_740_991, 9_007_199_254_740_991],
};

const known = new Map<string, LeafType>();

export function leafType(spec: string): LeafType {
  let type = known.get(spec);
  if (type === undefined) {
    type = parseLeafType(spec);
    known.set(spec, type);
  }
  return type;
}

function parseLeafType(spec: string): LeafType {
  const isList = spec.endsWith('*');
  const isMandatory = spec.includes('!');
  const [base = 'string', rest = ''] = spec.replace(/[!*]/g, '').split(' ', 2);
  const [low, high] = limits[base] ?? [0, 0];
  const type = { base, values: [] as string[], minimum: low, maximum: high, isMandatory, isList };
  if (base === 'enum') type.values = rest.split('|');
  else if (base === 'identity') type.values = [rest];
  else if (rest.includes('..')) {
    const [from = '', to = ''] = rest.split('..');
    type.minimum = Number(from);
    if (to !== 'max') type.maximum = Number(to);
  }
  return type;
}

/** `base` with the fields of `more` added, at every depth; `more` wins where both have a leaf. */
export function mergeSchemas(base: SchemaNode, more: SchemaNode): SchemaNode {
  const merged: SchemaNode = { ...base };
  for (const [field, value] of Object.entries(more)) {
    const there = merged[field];
    merged[field] =
      typeof there === 'object' && typeof value === 'object' ? mergeSchemas(there, value) : (value as string);
  }
  return merged;
}
