import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NsModel } from './ns-model.ts';
import { parseDescriptor } from './parse-descriptor.ts';
import type { VnfModel } from './vnf-model.ts';

const vnfd = `vnfd:vnfd-catalog:
  vnfd:
  - id: old
    name: Old VNF
    short-name: old
    vendor: Someone
    version: '1.0'
    connection-point:
    - {id: p1, name: outside}
    mgmt-interface: {cp: outside}
    internal-vld:
    - id: inner
      ip-profile-ref: prof
      internal-connection-point: [{id-ref: vm-in}]
    ip-profiles:
    - name: prof
      ip-profile-params:
        ip-version: ipv4
        subnet-address: 10.1.0.0/24
        dhcp-params: {enabled: true}
        dns-server: [{address: 9.9.9.9}]
    vdu:
    - id: vm
      name: vm
      image: ubuntu
      count: '2'
      alternative-images: [{vim-type: aws, image: ami-1}]
      vm-flavor: {vcpu-count: '4', memory-mb: '1536', storage-gb: '10'}
      guest-epa: {cpu-pinning-policy: DEDICATED, mempage-size: LARGE}
      host-epa: {cpu-model: x}
      interface:
      - {name: eth1, position: '2', internal-connection-point-ref: vm-in, virtual-interface: {type: PARAVIRT}}
      - {name: eth0, position: '1', external-connection-point-ref: outside, virtual-interface: {type: SR-IOV}}
      monitoring-param: [{id: cpu, nfvi-metric: cpu_utilization}]
      cloud-init: '#cloud-config'
    monitoring-param:
    - id: vnf-cpu
      name: load
      vdu-monitoring-param: {vdu-ref: vm, vdu-monitoring-param-ref: cpu}
    scaling-group-descriptor:
    - name: grow
      max-instance-count: 3
      vdu: [{vdu-id-ref: vm, count: 1}]
      scaling-policy:
      - name: auto
        scaling-type: automatic
        scaling-criteria: [{name: c, vnf-monitoring-param-ref: vnf-cpu, scale-out-threshold: 80}]
    vnf-configuration:
      juju: {charm: simple}
      config-primitive: [{name: touch}]
`;

test('a VNFD from before SOL006 becomes a SOL006 document with a report', () => {
  const parsed = parseDescriptor(vnfd, 'old.yaml');
  assert.deepEqual(parsed.complaints, []);
  const model = parsed.model as VnfModel;
  assert.equal(parsed.report.format, 'legacy-osm');
  assert.equal(model.productName, 'Old VNF');
  assert.equal(model.provider, 'Someone');
  assert.equal(model.managementCp, 'outside-ext');
  assert.deepEqual(model.extCps, [{ id: 'outside-ext', layerProtocols: [], vduId: 'vm', intCpdId: 'eth0-int' }]);
  const [vdu] = model.vdus;
  assert.equal(vdu?.memoryMib, 1536);
  assert.equal(vdu?.vcpus, 4);
  assert.equal(vdu?.rootDiskGib, 10);
  assert.deepEqual(vdu?.image, { name: 'ubuntu' });
  assert.deepEqual(vdu?.alternativeImages, [{ name: 'ami-1', vimType: 'aws' }]);
  assert.deepEqual(
    vdu?.ports.map(({ name, vnicType }) => [name, vnicType]),
    [
      ['eth0', 'SR-IOV'],
      ['eth1', 'PARAVIRT'],
    ],
  );
  assert.equal(vdu?.ports[1]?.internalLinkId, 'inner');
  assert.deepEqual(model.internalLinks[0]?.ipProfile, {
    ipVersion: 'ipv4',
    cidr: '10.1.0.0/24',
    dhcp: true,
    dns: ['9.9.9.9'],
  });
  const [flavour] = model.flavours;
  assert.deepEqual(flavour?.instantiationLevels[0]?.vduCounts, { vm: 2 });
  assert.equal(flavour?.vduProfiles[0]?.max, 5);
  assert.deepEqual(flavour?.scalingAspects[0]?.steps, [{ vduDeltas: { vm: 1 }, kduDeltas: {} }]);
  assert.ok(parsed.report.translated.some(({ message }) => message.includes("became ext-cpd 'outside-ext'")));
  assert.ok(parsed.report.dropped.some(({ path, line }) => path.endsWith('host-epa') && line === 30));
});

test('complaints about a legacy text point into it', () => {
  const text = vnfd.replace('external-connection-point-ref: outside', 'external-connection-point-ref: nowhere');
  const error = parseDescriptor(text, 'old.yaml').complaints.find(({ severity }) => severity === 'error');
  assert.equal(error?.code, 'BrokenReference');
  assert.match(text.split('\n')[(error?.line ?? 0) - 1] ?? '', /nowhere/);
  const words = parseDescriptor(vnfd.replace("vcpu-count: '4'", 'vcpu-count: four'), 'old.yaml').complaints;
  assert.equal(words.find(({ severity }) => severity === 'error')?.code, 'WrongType');
});

test('an NSD from before SOL006', () => {
  const text = `nsd-catalog:
  nsd:
  - id: n
    name: N
    vendor: V
    constituent-vnfd: [{member-vnf-index: 1, vnfd-id-ref: old}, {member-vnf-index: 2, vnfd-id-ref: old}]
    vld:
    - id: mgmt
      mgmt-network: 'true'
      vim-network-name: net
      vnfd-connection-point-ref:
      - {member-vnf-index-ref: 1, vnfd-id-ref: old, vnfd-connection-point-ref: outside, ip-address: 10.0.0.4}
      - {member-vnf-index-ref: 2, vnfd-id-ref: old, vnfd-connection-point-ref: outside}
`;
  const parsed = parseDescriptor(text, 'old.yaml');
  assert.deepEqual(parsed.complaints, []);
  const model = parsed.model as NsModel;
  assert.equal(model.designer, 'V');
  assert.deepEqual(model.virtualLinks, [{ id: 'mgmt', management: true, vimNetworkName: 'net' }]);
  const [one, two] = model.flavours[0]?.vnfProfiles ?? [];
  assert.deepEqual(one?.connections, [{ virtualLinkId: 'mgmt', cpId: 'outside-ext', ipAddress: '10.0.0.4' }]);
  assert.equal(two?.id, '2');
  const broken = parseDescriptor(text.replace('index-ref: 2', 'index-ref: 7'), 'old.yaml');
  assert.ok(broken.complaints.some(({ code, line }) => code === 'BrokenReference' && line === 13));
});

test('spellings of the first releases: external-interface, management by vdu, service-primitive', () => {
  const parsed = parseDescriptor(
    `vnfd:vnfd-catalog:
    vnfd:
    -   id: early
        name: early
        vendor: OSM
        version: '1.0'
        mgmt-interface: {vdu-id: vm}
        vdu:
        -   id: vm
            count: 1
            vm-flavor: {vcpu-count: 1, memory-mb: 2048, storage-gb: 25}
            image: ubuntu
            external-interface:
            -   name: eth0
                virtual-interface: {type: OM-MGMT, bandwidth: '0', vpci: '0000:00:0a.0'}
                vnfd-connection-point-ref: eth0
            internal-interface:
            -   {name: eth1, vdu-internal-connection-point-ref: in, virtual-interface: {type: VIRTIO}}
            internal-connection-point: [{id: in, type: VPORT}]
        internal-vld: [{id: inner, type: ELAN, internal-connection-point: [{id-ref: in}]}]
        connection-point: [{name: eth0, type: VPORT}]
        vnf-configuration:
          juju: {charm: ansible-charm}
          service-primitive: [{name: config, parameter: [{name: ssh-hostname, data-type: STRING, mandatory: "false"}]}]
`,
    'early.yaml',
  );
  const model = parsed.model as VnfModel;
  assert.deepEqual(
    model.vdus[0]?.ports.map(({ name, extCpId, internalLinkId }) => [name, extCpId, internalLinkId]),
    [
      ['eth0', 'eth0-ext', undefined],
      ['eth1', undefined, 'inner'],
    ],
  );
  assert.equal(model.managementCp, 'eth0-ext');
  assert.ok(JSON.stringify(parsed.document).includes('"config-primitive":[{"name":"config"'));
});

test('module prefixes at every key, as the first designer wrote them', () => {
  const { model } = parseDescriptor(
    `nsd:nsd-catalog:
    nsd:nsd:
    -   nsd:constituent-vnfd:
        -   {nsd:member-vnf-index: '1', nsd:start-by-default: 'true', nsd:vnfd-id-ref: gateway}
        nsd:id: prefixed
        nsd:name: prefixed
        nsd:vld:
        -   nsd:id: mgmt
            nsd:mgmt-network: 'true'
            nsd:vim-network-name: provider
            nsd:vnfd-connection-point-ref:
            -   {nsd:member-vnf-index-ref: '1', nsd:vnfd-connection-point-ref: eth0, nsd:vnfd-id-ref: gateway}
        rw-nsd:meta: '{"containerPositionMap":{}}'
`,
    'prefixed.yaml',
  ) as { model: NsModel };
  assert.deepEqual(model.virtualLinks, [{ id: 'mgmt', management: true, vimNetworkName: 'provider' }]);
  assert.deepEqual(model.flavours[0]?.vnfProfiles[0]?.connections, [{ virtualLinkId: 'mgmt', cpId: 'eth0-ext' }]);
});
