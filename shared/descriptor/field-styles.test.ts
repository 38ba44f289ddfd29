import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Complaint } from './complaint.ts';
import { parseDescriptor } from './parse-descriptor.ts';
import type { VnfModel } from './vnf-model.ts';

/** How descriptors of the field are written, and what goes wrong in them; each case was read wrongly once. */

const vnfd = `vnfd:
  id: v
  product-name: v
  provider: acme
  version: 1.10
  software-version: '2'
  mgmt-cp: mgmt-ext
  df:
  - id: default-df
    instantiation-level:
    - {id: one, vdu-level: [{vdu-id: vm, number-of-instances: 1}]}
    vdu-profile: [{id: vm, min-number-of-instances: 1}]
  ext-cpd:
  - {id: mgmt-ext, int-cpd: {vdu-id: vm, cpd: eth0-int}}
  sw-image-desc: [{id: ubuntu, name: ubuntu, version: '20'}]
  vdu:
  - id: vm
    name: vm
    sw-image-desc: ubuntu
    virtual-compute-desc: c
    virtual-storage-desc: [s]
    int-cpd:
    - id: eth0-int
      virtual-network-interface-requirement:
      - {name: eth0, position: 1, virtual-interface: {type: PARAVIRT, vpci: 0000:00:0a.0, bandwidth: 0}}
  virtual-compute-desc:
  - {id: c, virtual-cpu: {num-virtual-cpu: 1}, virtual-memory: {size: 1.0}}
  virtual-storage-desc: [{id: s, size-of-storage: 10}]
`;

const knf = (chart: string) =>
  `vnfd: {id: k, version: 1, mgmt-cp: m, df: [{id: d}], ext-cpd: [{id: m}], kdu: [{name: a, helm-chart: '${chart}'}]}`;
const errorsOf = (text: string | Uint8Array) =>
  parseDescriptor(text, 'd').complaints.filter(({ severity }) => severity === 'error');
const places = (complaints: Complaint[]) => complaints.map(({ code, line, column }) => `${code} ${line}:${column}`);
const modelOf = (text: string | Uint8Array) => {
  const { model, complaints } = parseDescriptor(text, 'd');
  assert.ok(
    model !== undefined,
    complaints.map(({ message }) => message).find(() => true),
  );
  return model as VnfModel;
};

const encodings: Record<string, string | Uint8Array> = {
  'CR LF': vnfd.replaceAll('\n', '\r\n'),
  'CR alone': vnfd.replaceAll('\n', '\r'),
  'UTF-8 with a mark': Buffer.from(`\uFEFF${vnfd}`),
  'UTF-16 little-endian': Buffer.from(`\uFEFF${vnfd}`, 'utf16le'),
  'UTF-16 big-endian': Buffer.from(`\uFEFF${vnfd}`, 'utf16le').swap16(),
  'UTF-16 without a mark': Buffer.from(vnfd, 'utf16le'),
  'a YAML 1.1 directive': `%YAML 1.1\n---\n${vnfd}...\n`,
  'an empty document before': `---\n---\n${vnfd}`,
};

for (const [name, text] of Object.entries(encodings)) {
  test(`text: ${name}`, () => {
    const model = modelOf(text);
    assert.deepEqual([model.vnfdId, model.descriptorVersion], ['v', '1.10']);
  });
}

test('other encodings are complained about where they begin', () => {
  const [error] = errorsOf(Buffer.from(vnfd.replace('acme', 'Télé'), 'latin1'));
  assert.deepEqual([error?.code, error?.line, error?.column], ['Encoding', 4, 14]);
});

test('tabs and non-breaking spaces are one complaint each, not an avalanche', () => {
  const tabbed = errorsOf(vnfd.replaceAll('    ', '\t'));
  assert.deepEqual(places(tabbed), ['Syntax 10:1']);
  assert.match(tabbed[0]?.message ?? '', /tabs/);
  const spaced = errorsOf(vnfd.replace('provider: acme', 'provider:\u00a0acme'));
  assert.deepEqual(places(spaced), ['Syntax 4:12']);
  assert.match(spaced[0]?.message ?? '', /non-breaking space/);
});

test('an alias without its anchor is an error where it stands', () => {
  assert.deepEqual(places(errorsOf(vnfd.replace('product-name: v', 'product-name: *v'))), ['Syntax 3:17']);
});

test('whole numbers of YAML 1.1 and of YANG', () => {
  const withCount = (count: string) => vnfd.replace('number-of-instances: 1}', `number-of-instances: ${count}}`);
  const countOf = (count: string) => modelOf(withCount(count)).flavours[0]?.instantiationLevels[0]?.vduCounts['vm'];
  assert.deepEqual(['08', '0x3', '"4"', '1_000', '5.0'].map(countOf), [8, 3, 4, 1000, 5]);
  for (const count of ['1e0', 'two', '1.5', '1__0', '-1', '99999999999999999999']) {
    assert.equal(errorsOf(withCount(count)).length, 1, count);
  }
});

test('numbers that no machine can have are errors, said once', () => {
  const cases: [string, string][] = [
    ['num-virtual-cpu: 1', 'num-virtual-cpu: 0'],
    ['size: 1.0', 'size: 0'],
    ['size: 1.0', 'size: -1'],
    ['size-of-storage: 10', 'size-of-storage: 18446744073709551615'],
  ];
  for (const [from, to] of cases) {
    const errors = errorsOf(vnfd.replace(from, to));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['OutOfRange'],
      to,
    );
  }
});

test('a machine that states no memory gets some', () => {
  assert.equal(modelOf(vnfd.replace(', virtual-memory: {size: 1.0}', '')).vdus[0]?.memoryMib, 1024);
});

test('addresses are addresses, and a gateway lies in its network', () => {
  const link = (l3: string) =>
    vnfd
      .replace('  vdu:\n', '  int-virtual-link-desc: [{id: i}]\n  vdu:\n')
      .replace(
        '    vdu-profile:',
        `    virtual-link-profile: [{id: i, virtual-link-protocol-data: {l3-protocol-data: {${l3}}}}]\n    vdu-profile:`,
      );
  assert.deepEqual(errorsOf(link('cidr: 10.0.0.0/24, gateway-ip: 10.0.0.1')), []);
  assert.equal(errorsOf(link('cidr: 10.0.0.0/24, gateway-ip: 10.0.1.1'))[0]?.code, 'Contradiction');
  assert.equal(errorsOf(vnfd.replace('{name: eth0,', '{name: eth0, ip-address: 10.0.0.555,'))[0]?.code, 'WrongType');
  const nsd = `nsd: {nsd: [{id: n, vnfd-id: [v], virtual-link-desc: [{id: l}], df: [{id: d, vnf-profile: [{id: 1, vnfd-id: v,
    virtual-link-connectivity: [{virtual-link-profile-id: l, constituent-cpd-id: [{constituent-base-element-id: 1, constituent-cpd-id: c, ip-address: 10.0.0.555}]}]}]}]}]}`;
  const column = (nsd.split('\n')[1] ?? '').indexOf('10.0.0.555') + 1;
  assert.deepEqual(places(errorsOf(nsd)), [`WrongType 2:${column}`]);
});

test('charts come from a repository, a URL or the package, from nowhere else', () => {
  for (const chart of ['cu', './du', 'Repo/Chart', 'oci://r/x:1', 'https://a/b/c-1.0.tgz', 'a/b:1.0.0+build.1']) {
    assert.deepEqual(errorsOf(knf(chart)), [], chart);
  }
  for (const chart of ['local/x --post-renderer /bin/sh', '-x', '../x', 'a/../../x', '/etc', '~/x', 'file:///etc']) {
    assert.deepEqual(places(errorsOf(knf(chart))), [`BadName 1:${knf(chart).indexOf(chart)}`], chart);
  }
});

test('an NST names its own subnets', () => {
  const nst = (subnet: string) =>
    `nst: [{id: n, netslice-subnet: [{id: a, nsd-ref: x}], netslice-vld: [{id: l, nss-connection-point-ref: [{nss-ref: ${subnet}, nsd-connection-point-ref: m}]}]}]`;
  assert.deepEqual(errorsOf(nst('a')), []);
  assert.equal(errorsOf(nst('b'))[0]?.code, 'BrokenReference');
});

test('what SOL006 2.6.1 has and what an NFVO adds on export is not unknown', () => {
  const text = vnfd
    .replace('  id: v\n', '  id: v\n  _id: 7637bcf8\n  _admin: {created: 1566823352.7}\n  onboardingState: ONBOARDED\n')
    .replace('{name: eth0,', '{name: eth0, support-mandatory: true,');
  const unknown = parseDescriptor(text, 'd').complaints.filter(({ code }) => code === 'UnknownField');
  assert.deepEqual(unknown, []);
});

test('an empty mapping is an empty list', () => {
  assert.deepEqual(errorsOf(`${vnfd}  security-group-rule: {}\n  kdu: {}\n`), []);
});

test('a sibling as base element: the remedy is the profile itself', () => {
  const nsd = (base: string) =>
    parseDescriptor(
      `nsd: {id: n, vnfd-id: [v], virtual-link-desc: [{id: l}], df: [{id: d, vnf-profile: [{id: '2', vnfd-id: v}, {id: '1', vnfd-id: v,
    virtual-link-connectivity: [{virtual-link-profile-id: l, constituent-cpd-id: [{constituent-base-element-id: ${base}, constituent-cpd-id: c}]}]}]}]}`,
      'd',
    ).complaints.filter(({ code }) => code === 'BrokenReference');
  assert.deepEqual(nsd('1'), []);
  assert.deepEqual([nsd('2')[0]?.severity, nsd('2')[0]?.remedy], ['warning', "write '1'"]);
  assert.equal(nsd('3')[0]?.severity, 'error');
});

test('containers of NETCONF around a descriptor', () => {
  for (const name of ['config', 'data']) {
    const xml = `<${name} xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><nfv><vnfd><id>x</id><vnfm-info>a</vnfm-info><df><id>d</id></df></vnfd></nfv></${name}>`;
    assert.equal(modelOf(xml).vnfdId, 'x');
  }
});

test('an empty envelope is called empty', () => {
  for (const text of ['vnfd:\n', 'vnfd: hello\n', 'vnfd: []\n']) {
    const [error] = errorsOf(text);
    assert.match(error?.message ?? '', /no descriptor under 'vnfd'/, text);
  }
});

test('every interface requirement is a port, an end without a port is said', () => {
  const two = vnfd.replace('bandwidth: 0}}\n', 'bandwidth: 0}}\n      - {name: eth1, position: 0}\n');
  assert.deepEqual(
    modelOf(two).vdus[0]?.ports.map(({ name, extCpId }) => [name, extCpId]),
    [
      ['eth1', 'mgmt-ext'],
      ['eth0', 'mgmt-ext'],
    ],
  );
  const loose = vnfd.replace('int-cpd: {vdu-id: vm, cpd: eth0-int}', 'vdu-id: vm, cpd: eth0-int');
  const warnings = parseDescriptor(loose, 'd').complaints.filter(({ code }) => code === 'MissingField');
  assert.match(warnings[0]?.message ?? '', /leads to no port/);
});

test('an internal link that is exposed as such is not joined, which is said', () => {
  const exposed = vnfd
    .replace('int-cpd: {vdu-id: vm, cpd: eth0-int}', 'int-virtual-link-desc: i')
    .replace('  vdu:\n', '  int-virtual-link-desc: [{id: i}]\n  vdu:\n');
  const codes = parseDescriptor(exposed, 'd').complaints.map(({ code }) => code);
  assert.ok(codes.includes('NoEffect') && !codes.includes('MissingField'));
});

test('a field from before SOL006 is told its new name', () => {
  const text = vnfd.replace('    sw-image-desc: ubuntu\n', '    image: ubuntu\n    vm-flavor: {vcpu-count: 1}\n');
  const unknown = parseDescriptor(text, 'd').complaints.filter(({ code }) => code === 'UnknownField');
  assert.deepEqual(
    unknown.map(({ remedy }) => remedy),
    ["did you mean 'sw-image-desc'", "did you mean 'virtual-compute-desc'"],
  );
});

test('a TOSCA template is named with its version', () => {
  const [error] = errorsOf('# x\ntosca_definitions_version: tosca_simple_yaml_1_2\nnode_types: {}\n');
  assert.deepEqual([error?.code, error?.line, error?.column], ['UnsupportedFormat', 2, 28]);
  assert.match(error?.message ?? '', /SOL001, tosca_simple_yaml_1_2/);
});
