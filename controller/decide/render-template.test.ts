import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTemplate } from './render-template.ts';

test('fills names, members and list items', () => {
  const params = { name: 'edge', dns: { first: '1.1.1.1' }, keys: ['k0', 'k1'], n: 3, obj: { a: 1 } };
  const text = 'h: {{ name }} {{dns.first}} {{ keys[1] }} {{- n -}} {{ obj }}';
  const result = renderTemplate(text, params, 'ci');
  assert.deepEqual(result, { ok: true, value: 'h: edge 1.1.1.1 k1 3 {"a":1}' });
});

test('names the missing parameter and what to do', () => {
  const result = renderTemplate('a {{ password }}', {}, 'cloud-init of vdu x');
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'Unprocessable');
  assert.match(result.error.message, /parameter password is missing/);
  assert.match(result.error.remedy ?? '', /additionalParamsForVnf/);
});

test('refuses what it does not understand instead of leaving it in', () => {
  assert.ok(!renderTemplate('{{ a | default("x") }}', { a: 1 }, 'ci').ok);
  assert.ok(!renderTemplate('{% if a %}x{% endif %}', { a: 1 }, 'ci').ok);
});

test('prototype members are no parameters', () => {
  assert.ok(!renderTemplate('{{ constructor }}', {}, 'ci').ok);
  assert.ok(!renderTemplate('{{ a.__proto__ }}', { a: {} }, 'ci').ok);
});

test('a value with braces or $& is put in as it is', () => {
  const result = renderTemplate('x{{ a }}y', { a: '$& {{ b }}' }, 'ci');
  assert.deepEqual(result, { ok: true, value: 'x$& {{ b }}y' });
});
