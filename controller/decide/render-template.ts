import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';

const expression = /\{\{-?\s*(.*?)\s*-?\}\}/g;
const path = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*|\[\d+\])*$/;
/** Scripts use `{%` too (`${%…}`, printf formats): only what Jinja2 would read as a statement counts. */
const statement = /\{%-?\s*(if|for|set|macro|block|include|import|extends|raw)\b/;

/**
 * Fills `{{ name }}` and `{{ a.b[0] }}` in a cloud-init text: the subset of Jinja2 that descriptors use.
 *
 * @returns Unprocessable (details.path: the parameter) for a missing parameter, a filter or a statement.
 */
export function renderTemplate(text: string, params: JsonObject, where: string): Result<string> {
  if (statement.test(text))
    return complain(
      where,
      'it has a Jinja2 statement {% … %}',
      'Only {{ parameter }} is filled in; unroll the statement.',
    );
  let problem: Result<string> | undefined;
  const rendered = text.replaceAll(expression, (whole, inner: string) => {
    if (problem !== undefined) return whole;
    if (!path.test(inner)) {
      problem = complain(where, `{{ ${inner} }} is more than a parameter`, 'Use {{ name }} or {{ name.member }} only.');
      return whole;
    }
    const value = lookUp(params, inner);
    if (value === undefined || value === null) {
      problem = complain(
        where,
        `parameter ${inner} is missing`,
        `Give ${inner} in additionalParamsForVnf (or additionalParamsForNs) of the request.`,
        inner,
      );
      return whole;
    }
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
  return problem ?? ok(rendered);
}

function lookUp(params: JsonObject, inner: string): JsonValue | undefined {
  let value: JsonValue | undefined = params;
  for (const step of inner.split(/\.|\[(\d+)\]/).filter((part) => part !== undefined && part !== '')) {
    if (value === null || typeof value !== 'object') return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = (value as JsonObject)[step];
  }
  return value;
}

function complain(where: string, what: string, remedy: string, parameter?: string): Result<string> {
  return fail(
    new SkerryError('Unprocessable', `${where}: ${what}`, {
      remedy,
      details: { path: parameter === undefined ? where : `additionalParamsForVnf/${parameter}`, template: where },
    }),
  );
}
