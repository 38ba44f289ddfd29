import {
  type Alias,
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Parser,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { type LocatedNode, type MapEntry, type MapNode, scalarAt } from './located-node.ts';
import { syntaxFaults } from './syntax-faults.ts';
import { maxDepth, type TextFault } from './text-fault.ts';

const maxAliases = 100;

/**
 * Reads YAML 1.2 (and so JSON). All scalars keep their source text: types come from the schema, not from how a value
 * looks. Merge keys (`<<`) and aliases are resolved; duplicate keys and several documents are faults.
 */
export function readYaml(text: string): { root: LocatedNode | undefined; faults: TextFault[] } {
  const faults: TextFault[] = [];
  if (isTooDeep(text)) return { root: undefined, faults: [tooDeep(0)] };
  try {
    const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, keepSourceTokens: false });
    const documents = [...composer.compose(new Parser().parse(text), true, text.length)];
    const errors = documents.flatMap((each) => each.errors);
    if (errors.length > 0) return { root: undefined, faults: syntaxFaults(text, errors) };
    const [document, second] = documents.filter((each) => each.contents !== null && !isEmptyScalar(each.contents));
    if (second !== undefined && second.contents !== null) {
      faults.push({
        code: 'SeveralDocuments',
        offset: second.range[0],
        message: 'more than one YAML document in the file',
        remedy: 'keep one descriptor in a file',
      });
    }
    const contents = document?.contents as ParsedNode | null | undefined;
    if (contents === null || contents === undefined) return { root: undefined, faults };
    return { root: new YamlConversion(faults).convert(contents, 0), faults };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { root: undefined, faults: [tooDeep(0)] };
  }
}

class YamlConversion {
  readonly #faults: TextFault[];
  readonly #anchors = new Map<string, LocatedNode>();
  #aliases = 0;

  constructor(faults: TextFault[]) {
    this.#faults = faults;
  }

  convert(node: ParsedNode | null | undefined, depth: number): LocatedNode {
    if (node === null || node === undefined) return { kind: 'scalar', text: '', isQuoted: false, offset: 0 };
    if (depth > maxDepth) {
      this.#faults.push(tooDeep(node.range[0]));
      return scalarAt(node.range[0], '');
    }
    if (isAlias(node)) return this.#alias(node);
    const located = this.#value(node, depth);
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, located);
    return located;
  }

  #value(node: ParsedNode, depth: number): LocatedNode {
    const offset = node.range[0];
    if (isSeq(node)) {
      const items = node.items.map((item) => this.convert(item as ParsedNode, depth + 1));
      return { kind: 'list', items, offset };
    }
    if (isMap(node)) return this.#map(node as YAMLMap.Parsed, depth);
    if (isScalar(node)) {
      const isQuoted = node.type !== undefined && node.type !== Scalar.PLAIN;
      return { kind: 'scalar', text: String(node.value ?? ''), isQuoted, offset };
    }
    return scalarAt(offset, '');
  }

  #map(node: YAMLMap.Parsed, depth: number): MapNode {
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    const merged: LocatedNode[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as ParsedNode | null;
      const value = this.convert(pair.value as ParsedNode | null, depth + 1);
      const keyOffset = keyNode?.range?.[0] ?? node.range[0];
      if (!isScalar(keyNode)) {
        this.#faults.push({
          code: 'Syntax',
          offset: keyOffset,
          message: 'a key must be plain text',
          remedy: 'quote the key, or a value that begins with { or [',
        });
        continue;
      }
      const key = String(keyNode.value ?? '');
      if (key === '<<' && value.kind !== 'scalar') {
        merged.push(...(value.kind === 'list' ? value.items : [value]));
        continue;
      }
      if (seen.has(key)) this.#faults.push(duplicateKey(key, keyOffset));
      else entries.push({ key, keyOffset, value: value.offset === 0 ? { ...value, offset: keyOffset } : value });
      seen.add(key);
    }
    for (const source of merged) {
      if (source.kind !== 'map') continue;
      for (const entry of source.entries) {
        if (!seen.has(entry.key)) entries.push(entry);
        seen.add(entry.key);
      }
    }
    return { kind: 'map', entries, offset: node.range[0] };
  }

  #alias(node: Alias.Parsed): LocatedNode {
    this.#aliases += 1;
    if (this.#aliases === maxAliases + 1) {
      this.#faults.push({
        code: 'TooLarge',
        offset: node.range[0],
        message: `more than ${maxAliases} YAML aliases`,
        remedy: 'write the repeated parts out',
      });
    }
    const anchored = this.#anchors.get(node.source);
    if (anchored !== undefined) return anchored;
    this.#faults.push({
      code: 'Syntax',
      offset: node.range[0],
      message: `the alias '*${node.source}' names no anchor before it`,
      remedy: `write '&${node.source}' at what is meant, or quote a value that begins with *`,
    });
    return scalarAt(node.range[0], '');
  }
}

function duplicateKey(key: string, offset: number): TextFault {
  return {
    code: 'DuplicateKey',
    offset,
    message: `the key '${key}' stands twice in the same mapping`,
    remedy: 'remove one of them; only the first was read',
  };
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && (node.value === null || node.value === '');
}

function tooDeep(offset: number): TextFault {
  return {
    code: 'TooDeep',
    offset,
    message: `nested deeper than ${maxDepth} levels`,
    remedy: 'flatten the descriptor',
  };
}

/** Flow collections can nest without indentation; counted before the recursive composer sees them. */
function isTooDeep(text: string): boolean {
  let opening = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) opening += 1;
    else if (code === 0x5d || code === 0x7d) opening -= 1;
    if (opening > 1000) return true;
  }
  return false;
}
