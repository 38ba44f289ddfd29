import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NsModel } from './ns-model.ts';
import { parseDescriptor } from './parse-descriptor.ts';
import type { ParsedDescriptor } from './parsed-descriptor.ts';
import type { VnfModel } from './vnf-model.ts';

const body = `id: a
product-name: b
provider: c
version: 1.0
software-version: 2
mgmt-cp: m
ext-cpd: [{id: m, int-cpd: {vdu-id: v, cpd: i}}]
vdu: [{id: v, name: v, int-cpd: [{id: i}]}]
df: [{id: d}]
`;
const indented = (spaces: number) => body.replace(/^(?=.)/gm, ' '.repeat(spaces));
const errorsOf = (parsed: ParsedDescriptor) => parsed.complaints.filter(({ severity }) => severity === 'error');

const envelopes: Record<string, string> = {
  plain: `vnfd:\n${indented(2)}`,
  list: `vnfd:\n  -\n${indented(4)}`,
  'nfv with a list': `nfv:\n  vnfd:\n    -\n${indented(6)}`,
  'prefixed module': `etsi-nfv-vnfd:vnfd:\n${indented(2)}`,
  'prefixed nfv': `etsi-nfv-descriptors:nfv:\n  vnfd:\n    -\n${indented(6)}`,
  'doubled list': `vnfd:\n  vnfd:\n    -\n${indented(6)}`,
  bare: body,
  json: '{"vnfd": {"id": "a", "version": "1.0", "mgmt-cp": "m", "ext-cpd": [{"id": "m"}], "vdu": [{"id": "v"}], "df": [{"id": "d"}]}}',
};

for (const [name, text] of Object.entries(envelopes)) {
  test(`envelope: ${name}`, () => {
    const parsed = parseDescriptor(text, 'd.yaml');
    assert.deepEqual(errorsOf(parsed), []);
    assert.equal(parsed.kind, 'vnfd');
    assert.equal((parsed.model as VnfModel).vnfdId, 'a');
    assert.equal((parsed.model as VnfModel).descriptorVersion, '1.0');
  });
}

test('NSD, PNFD and NST are told apart', () => {
  assert.equal(parseDescriptor('nsd: {nsd: [{id: n}]}', 'd').kind, 'nsd');
  assert.equal(parseDescriptor('nsd: [{id: n}]', 'd').kind, 'nsd');
  assert.equal(parseDescriptor('pnfd: {id: n, version: 1}', 'd').kind, 'pnfd');
  assert.equal(parseDescriptor('nst: [{id: n, netslice-subnet: []}]', 'd').kind, 'nst');
  assert.equal(parseDescriptor('id: n\nvirtual-link-desc: []\n', 'd').kind, 'nsd');
});

test('values are read by their schema type, however they are written', () => {
  const text = `vnfd:
${indented(2)}  virtual-compute-desc:
    id: c
    virtual-cpu: {num-virtual-cpu: '2'}
    virtual-memory: {size: 1.0}
  virtual-storage-desc:
  - {id: s, size-of-storage: "10", type-of-storage: 'etsi-nfv-descriptors:ephemeral-storage'}
  int-virtual-link-desc: null
  kdu:
`.replace('name: v,', 'name: v, virtual-compute-desc: c, virtual-storage-desc: s,');
  const parsed = parseDescriptor(text, 'd.yaml');
  assert.deepEqual(errorsOf(parsed), []);
  const [vdu] = (parsed.model as VnfModel).vdus;
  assert.equal(vdu?.vcpus, 2);
  assert.equal(vdu?.memoryMib, 1024);
  assert.equal(vdu?.rootDiskGib, 10);
  assert.ok(parsed.report.tolerated.some(({ message }) => message.includes('a single mapping where a list is meant')));
  assert.ok(parsed.report.tolerated.some(({ path }) => path === 'vnfd/kdu'));
});

test('booleans in quotes and of YAML 1.1', () => {
  for (const [written, value] of [
    ["'true'", true],
    ['True', true],
    ['no', false],
    ['false', false],
  ] as const) {
    const parsed = parseDescriptor(
      `nsd: [{id: n, virtual-link-desc: [{id: l, mgmt-network: ${written}}], df: [{id: d}]}]`,
      'd',
    );
    assert.equal((parsed.model as NsModel).virtualLinks[0]?.management, value);
  }
});

test('an unknown field is a warning with a guess, and is kept', () => {
  const parsed = parseDescriptor(`vnfd:\n${indented(2)}  prodct-name: x\n  colour: red\n`, 'd.yaml');
  assert.deepEqual(errorsOf(parsed), []);
  const unknown = parsed.complaints.filter(({ code }) => code === 'UnknownField');
  assert.equal(unknown.length, 2);
  assert.match(unknown[0]?.remedy ?? '', /did you mean 'product-name'/);
  assert.equal(unknown[0]?.line, 11);
  assert.equal(unknown[0]?.column, 3);
  assert.equal(parsed.document?.['colour'], 'red');
});

test('what only the standard makes mandatory is a warning that names the clause', () => {
  const parsed = parseDescriptor(`vnfd:\n${indented(2)}`.replace(/ *provider: c\n/, ''), 'd.yaml');
  const warning = parsed.complaints.find(({ message }) => message.startsWith("'provider'"));
  assert.equal(warning?.severity, 'warning');
  assert.match(warning?.message ?? '', /IFA011 7\.1\.2/);
  assert.ok(parsed.model !== undefined);
});

test('YAML: anchors, merge keys and comments are read, wild ones are refused', () => {
  const merged = parseDescriptor(
    `x: &x {provider: p}\nvnfd:\n  <<: *x\n${indented(2).replace(/ *provider: c\n/, '')}`,
    'd',
  );
  assert.equal((merged.model as VnfModel).provider, 'p');
  const rounds = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at},*a${at},*a${at},*a${at}]`);
  const laughs = parseDescriptor(`a0: &a0 [x]\n${rounds.join('\n')}\nvnfd: {id: a, vnfm-info: [], foo: *a30}\n`, 'd');
  assert.ok(errorsOf(laughs).some(({ code }) => code === 'TooLarge'));
  assert.equal(errorsOf(parseDescriptor('['.repeat(5000), 'd'))[0]?.code, 'TooDeep');
  assert.equal(errorsOf(parseDescriptor('vnfd: {id: a}\n---\nnsd: {id: b}\n', 'd'))[0]?.code, 'SeveralDocuments');
  assert.equal(errorsOf(parseDescriptor('vnfd: [\n', 'd'))[0]?.code, 'Syntax');
});

test('what is no descriptor is refused with advice', () => {
  const code = (text: string | Uint8Array) => errorsOf(parseDescriptor(text, 'd'))[0];
  assert.equal(code('')?.code, 'NotADescriptor');
  assert.equal(code('42')?.code, 'NotADescriptor');
  assert.match(code('vnfdd: {id: a}')?.remedy ?? '', /did you mean 'vnfd'/);
  assert.equal(code('tosca_definitions_version: tosca_simple_yaml_1_2\n')?.code, 'UnsupportedFormat');
  assert.equal(code(Buffer.from([0xff, 0xfe, 0xfd]))?.code, 'Encoding');
  assert.equal(code(Buffer.from([0x76, 0xc3, 0x28]))?.code, 'Encoding');
});

test('XML: repeated elements are lists, entities of a document type are refused', () => {
  const xml = `<?xml version="1.0"?><!-- c --><vnfd xmlns="urn:x"><id>a</id><version>1.0</version><mgmt-cp>m</mgmt-cp>
<ext-cpd><id>m</id></ext-cpd><ext-cpd><id>n</id></ext-cpd><vdu><id>v &amp; w</id><name>x</name></vdu><df><id>d</id></df></vnfd>`;
  const parsed = parseDescriptor(xml, 'd.xml');
  assert.deepEqual(errorsOf(parsed), []);
  assert.equal((parsed.model as VnfModel).extCps.length, 2);
  assert.equal((parsed.model as VnfModel).vdus[0]?.id, 'v & w');
  const hostile = parseDescriptor(
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><vnfd><id>&x;</id></vnfd>',
    'd.xml',
  );
  assert.equal(errorsOf(hostile)[0]?.code, 'Syntax');
});

test('keys that mean something to JavaScript do no harm', () => {
  const parsed = parseDescriptor(
    `vnfd:\n${indented(2)}  __proto__: {polluted: yes}\n  constructor: x\n  $list: x\n`,
    'd',
  );
  assert.deepEqual(errorsOf(parsed), []);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
