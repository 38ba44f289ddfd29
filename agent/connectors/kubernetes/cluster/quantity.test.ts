import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseQuantity, quantityOr0 } from './quantity.ts';

test('quantities of the Kubernetes API', () => {
  const expected: [unknown, number | undefined][] = [
    ['100m', 0.1],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['2e3', 2000],
    ['2E-3', 0.002],
    ['1E', 1e18],
    ['1Ei', 2 ** 60],
    ['153031415n', 0.153031415],
    ['250u', 0.00025],
    ['24581692Ki', 24581692 * 1024],
    ['0', 0],
    ['-1k', -1000],
    ['+.5M', 500_000],
    ['1.', 1],
    [7, 7],
    ...['', ' ', 'm', '1K', '1mi', '1 Gi', '0x10', '1e', 'e3', '.', '1e9999', '1GiB', '--1', 'NaN', 'Infinity'].map(
      (text) => [text, undefined] as [string, undefined],
    ),
    ...[undefined, null, {}, [], true, Number.NaN].map((odd) => [odd, undefined] as [unknown, undefined]),
  ];
  for (const [text, value] of expected) assert.equal(parseQuantity(text), value, String(text));
  assert.equal(quantityOr0('much'), 0);
});

test('what is written in any unit reads as that amount', () => {
  const units = fc.constantFrom(['m', 1e-3], ['', 1], ['k', 1e3], ['Ki', 2 ** 10], ['Mi', 2 ** 20], ['Ti', 2 ** 40]);
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), units, (amount, [suffix, factor]) => {
      const value = parseQuantity(`${amount}${suffix}`) ?? Number.NaN;
      assert.ok(Math.abs(value - amount * (factor as number)) <= Math.abs(value) * 1e-12);
    }),
  );
});

test('any text gives a finite number or nothing', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[0-9.]{0,60}[eEinumkKMGTP]{0,3}[0-9]{0,5}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const value = parseQuantity(text);
      assert.ok(value === undefined || Number.isFinite(value));
    }),
    { numRuns: 500 },
  );
});
