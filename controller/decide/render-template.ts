import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { evaluate, isTrue, TemplateProblem, textOf } from './template-expression.ts';

/**
 * Scripts have braces too (`${%…}`, `${#list[@]}`): `{%` counts only before a word of Jinja2, `{#` only where no `$` is before it and
 * it is closed.
 */
const mark =
  /\{\{(?<isTight>-?)(?<expression>[\s\S]*?)(?:-?)\}\}|\{%(?<isTightBlock>[-+]?)\s*(?<word>if|elif|else|endif|for|endfor|raw|endraw|set|macro|call|filter|block|include|import|from|extends|with|autoescape)\b(?<rest>[\s\S]*?)[-+]?%\}|(?<!\$)\{#[\s\S]*?#\}/g;
const rawEnd = /\{%-?\s*endraw\s*-?%\}/g;
const loop = /^\s*([A-Za-z_]\w*)\s+in\s+([\s\S]+)$/;

/** More than any machine takes as user data. */
const maxRenderedChars = 2 ** 20;
const maxLoops = 10_000;

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'value'; expression: string }
  | { kind: 'if'; branches: { condition: string | undefined; body: Node[] }[] }
  | { kind: 'for'; name: string; list: string; body: Node[] };

/**
 * Fills in a cloud-init text: the part of Jinja2 that descriptors use (OSM's LCM renders them with it). `{{ … }}` (see evaluate),
 * `{% if %} … {% elif %} … {% else %} … {% endif %}`, `{% for x in list %} … {% endfor %}`, `{% raw %} … {% endraw %}`, `{# … #}`
 * and `-` against white space. A missing parameter is an error, as it is there.
 *
 * @returns Unprocessable (details.path: the parameter) for a missing parameter or what is not supported.
 */
export function renderTemplate(text: string, params: JsonObject, where: string): Result<string> {
  try {
    const rendering = new Rendering();
    return ok(rendering.render(new TemplateText(text).nodes(), params));
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error;
    const { message, remedy, parameter } = error;
    const path = parameter === undefined ? where : `additionalParamsForVnf/${parameter}`;
    return fail(
      new SkerryError('Unprocessable', `${where}: ${message}`, { remedy, details: { path, template: where } }),
    );
  }
}

class TemplateText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  nodes(): Node[] {
    const { body, end } = this.#body([]);
    if (end !== undefined) throw unsupported(`{% ${end.word} %} closes nothing`);
    return body;
  }

  /** Up to one of the words that end it, or the end of the text. */
  #body(ends: readonly string[]): { body: Node[]; end: { word: string; rest: string } | undefined } {
    const body: Node[] = [];
    for (;;) {
      mark.lastIndex = this.#at;
      const match = mark.exec(this.#text);
      const before = this.#text.slice(this.#at, match?.index ?? this.#text.length);
      const isTight = match?.groups?.['isTight'] === '-' || match?.groups?.['isTightBlock'] === '-';
      body.push({ kind: 'text', text: isTight ? before.trimEnd() : before });
      this.#at = this.#text.length;
      if (match === null) return { body, end: undefined };
      this.#leave(match[0], match.index);
      const { expression, word, rest = '' } = match.groups ?? {};
      if (expression !== undefined) body.push({ kind: 'value', expression });
      else if (word !== undefined && ends.includes(word)) return { body, end: { word, rest } };
      else if (word !== undefined) body.push(this.#statement(word, rest));
    }
  }

  /** Behind a mark; a `-` at its end takes the white space that follows. */
  #leave(whole: string, index: number): void {
    this.#at = index + whole.length;
    if (!/-[%}]\}$/.test(whole)) return;
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #statement(word: string, rest: string): Node {
    if (word === 'if') return this.#if(rest);
    if (word === 'for') return this.#for(rest);
    if (word !== 'raw') throw unsupported(`it has a Jinja2 statement {% ${word} … %} that is not supported here`);
    rawEnd.lastIndex = this.#at;
    const end = rawEnd.exec(this.#text);
    if (end === null) throw unsupported('{% raw %} is never closed');
    const text = this.#text.slice(this.#at, end.index);
    this.#leave(end[0], end.index);
    return { kind: 'text', text };
  }

  #if(condition: string): Node {
    const branches: { condition: string | undefined; body: Node[] }[] = [];
    let present: string | undefined = condition;
    for (;;) {
      const { body, end } = this.#body(['elif', 'else', 'endif']);
      branches.push({ condition: present, body });
      if (end === undefined) throw unsupported(`{% if ${condition.trim()} %} is never closed`);
      if (end.word === 'endif') return { kind: 'if', branches };
      present = end.word === 'elif' ? end.rest : undefined;
    }
  }

  #for(rest: string): Node {
    const match = loop.exec(rest);
    const { body, end } = this.#body(['endfor']);
    if (match === null || end === undefined) throw unsupported(`{% for ${rest.trim()} %} is not 'for NAME in LIST'`);
    return { kind: 'for', name: match[1] ?? '', list: match[2] ?? '', body };
  }
}

class Rendering {
  #left = maxRenderedChars;
  #loops = 0;

  render(nodes: readonly Node[], scope: JsonObject): string {
    return nodes.map((node) => this.#count(this.#node(node, scope))).join('');
  }

  #node(node: Node, scope: JsonObject): string {
    if (node.kind === 'text') return node.text;
    if (node.kind === 'value') return textOf(evaluate(node.expression, scope));
    if (node.kind === 'for') return this.#for(node, scope);
    const branch = node.branches.find(({ condition }) => condition === undefined || isTrue(evaluate(condition, scope)));
    return branch === undefined ? '' : this.render(branch.body, scope);
  }

  #for({ name, list, body }: Extract<Node, { kind: 'for' }>, scope: JsonObject): string {
    const items = evaluate(list, scope);
    if (!Array.isArray(items)) throw unsupported(`'${list.trim()}' in {% for %} is not a list`);
    this.#loops += items.length;
    if (this.#loops > maxLoops) throw unsupported(`more than ${maxLoops} loops`);
    const parts = items.map((item, index) => {
      const state = { index: index + 1, index0: index, first: index === 0, last: index === items.length - 1 };
      return this.render(body, { ...scope, [name]: item, loop: state });
    });
    return parts.join('');
  }

  #count(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0) throw unsupported(`it becomes longer than ${maxRenderedChars} characters`);
    return text;
  }
}

function unsupported(message: string): TemplateProblem {
  return new TemplateProblem(
    message,
    'Only {{ parameter }} and the statements if, for and raw are carried out; write the rest out, or put it between {% raw %} and {% endraw %}.',
  );
}
