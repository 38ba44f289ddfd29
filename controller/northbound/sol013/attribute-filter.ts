import { SkerryError } from '#shared/errors/index.ts';
import { nearestName } from '../nearest-name.ts';
import { type AttributeTree, knowsPath, namesAt } from './attributes.ts';

export const filterOperators = ['eq', 'neq', 'gt', 'lt', 'gte', 'lte', 'in', 'nin', 'cont', 'ncont'] as const;
export type FilterOperator = (typeof filterOperators)[number];

/** One simple filter expression (ETSI GS NFV-SOL 013 clause 5.2.2). Expressions of a filter are joined by AND. */
export interface FilterExpression {
  operator: FilterOperator;
  path: string[];
  values: string[];
}

const multiValued: ReadonlySet<string> = new Set(['in', 'nin', 'cont', 'ncont']);
const limits = { characters: 8000, expressions: 64, values: 200 } as const;
/** Escapes of attribute names: `/`, `~`, `,` and `@` cannot stand for themselves. */
const escapes: Record<string, string> = { '~0': '~', '~1': '/', '~a': ',', '~b': '@' };

/**
 * Parses `(op,attr/sub,value[,value]*)[;(…)]*`.
 *
 * @throws BadQuery for a syntax error (with its column) or an attribute that the resource type does not know
 */
export function parseFilter(text: string, attributes: AttributeTree): FilterExpression[] {
  if (text.length > limits.characters) throw complaint(`is longer than ${limits.characters} characters`);
  const expressions: FilterExpression[] = [];
  let at = 0;
  while (at < text.length) {
    if (expressions.length === limits.expressions) throw complaint(`has more than ${limits.expressions} expressions`);
    if (text[at] !== '(') throw complaint(`lacks "(" at column ${at + 1}`);
    const { fields, end } = readFields(text, at + 1);
    expressions.push(toExpression(fields, attributes));
    at = end + 1;
    if (at === text.length) break;
    if (text[at] !== ';' || at + 1 === text.length) throw complaint(`lacks ";(" at column ${at + 1}`);
    at += 1;
  }
  if (expressions.length === 0) throw complaint('is empty');
  return expressions;
}

/** Fields up to the closing parenthesis; `end` is its index. */
function readFields(text: string, start: number): { fields: string[]; end: number } {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const quoted = text[at] === "'";
    const { value, end } = quoted ? readQuoted(text, at) : readPlain(text, at);
    fields.push(value);
    if (fields.length > limits.values) throw complaint(`has more than ${limits.values} values`);
    if (text[end] === ')') return { fields, end };
    if (text[end] !== ',') throw complaint(`lacks ")" at column ${end + 1}`);
    at = end + 1;
  }
}

function readPlain(text: string, start: number): { value: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== ')') {
    if (text[end] === "'") throw complaint(`has a stray quote at column ${end + 1}; quote the whole value`);
    end += 1;
  }
  return { value: text.slice(start, end), end };
}

function readQuoted(text: string, start: number): { value: string; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "'") value += text[at];
    else if (text[at + 1] === "'") {
      value += "'";
      at += 1;
    } else return { value, end: at + 1 };
  }
  throw complaint(`has a quote without an end at column ${start + 1}`);
}

function toExpression(fields: string[], attributes: AttributeTree): FilterExpression {
  const [operator = '', name = '', ...values] = fields;
  if (!isOperator(operator)) {
    throw complaint(`has the unknown operator "${operator}"`, `Operators are ${filterOperators.join(', ')}.`);
  }
  if (values.length === 0) throw complaint(`has no value after "${operator},${name}"`);
  if (values.length > 1 && !multiValued.has(operator)) throw complaint(`gives more than one value to "${operator}"`);
  const path = name.split('/');
  requireKnown(attributes, path);
  return { operator, path: path.map(unescapeName), values };
}

/**
 * The older form `attr.sub[.op]=value[,value]*` of V2.6.1 clients and of OSM. Several values mean any of them.
 *
 * @throws BadQuery when the parameter is neither a known attribute nor anything else that the request may carry
 */
export function parseLegacyFilter(parameter: string, value: string, attributes: AttributeTree): FilterExpression {
  if (value.length > limits.characters) throw complaint(`is longer than ${limits.characters} characters`);
  const path = parameter.split(/[./]/);
  const last = path.at(-1)!;
  const values = value.split(',');
  if (values.length > limits.values) throw complaint(`has more than ${limits.values} values`);
  if (path.length > 1 && isOperator(last) && !knowsPath(attributes, path)) {
    const attribute = path.slice(0, -1);
    requireKnown(attributes, attribute, parameter);
    return { operator: anyOf(last, values), path: attribute, values };
  }
  requireKnown(attributes, path, parameter);
  return { operator: anyOf('eq', values), path, values };
}

function anyOf(operator: FilterOperator, values: string[]): FilterOperator {
  if (values.length === 1) return operator;
  return operator === 'eq' ? 'in' : operator === 'neq' ? 'nin' : operator;
}

/** True when the entity matches every expression. An absent attribute matches none. */
export function matchesFilter(entity: unknown, expressions: readonly FilterExpression[]): boolean {
  const byPath = new Map<string, FilterExpression[]>();
  for (const expression of expressions) {
    const key = JSON.stringify(expression.path);
    const group = byPath.get(key);
    if (group) group.push(expression);
    else byPath.set(key, [expression]);
  }
  for (const group of byPath.values()) {
    // Clause 5.2.2: in an array, one element has to satisfy all expressions on the same path.
    const found = valuesAt(entity, group[0]!.path);
    if (!found.some((value) => group.every((expression) => satisfies(value, expression)))) return false;
  }
  return true;
}

/** Leaf values that a path reaches, through arrays. `@key` stands for the keys of a map. */
export function valuesAt(entity: unknown, path: readonly string[]): (string | number | boolean)[] {
  let nodes: unknown[] = [entity];
  for (const segment of path) {
    nodes = nodes.flat(8).flatMap((node) => {
      if (typeof node !== 'object' || node === null) return [];
      if (segment === '@key') return Object.keys(node);
      return Object.hasOwn(node, segment) ? [(node as Record<string, unknown>)[segment]] : [];
    });
  }
  return nodes
    .flat(8)
    .filter((node) => typeof node === 'string' || typeof node === 'number' || typeof node === 'boolean');
}

function satisfies(actual: string | number | boolean, { operator, values }: FilterExpression): boolean {
  const [first = ''] = values;
  switch (operator) {
    case 'eq':
      return equals(actual, first);
    case 'neq':
      return !equals(actual, first);
    case 'in':
      return values.some((value) => equals(actual, value));
    case 'nin':
      return !values.some((value) => equals(actual, value));
    case 'cont':
      return values.some((value) => String(actual).includes(value));
    case 'ncont':
      return !values.some((value) => String(actual).includes(value));
    default:
      return compares(actual, operator, first);
  }
}

function equals(actual: string | number | boolean, wanted: string): boolean {
  if (typeof actual === 'number') return wanted.trim() !== '' && actual === Number(wanted);
  return String(actual) === wanted;
}

function compares(actual: string | number | boolean, operator: 'gt' | 'lt' | 'gte' | 'lte', wanted: string): boolean {
  const order = compare(actual, wanted);
  if (order === undefined) return false;
  if (operator === 'gt') return order > 0;
  if (operator === 'lt') return order < 0;
  return operator === 'gte' ? order >= 0 : order <= 0;
}

const dateTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Numbers by value, DateTimes by instant, strings by code unit; booleans have no order. */
function compare(actual: string | number | boolean, wanted: string): number | undefined {
  if (typeof actual === 'boolean') return undefined;
  if (typeof actual === 'number') {
    const number = Number(wanted);
    return wanted.trim() === '' || Number.isNaN(number) ? undefined : actual - number;
  }
  if (dateTimePattern.test(actual) && dateTimePattern.test(wanted)) {
    const difference = Date.parse(actual) - Date.parse(wanted);
    if (!Number.isNaN(difference)) return difference;
  }
  return actual < wanted ? -1 : actual > wanted ? 1 : 0;
}

function isOperator(text: string): text is FilterOperator {
  return (filterOperators as readonly string[]).includes(text);
}

function unescapeName(name: string): string {
  return name.replace(/~[01ab]/g, (sequence) => escapes[sequence]!);
}

/** Passes for a path that the resource type knows. @throws BadQuery naming the nearest known attribute */
export function requireKnown(attributes: AttributeTree, path: readonly string[], parameter?: string): void {
  const names = path.map(unescapeName);
  const plain = names.at(-1) === '@key' || path.at(-1) === '@key' ? names.slice(0, -1) : names;
  if (plain.every((name) => name !== '') && knowsPath(attributes, plain)) return;
  const parents = plain.findIndex((_, index) => !knowsPath(attributes, plain.slice(0, index + 1)));
  const candidates = namesAt(attributes, plain.slice(0, parents));
  const nearest = nearestName(plain[parents] ?? '', candidates);
  const what = parameter === undefined ? `The attribute "${plain.join('/')}"` : `The query parameter "${parameter}"`;
  const hint = nearest === undefined ? '' : `Did you mean "${[...plain.slice(0, parents), nearest].join('/')}"? `;
  throw new SkerryError('BadQuery', `${what} is not known here.`, {
    remedy: `${hint}Attributes at this place: ${candidates.slice(0, 40).join(', ') || 'none'}.`,
  });
}

function complaint(problem: string, remedy = 'The form is (operator,attribute/path,value)[;(…)].'): SkerryError {
  return new SkerryError('BadQuery', `The filter ${problem}.`, { remedy });
}
