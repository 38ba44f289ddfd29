import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { requireKnown } from './attribute-filter.ts';
import type { AttributeTree } from './attributes.ts';

/** Which attributes an answer shows (ETSI GS NFV-SOL 013 clause 5.3). */
export type AttributeSelector =
  | { kind: 'all' }
  /** As without any selector. */
  | { kind: 'default' }
  | { kind: 'only'; paths: string[][] }
  | { kind: 'without'; paths: string[][] }
  /** `exclude_default` together with `fields`: the default set, except what is listed. */
  | { kind: 'default-and'; paths: string[][] };

export interface SelectorParameters {
  all_fields?: string;
  fields?: string;
  exclude_fields?: string;
  exclude_default?: string;
}

/** @throws BadQuery for an unknown attribute or for selectors that exclude each other */
export function parseSelector(parameters: SelectorParameters, attributes: AttributeTree): AttributeSelector {
  const isAll = flag('all_fields', parameters.all_fields);
  const isDefault = flag('exclude_default', parameters.exclude_default);
  const { fields, exclude_fields: excluded } = parameters;
  const count = [isAll, isDefault, fields !== undefined, excluded !== undefined].filter(Boolean).length;
  if (count > 1 && !(count === 2 && isDefault && fields !== undefined)) {
    throw new SkerryError('BadQuery', 'These attribute selectors exclude each other.', {
      remedy: 'Use one of all_fields, fields, exclude_fields, exclude_default; only exclude_default goes with fields.',
    });
  }
  if (isAll) return { kind: 'all' };
  if (fields !== undefined) {
    return { kind: isDefault ? 'default-and' : 'only', paths: parsePaths('fields', fields, attributes) };
  }
  if (excluded !== undefined) return { kind: 'without', paths: parsePaths('exclude_fields', excluded, attributes) };
  return { kind: 'default' };
}

function flag(name: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (value === '' || value === 'true') return true;
  throw new SkerryError('BadQuery', `The query parameter ${name} is a flag.`, { remedy: `Write ?${name} alone.` });
}

function parsePaths(parameter: string, list: string, attributes: AttributeTree): string[][] {
  const paths = list.split(',').map((path) => path.trim().split('/'));
  if (list.length > 4000 || paths.length > 100) {
    throw new SkerryError('BadQuery', `${parameter} is too long.`, { remedy: 'List at most 100 attributes.' });
  }
  for (const path of paths) requireKnown(attributes, path);
  return paths;
}

export interface SelectionRules {
  /** Attributes that the default leaves out. */
  excludedByDefault: readonly string[];
  /** Mandatory attributes: `fields` never drops them. */
  required: readonly string[];
}

/** A new object with the selected attributes; the entity itself stays as it is. */
export function select(entity: JsonObject, selector: AttributeSelector, rules: SelectionRules): JsonObject {
  switch (selector.kind) {
    case 'all':
      return entity;
    case 'default':
      return omit(entity, rules.excludedByDefault);
    case 'without':
      return selector.paths.reduce((rest, path) => withoutPath(rest, path) as JsonObject, entity);
    case 'only': {
      const kept = pick(entity, rules.required);
      return selector.paths.reduce((result, path) => withPath(result, entity, path) as JsonObject, kept);
    }
    case 'default-and': {
      const kept = omit(entity, rules.excludedByDefault);
      return selector.paths.reduce((result, path) => withPath(result, entity, path) as JsonObject, kept);
    }
  }
}

function omit(entity: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(entity).filter(([name]) => !names.includes(name)));
}

function pick(entity: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(entity).filter(([name]) => names.includes(name)));
}

function withoutPath(node: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  const [name, ...rest] = path;
  if (name === undefined || typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((item) => withoutPath(item, path) as JsonValue);
  if (!Object.hasOwn(node, name)) return node;
  if (rest.length === 0) return omit(node, [name]);
  return { ...node, [name]: withoutPath(node[name], rest) };
}

/** Adds to `target` what `source` has at the path; arrays are walked item by item. */
function withPath(
  target: JsonValue | undefined,
  source: JsonValue | undefined,
  path: readonly string[],
): JsonValue | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return source;
  if (Array.isArray(source)) {
    const items = Array.isArray(target) ? target : [];
    return source.map((item, index) => withPath(items[index], item, path) ?? {});
  }
  if (typeof source !== 'object' || source === null || !Object.hasOwn(source, name)) return target;
  const own = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  return { ...own, [name]: withPath(own[name], source[name], rest) };
}
