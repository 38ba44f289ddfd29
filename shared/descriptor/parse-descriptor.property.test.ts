import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { printComplaint } from './complaint.ts';
import { parseDescriptor } from './parse-descriptor.ts';

const samples = new URL('../../deploy/samples/', import.meta.url);
const texts = ['router_vnf/router_vnfd.yaml', 'probe_knf/probe_vnfd.yaml', 'single_vm_ns/single_vm_nsd.yaml'].map(
  (path) => readFileSync(new URL(path, samples), 'utf8'),
);

function assertPlaced(text: string): void {
  const parsed = parseDescriptor(text, 'd.yaml');
  const lines = text.replace(/^\uFEFF/, '').split(/\n|\r(?!\n)/);
  for (const complaint of parsed.complaints) {
    if (complaint.line === 0) continue;
    const line = lines[complaint.line - 1];
    assert.ok(line !== undefined, `line ${complaint.line} of ${lines.length}`);
    assert.ok(complaint.column >= 1 && complaint.column <= line.length + 1, printComplaint(complaint));
    assert.ok(complaint.message !== '' && complaint.remedy !== '');
  }
  const hasErrors = parsed.complaints.some(({ severity }) => severity === 'error');
  if (hasErrors) assert.equal(parsed.model, undefined);
  JSON.stringify(parsed);
}

test('no bytes make it throw, and every complaint lies within the text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      parseDescriptor(bytes, 'd');
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'binary' }), assertPlaced), { numRuns: 300 });
});

test('a descriptor with any line damaged is read to its end', () => {
  const damage = fc.constantFrom(
    '',
    ': ',
    '- ',
    '{',
    '[]',
    'null',
    '&a ',
    '*a',
    '"',
    '<<: *x',
    'id: id',
    '-1',
    'ä: ö',
    '\t',
  );
  const damaged = fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.nat(), damage, fc.boolean()), { minLength: 1, maxLength: 4 }),
    )
    .map(([text, damages]) => {
      const lines = text.split('\n');
      for (const [position, piece, isValueOnly] of damages) {
        const at = position % lines.length;
        const line = lines[at] ?? '';
        lines[at] = isValueOnly ? line.replace(/: .*$/, `: ${piece}`) : line.replace(/^( *).*$/, `$1${piece}`);
      }
      return lines.join('\n');
    });
  fc.assert(fc.property(damaged, assertPlaced), { numRuns: 300 });
});

test('any JSON under an envelope is read', () => {
  const wrapped = fc.tuple(
    fc.constantFrom('vnfd', 'nsd', 'nst', 'pnfd', 'nfv', 'vnfd-catalog', 'nsd-catalog'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(wrapped, ([key, value]) => assertPlaced(JSON.stringify({ [key]: value }))),
    { numRuns: 300 },
  );
});

test('markup of any shape is read', () => {
  const piece = fc.constantFrom(
    '<vnfd>',
    '</vnfd>',
    '<id>',
    '</id>',
    'a',
    '<vdu/>',
    '&amp;',
    '&#x41;',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<',
    '>',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => assertPlaced(`<nfv>${pieces.join('')}`)),
    { numRuns: 300 },
  );
});
