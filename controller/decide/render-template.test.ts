import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTemplate } from './render-template.ts';

test('fills names, members and list items', () => {
  const params = { name: 'edge', dns: { first: '1.1.1.1' }, keys: ['k0', 'k1'], n: 3, obj: { a: 1 } };
  const text = 'h: {{ name }} {{dns.first}} {{ keys[1] }} {{- n -}} {{ obj }}';
  const result = renderTemplate(text, params, 'ci');
  assert.deepEqual(result, { ok: true, value: 'h: edge 1.1.1.1 k13{"a":1}' });
});

test('names the missing parameter and what to do', () => {
  const result = renderTemplate('a {{ password }}', {}, 'cloud-init of vdu x');
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'Unprocessable');
  assert.match(result.error.message, /parameter password is missing/);
  assert.match(result.error.remedy ?? '', /additionalParamsForVnf/);
});

const dollar = '$';
const shell = `x=${dollar}{list[0]} n=${dollar}{#list[@]} ${dollar}{%x} printf "%s{%d}"`;

const rendered: [string, string, string][] = [
  ['a default for what is missing', "{{ a | default('x') }} {{ n|d(7) }} {{ a | default }}", 'x 3 '],
  ['a default for what is empty', "{{ empty | default('x', true) }}{{ empty | default('x') }}", 'x'],
  [
    'filters',
    "{{ name|upper|lower }} {{ keys | join(',') }} {{ '12 '|int }} {{ keys|tojson }}",
    'edge k0,k1 12 ["k0","k1"]',
  ],
  ['a branch', '{% if on %}yes{% elif off %}maybe{% else %}no{% endif %}', 'yes'],
  ['the other branch', "{% if name == 'x' or not on %}a{% else %}b{% endif %}", 'b'],
  ['a test whether it is there', '{% if a is defined %}a{% endif %}{% if name is not defined %}b{% endif %}', ''],
  ['membership', "{% if 'k1' in keys and n != 4 %}in{% endif %}", 'in'],
  ['a loop', '{% for key in keys -%}\n - {{ loop.index }}:{{ key }}\n{% endfor %}', '- 1:k0\n- 2:k1\n'],
  ['raw text', '{% raw %}{{ .Name }} {% if %}{% endraw %}!', '{{ .Name }} {% if %}!'],
  ['a comment', 'a{# {{ missing }} #}b', 'ab'],
  ['white space', 'a  {%- if on -%}  b  {%- endif -%}  c', 'abc'],
  ['braces of the shell', shell, shell],
];

for (const [name, text, expected] of rendered) {
  test(`Jinja2: ${name}`, () => {
    const params = { name: 'edge', n: 3, keys: ['k0', 'k1'], on: true, off: false, empty: '' };
    assert.deepEqual(renderTemplate(text, params, 'ci'), { ok: true, value: expected });
  });
}

const refused = [
  "{{ a.format('x') }}",
  '{{ a + 1 }}',
  '{{ a | attr("x") }}',
  '{{ }}',
  '{% set x = 1 %}',
  '{% include "/etc/passwd" %}',
  '{% macro m() %}{% endmacro %}',
  '{% if a %}never closed',
  '{% endif %}',
  '{% for k, v in a %}{% endfor %}',
  '{% for x in a %}{% endfor %}',
  "docker ps --format '{{.Names}}'",
];

for (const text of refused) {
  test(`refuses ${text} instead of leaving it in`, () => {
    const result = renderTemplate(text, { a: 1 }, 'ci');
    assert.ok(!result.ok);
    assert.match(result.error.remedy ?? '', /raw/);
  });
}

test('a missing parameter is missing in conditions too', () => {
  const result = renderTemplate('{% if missing %}x{% endif %}', {}, 'ci');
  assert.ok(!result.ok && /parameter missing is missing/.test(result.error.message));
});

test('a template cannot grow without end', () => {
  const list = Array.from({ length: 200 }, () => 1);
  const text = '{% for a in l %}{% for b in l %}xxxxxxxxxx{% endfor %}{% endfor %}';
  assert.ok(!renderTemplate(text, { l: list }, 'ci').ok);
  assert.ok(!renderTemplate('{% for a in l %}{{ big }}{% endfor %}', { l: list, big: 'x'.repeat(10_000) }, 'ci').ok);
});

test('prototype members are no parameters', () => {
  assert.ok(!renderTemplate('{{ constructor }}', {}, 'ci').ok);
  assert.ok(!renderTemplate('{{ a.__proto__ }}', { a: {} }, 'ci').ok);
});

test('a value with braces or $& is put in as it is', () => {
  const result = renderTemplate('x{{ a }}y', { a: '$& {{ b }}' }, 'ci');
  assert.deepEqual(result, { ok: true, value: 'x$& {{ b }}y' });
});
