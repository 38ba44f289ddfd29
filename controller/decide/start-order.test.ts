import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NsFlavour } from '#shared/descriptor/ns-model.ts';
import { dependencyRing } from './start-order.ts';

const flavour = (dependencies: NsFlavour['dependencies']) => ({ dependencies }) as NsFlavour;

test('a ring is named in its order; a profile that names itself is passed over', () => {
  const ring = [
    { before: 'x', after: 'a' },
    { before: 'a', after: 'b' },
    { before: 'b', after: 'c' },
    { before: 'c', after: 'a' },
  ];
  assert.deepEqual(dependencyRing(flavour(ring)), ['a', 'b', 'c', 'a']);
  assert.equal(dependencyRing(flavour([{ before: 'a', after: 'a' }])), undefined);
});

test('what only goes forward has no ring, however it is listed', () => {
  const forward = fc
    .tuple(fc.nat(8), fc.nat(8))
    .filter(([before, after]) => before < after)
    .map(([before, after]) => ({ before: String(before), after: String(after) }));
  fc.assert(
    fc.property(fc.array(forward, { maxLength: 20 }), (dependencies) => {
      assert.equal(dependencyRing(flavour(dependencies)), undefined);
      const [first] = dependencies;
      if (first === undefined) return;
      const back = { before: first.after, after: first.before };
      assert.ok(dependencyRing(flavour([...dependencies, back])));
    }),
  );
});
