/**
 * The attributes that a resource type knows, as filters and selectors see them (ETSI GS NFV-SOL 013 clauses 5.2 and 5.3).
 * A leaf is `true`; an open map (KeyValuePairs) is `'open'`; arrays are seen as their items.
 */
export type AttributeTree = true | 'open' | { readonly [name: string]: AttributeTree };

interface SchemaLike {
  type?: string | readonly string[];
  properties?: Record<string, SchemaLike>;
  items?: SchemaLike;
  anyOf?: readonly SchemaLike[];
  additionalProperties?: boolean | SchemaLike;
}

/** Derives the tree from the JSON schema of a resource. An object schema that names no member is open. */
export function attributesOf(schema: unknown): AttributeTree {
  const node = schema as SchemaLike;
  if (node.items) return attributesOf(node.items);
  if (node.properties && Object.keys(node.properties).length > 0) {
    const entries = Object.entries(node.properties).map(([name, member]) => [name, attributesOf(member)] as const);
    return Object.assign(Object.create(null), Object.fromEntries(entries));
  }
  if (node.anyOf) return node.anyOf.map(attributesOf).find((tree) => tree !== true) ?? true;
  if (node.type === 'object' || node.type === undefined) return 'open';
  return true;
}

/** Whether a path leads to something that the resource type can have. */
export function knowsPath(tree: AttributeTree, path: readonly string[]): boolean {
  let node: AttributeTree | undefined = tree;
  for (const segment of path) {
    if (node === 'open') return true;
    if (node === true || node === undefined) return false;
    node = segment.startsWith('@') ? undefined : node[segment];
  }
  return node !== undefined;
}

/** Names that may follow a path, to tell the nearest one in a complaint. */
export function namesAt(tree: AttributeTree, path: readonly string[]): string[] {
  let node: AttributeTree | undefined = tree;
  for (const segment of path) {
    if (node === undefined || node === true || node === 'open') return [];
    node = node[segment];
  }
  return node === undefined || node === true || node === 'open' ? [] : Object.keys(node);
}
