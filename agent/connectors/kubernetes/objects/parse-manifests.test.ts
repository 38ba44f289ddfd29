import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseManifests } from './parse-manifests.ts';

const names = async (text: string) =>
  (await parseManifests(text, 'f.yaml')).map(({ object }) => `${object.kind} ${object.metadata.name}`);

describe('manifests', () => {
  test('documents, empty ones, lists, JSON', async () => {
    assert.deepEqual(await names('# nothing\n---\napiVersion: v1\nkind: A\nmetadata: {name: x}\n---\n---\n'), ['A x']);
    assert.deepEqual(
      await names(
        'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: x}}\n- {apiVersion: v1, kind: B, metadata: {name: z}}',
      ),
      ['A x', 'B z'],
    );
    assert.deepEqual(await names('{"apiVersion":"v1","kind":"A","metadata":{"name":"x"}}'), ['A x']);
    assert.deepEqual(await names(''), []);
  });

  test('scalars are read as the API’s own tools read them', async () => {
    const [first] = await parseManifests(
      'apiVersion: v1\nkind: A\nmetadata: {name: x}\nspec: {a: yes, b: 2020-01-02, c: 1:30, d: 010, e: "yes", f: 1e3}',
      'f.yaml',
    );
    assert.deepEqual(first?.object.spec, { a: true, b: '2020-01-02', c: '1:30', d: 8, e: 'yes', f: 1000 });
  });

  test('where a template stood', async () => {
    const [first] = await parseManifests(
      '---\n# Source: web/crds/a.yaml\napiVersion: v1\nkind: A\nmetadata: {name: x}',
      'f',
    );
    assert.equal(first?.source, 'web/crds/a.yaml');
  });

  test('complaints name the document', async () => {
    const good = 'apiVersion: v1\nkind: A\nmetadata: {name: x}\n---\n';
    for (const [bad, words] of [
      ['a: [', /f\.yaml, document 2 is no YAML/],
      ['just text', /document 2 is no object/],
      ['kind: A', /document 2 has no apiVersion/],
      ['apiVersion: v1\nkind: A', /document 2 \(A\) has no metadata\.name/],
    ] as const)
      await assert.rejects(parseManifests(`${good}${bad}`, 'f.yaml'), { code: 'PlatformRefused', message: words });
  });
});
