import type { JsonObject, JsonValue } from '../../model/json.ts';
import { leafType, type SchemaNode } from '../schema/index.ts';
import { isNull, type ListNode, type LocatedNode, type MapNode, type ScalarNode } from '../text/located-node.ts';
import { maxNodes } from '../text/text-fault.ts';
import { didYouMean } from './did-you-mean.ts';
import { leafValue } from './leaf-values.ts';
import { joinPath, type Reading } from './reading.ts';

export interface WalkOptions {
  /** XML has no brackets: one element may well be a list. */
  isListImplicit: boolean;
  /** Translated text: the standard's mandatory fields were not known to its author. */
  isLegacy: boolean;
}

/** Fields that say nothing to the orchestrator and stand anywhere in real descriptors. */
const harmlessFields = new Set(['description', 'short-name', 'logo']);

/** Fields from before SOL006 that are left over in newer descriptors → where their content stands now. */
const formerNames: Record<string, string> = {
  image: 'sw-image-desc',
  interface: 'int-cpd',
  'vm-flavor': 'virtual-compute-desc',
  'connection-point': 'ext-cpd',
  'mgmt-interface': 'mgmt-cp',
  'internal-vld': 'int-virtual-link-desc',
  vendor: 'provider',
  vld: 'virtual-link-desc',
};

/** What OSM's NBI adds to a descriptor that is exported from it. */
const exportedFields = new Set([
  '_admin',
  '_id',
  '_links',
  'onboardingState',
  'operationalState',
  'usageState',
  'userDefinedData',
]);

/** Keys of SOL006 lists that the field leaves out; the list works without them. */
const optionalKeys = new Set(['flavour']);

/** Reads a text against a schema: the document as SOL006 JSON; everything that is wrong goes to the reading. */
export class SchemaWalk {
  readonly #reading: Reading;
  readonly #options: WalkOptions;
  #nodes = 0;

  constructor(reading: Reading, options: WalkOptions) {
    this.#reading = reading;
    this.#options = options;
  }

  descriptor(node: MapNode, schema: SchemaNode, path: string): JsonObject {
    const document = this.#map(node, schema, path, schema.$clause ?? 'SOL006');
    this.#checkKeys(document, schema, path, node.offset);
    return document;
  }

  #map(node: MapNode, schema: SchemaNode, path: string, clause: string): JsonObject {
    const document: JsonObject = {};
    const fields = this.#reading.remember(document, path, node.offset);
    for (const entry of node.entries) {
      const field = this.#fieldName(entry.key, schema);
      if (isNull(entry.value)) {
        fields.set(field, entry.keyOffset);
        this.#reading.tolerate(entry.keyOffset, joinPath(path, field), 'empty; treated as absent');
        continue;
      }
      if (Object.hasOwn(document, field)) {
        this.#reading.complainAt('error', joinPath(path, field), entry.keyOffset, {
          code: 'DuplicateKey',
          message: `the key '${field}' stands twice, with and without a prefix`,
          remedy: 'remove one of them',
        });
        continue;
      }
      fields.set(field, entry.value.offset);
      const spec = Object.hasOwn(schema, field) && !field.startsWith('$') ? schema[field] : undefined;
      if (spec === undefined || typeof spec === 'number' || typeof spec === 'boolean') {
        this.#unknown(entry.key, schema, path, entry.keyOffset);
        setField(document, field, this.#plain(entry.value, 0));
      } else setField(document, field, this.#value(entry.value, spec, joinPath(path, field), clause));
    }
    this.#checkMandatory(document, schema, path, clause, node.offset);
    return document;
  }

  #value(node: LocatedNode, spec: string | SchemaNode, path: string, clause: string): JsonValue | undefined {
    this.#nodes += 1;
    if (this.#nodes > maxNodes) return this.#tooMany(node, path);
    if (typeof spec === 'object') {
      const inner = spec.$clause ?? clause;
      return spec.$list === undefined ? this.#container(node, spec, path, inner) : this.#list(node, spec, path, inner);
    }
    const type = leafType(spec);
    if (type.base === 'any') return this.#plain(node, 0);
    if (!type.isList) return this.#leaf(node, spec, path);
    const items = node.kind === 'list' ? node.items : [node];
    if (node.kind !== 'list' && !this.#options.isListImplicit) {
      this.#reading.tolerate(node.offset, path, 'a single value where a list is meant; read as a list of one');
    }
    const values: JsonValue[] = [];
    const places = this.#reading.remember(values, path, node.offset);
    for (const item of items) {
      if (isNull(item)) continue;
      places.set(values.length, item.offset);
      const value = this.#leaf(item, spec, joinPath(path, values.length));
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  #leaf(node: LocatedNode, spec: string, path: string): JsonValue | undefined {
    let scalar: LocatedNode = node;
    if (node.kind === 'list' && node.items.length === 1 && node.items[0]?.kind === 'scalar') {
      scalar = node.items[0];
      this.#reading.tolerate(node.offset, path, 'a list of one where a single value is meant');
    }
    const type = leafType(spec);
    if (scalar.kind !== 'scalar') {
      this.#reading.complainAt('error', path, node.offset, {
        code: 'WrongType',
        message: `a ${node.kind === 'list' ? 'list' : 'mapping'} stands where ${type.base === 'string' ? 'text' : `a ${type.base}`} is meant`,
        remedy: 'write a single value',
      });
      return undefined;
    }
    const outcome = leafValue(scalar as ScalarNode, type);
    if (outcome.error !== undefined) this.#reading.complainAt('error', path, scalar.offset, outcome.error);
    if (outcome.warning !== undefined) this.#reading.complainAt('warning', path, scalar.offset, outcome.warning);
    if (outcome.tolerated !== undefined) this.#reading.tolerate(scalar.offset, path, outcome.tolerated);
    return outcome.value;
  }

  #container(node: LocatedNode, schema: SchemaNode, path: string, clause: string): JsonValue | undefined {
    if (node.kind === 'map') return this.#map(node, schema, path, clause);
    if (node.kind === 'scalar' && (schema.$orText === true || node.text.trim() === '')) return node.text;
    const [only] = node.kind === 'list' ? node.items : [];
    if (node.kind === 'list' && node.items.length <= 1 && (only === undefined || only.kind === 'map')) {
      this.#reading.tolerate(node.offset, path, 'a list where a mapping is meant; its only item was read');
      return only === undefined ? {} : this.#map(only as MapNode, schema, path, clause);
    }
    this.#reading.complainAt('error', path, node.offset, {
      code: 'WrongType',
      message: `a ${node.kind === 'list' ? 'list' : 'single value'} stands where a mapping is meant`,
      remedy: `write a mapping with ${fieldsOf(schema).slice(0, 4).join(', ')}`,
    });
    return undefined;
  }

  #list(node: LocatedNode, schema: SchemaNode, path: string, clause: string): JsonValue | undefined {
    const items: JsonValue[] = [];
    const places = this.#reading.remember(items, path, node.offset);
    if (node.kind === 'map' && node.entries.length === 0) return items;
    if (node.kind === 'map' && !this.#options.isListImplicit) {
      this.#reading.tolerate(node.offset, path, 'a single mapping where a list is meant; read as a list of one');
    }
    const nodes = node.kind === 'list' ? (node as ListNode).items : [node];
    const seen = new Map<string, number>();
    for (const item of nodes) {
      if (isNull(item)) continue;
      const itemPath = joinPath(path, items.length);
      if (item.kind !== 'map') {
        this.#reading.complainAt('error', itemPath, item.offset, {
          code: 'WrongType',
          message: `${item.kind === 'list' ? 'a list' : 'a single value'} stands where a mapping is meant`,
          remedy: `write a mapping with ${fieldsOf(schema).slice(0, 4).join(', ')}`,
        });
        continue;
      }
      places.set(items.length, item.offset);
      const value = this.#map(item, schema, itemPath, clause);
      this.#checkKeys(value, schema, itemPath, item.offset);
      this.#checkUnique(value, schema, seen);
      items.push(value);
    }
    return items;
  }

  #checkKeys(value: JsonObject, schema: SchemaNode, path: string, offset: number): void {
    const [key] = (schema.$list ?? '').split(' ');
    if (key === undefined || key === '' || optionalKeys.has(key)) return;
    const content = value[key];
    if (content !== undefined && content !== '') return;
    this.#reading.complainAt('error', path, offset, {
      code: 'MissingMandatory',
      message: `'${key}' is missing`,
      remedy: `add '${key}'`,
    });
  }

  #checkUnique(value: JsonObject, schema: SchemaNode, seen: Map<string, number>): void {
    const keys = (schema.$list ?? '').split(' ');
    if (value[keys[0] ?? ''] === undefined) return;
    const identity = JSON.stringify(keys.map((key) => value[key]));
    const first = seen.get(identity);
    seen.set(identity, first ?? seen.size);
    if (first === undefined) return;
    const names = keys.filter((key) => value[key] !== undefined).map((key) => `${key} '${String(value[key])}'`);
    this.#reading.complain(schema.$repeats === true ? 'warning' : 'error', value, keys[0], {
      code: 'DuplicateId',
      message: `${names.join(', ')} stands twice in this list`,
      remedy: 'give each entry an identifier of its own',
    });
  }

  #checkMandatory(value: JsonObject, schema: SchemaNode, path: string, clause: string, offset: number): void {
    if (this.#options.isLegacy) return;
    for (const [field, spec] of Object.entries(schema)) {
      if (field.startsWith('$') || value[field] !== undefined) continue;
      const isMissing = typeof spec === 'string' ? spec.includes('!') : typeof spec === 'object' && spec.$min === 1;
      if (!isMissing) continue;
      if (typeof spec === 'object' && spec.$instead !== undefined && value[spec.$instead] !== undefined) continue;
      const where = (typeof spec === 'object' ? spec.$clause : undefined) ?? clause;
      this.#reading.complainAt('warning', path, offset, {
        code: 'MissingMandatory',
        message: `'${field}' is missing, which the standard makes mandatory (${where})`,
        remedy: `add '${field}'`,
      });
    }
  }

  #unknown(key: string, schema: SchemaNode, path: string, offset: number): void {
    if (harmlessFields.has(key)) return;
    if (exportedFields.has(key)) {
      this.#reading.tolerate(
        offset,
        joinPath(path, key),
        'a record of the NFVO that the descriptor came from; no effect',
      );
      return;
    }
    const fields = fieldsOf(schema);
    const former = Object.hasOwn(formerNames, key) ? formerNames[key] : undefined;
    const near = former !== undefined && fields.includes(former) ? former : didYouMean(key, fields);
    this.#reading.complainAt('warning', joinPath(path, key), offset, {
      code: 'UnknownField',
      message: `unknown field '${key}'`,
      remedy: near === undefined ? 'it is kept but has no effect; remove it' : `did you mean '${near}'`,
    });
    this.#reading.tolerate(offset, joinPath(path, key), 'unknown field, kept without effect');
  }

  #fieldName(key: string, schema: SchemaNode): string {
    if (Object.hasOwn(schema, key) && !key.startsWith('$')) return key;
    const local = key.slice(key.indexOf(':') + 1);
    return local !== key && Object.hasOwn(schema, local) && !local.startsWith('$') ? local : key;
  }

  #plain(node: LocatedNode, depth: number): JsonValue {
    this.#nodes += 1;
    if (this.#nodes > maxNodes || depth > 64) return null;
    if (node.kind === 'scalar') return isNull(node) ? null : node.text;
    if (node.kind === 'list') return node.items.map((item) => this.#plain(item, depth + 1));
    const value: JsonObject = {};
    for (const entry of node.entries) setField(value, entry.key, this.#plain(entry.value, depth + 1));
    return value;
  }

  #tooMany(node: LocatedNode, path: string): undefined {
    if (this.#nodes === maxNodes + 1) {
      this.#reading.complainAt('error', path, node.offset, {
        code: 'TooLarge',
        message: `more than ${maxNodes} values, aliases counted each time`,
        remedy: 'make the descriptor smaller',
      });
    }
    return undefined;
  }
}

function fieldsOf(schema: SchemaNode): string[] {
  return Object.keys(schema).filter((field) => !field.startsWith('$'));
}

/** `__proto__` as a key must not reach the prototype. */
function setField(target: JsonObject, field: string, value: JsonValue | undefined): void {
  if (value === undefined) return;
  if (field === '__proto__') {
    Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  } else target[field] = value;
}
