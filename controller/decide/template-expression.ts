import type { JsonObject, JsonValue } from '#shared/model/json.ts';

/** What keeps a template from being filled in; `parameter`: one that is missing. */
export class TemplateProblem extends Error {
  readonly remedy: string;
  readonly parameter: string | undefined;

  constructor(message: string, remedy: string, parameter?: string) {
    super(message);
    this.remedy = remedy;
    this.parameter = parameter;
  }
}

type Value = JsonValue | undefined;

const token =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\])*)|(==|!=|[|(),]))/y;

const constants: Record<string, JsonValue> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** Functions by name; `default` and `d` alone may be given what is missing. */
const filters: Record<string, (value: JsonValue, args: JsonValue[]) => JsonValue> = {
  lower: (value) => textOf(value).toLowerCase(),
  upper: (value) => textOf(value).toUpperCase(),
  trim: (value) => textOf(value).trim(),
  string: (value) => textOf(value),
  int: (value, [otherwise = 0]) =>
    /^\s*[+-]?\d+/.test(textOf(value)) ? Number.parseInt(textOf(value), 10) : otherwise,
  join: (value, [separator = '']) => (Array.isArray(value) ? value.map(textOf).join(textOf(separator)) : textOf(value)),
  tojson: (value) => JSON.stringify(value),
};

/** Scalars as they are, the rest as JSON. */
export function textOf(value: JsonValue): string {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function isTrue(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== null && typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value);
}

/**
 * Value of a Jinja2 expression of the supported subset: names with members and indices, literals, `not and or == != in`,
 * `is [not] defined`, and the filters default, lower, upper, trim, string, int, join, tojson.
 * @throws TemplateProblem
 */
export function evaluate(source: string, scope: JsonObject): JsonValue {
  const expression = new Expression(source, scope);
  return expression.whole();
}

class Expression {
  readonly #source: string;
  readonly #scope: JsonObject;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(source: string, scope: JsonObject) {
    this.#source = source;
    this.#scope = scope;
    token.lastIndex = 0;
    const text = source.trimEnd();
    while (token.lastIndex < text.length) {
      const match = token.exec(text);
      if (match === null) throw this.#unsupported();
      this.#tokens.push(match[0].trim());
    }
  }

  whole(): JsonValue {
    const value = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unsupported();
    return value;
  }

  #or(): JsonValue {
    let value = this.#and();
    while (this.#skip('or')) {
      const right = this.#and();
      value = isTrue(value) ? value : right;
    }
    return value;
  }

  #and(): JsonValue {
    let value = this.#not();
    while (this.#skip('and')) {
      const right = this.#not();
      value = isTrue(value) ? right : value;
    }
    return value;
  }

  #not(): JsonValue {
    return this.#skip('not') ? !isTrue(this.#not()) : this.#comparison();
  }

  #comparison(): JsonValue {
    const [value, name] = this.#filtered();
    if (this.#skip('is')) {
      const isNegated = this.#skip('not');
      if (!this.#skip('defined')) throw this.#unsupported();
      return (value !== undefined) !== isNegated;
    }
    const left = present(value, name);
    if (this.#skip('==')) return isSame(left, this.#operand());
    if (this.#skip('!=')) return !isSame(left, this.#operand());
    if (this.#skip('in')) return holds(this.#operand(), left);
    return left;
  }

  #operand(): JsonValue {
    return present(...this.#filtered());
  }

  #filtered(): [Value, string] {
    let [value, name] = this.#primary();
    while (this.#skip('|')) {
      const filter = this.#next();
      const args = this.#arguments();
      if (filter === 'default' || filter === 'd') {
        const isEmpty = value === undefined || (args[1] === true && !isTrue(value));
        if (isEmpty) value = args[0] ?? '';
      } else {
        const apply = Object.hasOwn(filters, filter) ? filters[filter] : undefined;
        if (apply === undefined) throw this.#unsupported();
        value = apply(present(value, name), args);
      }
    }
    return [value, name];
  }

  #arguments(): JsonValue[] {
    const args: JsonValue[] = [];
    if (!this.#skip('(')) return args;
    while (!this.#skip(')')) {
      args.push(this.#or());
      if (!this.#skip(',') && this.#tokens[this.#at] !== ')') throw this.#unsupported();
    }
    return args;
  }

  #primary(): [Value, string] {
    const word = this.#next();
    if (word === '(') {
      const value = this.#or();
      if (!this.#skip(')')) throw this.#unsupported();
      return [value, ''];
    }
    if (/^["']/.test(word)) return [word.slice(1, -1).replace(/\\(.)/g, (_, each) => (each === 'n' ? '\n' : each)), ''];
    if (/^-?\d/.test(word)) return [Number(word), ''];
    if (Object.hasOwn(constants, word)) return [constants[word], ''];
    if (!/^[A-Za-z_]/.test(word) || this.#tokens[this.#at] === '(') throw this.#unsupported();
    return [lookUp(this.#scope, word), word];
  }

  #next(): string {
    const word = this.#tokens[this.#at];
    if (word === undefined) throw this.#unsupported();
    this.#at += 1;
    return word;
  }

  #skip(word: string): boolean {
    if (this.#tokens[this.#at] !== word) return false;
    this.#at += 1;
    return true;
  }

  #unsupported(): TemplateProblem {
    const shown = this.#source.trim().slice(0, 80);
    return new TemplateProblem(
      `'${shown}' is more than a parameter and more than the supported part of Jinja2`,
      `Use {{ name }}, {{ name.member }} or a filter of ${['default', ...Object.keys(filters)].join(', ')}; put text that is not for Jinja2 between {% raw %} and {% endraw %}.`,
    );
  }
}

function present(value: Value, name: string): JsonValue {
  if (value !== undefined) return value;
  throw new TemplateProblem(
    `parameter ${name} is missing`,
    `Give ${name} in additionalParamsForVnf (or additionalParamsForNs) of the request.`,
    name,
  );
}

function isSame(left: JsonValue, right: JsonValue): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function holds(container: JsonValue, item: JsonValue): boolean {
  if (Array.isArray(container)) return container.some((each) => isSame(each, item));
  if (container !== null && typeof container === 'object') return Object.hasOwn(container, textOf(item));
  return textOf(container).includes(textOf(item));
}

/** Own members only: a template must not reach a prototype. */
function lookUp(scope: JsonObject, name: string): Value {
  let value: Value = scope;
  for (const step of name.split(/\.|\[(\d+)\]/).filter((part) => part !== undefined && part !== '')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
    value = (value as JsonObject)[step];
  }
  return value ?? undefined;
}
