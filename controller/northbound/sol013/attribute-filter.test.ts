import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesFilter, parseFilter } from './attribute-filter.ts';
import { cutPage, decodeMarker } from './paging.ts';

const attributes = { name: true, size: true, sub: { a: true }, map: 'open' } as const;
const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;

test('any quoted value comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (values) => {
      const [expression] = parseFilter(`(in,name,${values.map(quote).join(',')})`, attributes);
      assert.deepEqual(expression, { operator: 'in', path: ['name'], values });
      assert.ok(matchesFilter({ name: values[0] }, [expression!]));
    }),
  );
});

test('no text makes the parser do anything but answer or refuse with BadQuery', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[(),;'a-z/~@]{0,40}$/)), (text) => {
      try {
        parseFilter(text, attributes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'BadQuery');
      }
    }),
  );
});

test('each operator and its negation split the numbers', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (actual, wanted) => {
      const holds = (operator: string) =>
        matchesFilter({ size: actual }, parseFilter(`(${operator},size,${wanted})`, attributes));
      assert.equal(holds('eq'), !holds('neq'));
      assert.equal(holds('gt'), !holds('lte'));
      assert.equal(holds('lt'), !holds('gte'));
    }),
  );
});

test('in an array one element satisfies all expressions of a path', () => {
  const between = parseFilter('(gt,sub/a,1);(lt,sub/a,3)', attributes);
  assert.equal(matchesFilter({ sub: [{ a: 0 }, { a: 4 }] }, between), false);
  assert.equal(matchesFilter({ sub: [{ a: 0 }, { a: 2 }] }, between), true);
  assert.equal(matchesFilter({ map: { x: '1' } }, parseFilter('(eq,map/@key,x)', attributes)), true);
});

test('pages show each item once, also when others come and go in between', () => {
  const key = (item: string) => item;
  const arbitrary = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 40 });
  fc.assert(
    fc.property(arbitrary, arbitrary, fc.integer({ min: 1, max: 7 }), (stable, passing, size) => {
      const strangers = passing.filter((item) => !stable.includes(item));
      const seen: string[] = [];
      let after: string | undefined;
      for (let round = 0; ; round++) {
        const items = [...stable, ...(round % 2 === 0 ? strangers : [])].sort();
        const page = cutPage(items, key, { after, size });
        seen.push(...page.items);
        if (page.next === undefined) break;
        after = decodeMarker(page.next);
      }
      assert.equal(new Set(seen).size, seen.length);
      // The last page may be cut early only by strangers that left behind it.
      for (const item of stable) assert.ok(seen.includes(item), item);
    }),
  );
});
