import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shortened } from './output.ts';

test('of a long chain of errors the beginning and the end are shown', () => {
  const chain =
    'Back-off pulling image "registry.invalid/never/there:1": ErrImagePull: failed to pull and unpack image ' +
    '"registry.invalid/never/there:1": failed to resolve reference "registry.invalid/never/there:1": failed to do request: ' +
    'Head "https://registry.invalid/v2/never/there/manifests/1": dial tcp: lookup registry.invalid: no such host';
  const short = shortened(chain, 120);
  assert.match(short, /^Back-off pulling image "registry.invalid/);
  assert.match(short, /lookup registry.invalid: no such host$/);
  assert.equal(shortened('two\nlines', 120), 'two lines');
});

test('never longer than the limit, and whole when it fits', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.integer({ min: 20, max: 200 }), (prose, limit) => {
      const short = shortened(prose, limit);
      assert.ok(short.length <= limit);
      const line = prose.replace(/\s+/g, ' ').trim();
      if (line.length <= limit) assert.equal(short, line);
      else assert.ok(short.includes(' … '));
    }),
  );
});
