import assert from 'node:assert/strict';
import test from 'node:test';
import type { ComputePort, ComputeSpec } from '#shared/connector/index.ts';
import { id, type ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { itemsAt, valueAt } from '../objects/read-member.ts';
import type { MachineDisksAsk } from './machine-disks.ts';
import { observeVirtualMachine } from './observe-virtual-machine.ts';
import { virtualMachine } from './virtual-machine.ts';

const key = (text: string) => id<ObjectKey>(text);

function port(name: string, network: string, more: Partial<ComputePort> = {}): ComputePort {
  const base = { name, networkKey: key(network), management: false, vnicType: 'PARAVIRT', portSecurity: true };
  return { ...base, ...more };
}

const spec: ComputeSpec = {
  name: 'fw-0',
  image: { name: 'quay.io/kubevirt/cirros:1', alternatives: [] },
  vcpus: 2,
  memoryMib: 1024,
  rootDiskGib: 8,
  extra: {},
  ports: [],
  volumes: [],
  configDrive: false,
  affinityGroupKeys: [],
};
const ask: MachineDisksAsk = {
  name: 'vm-1',
  namespace: 'n',
  images: {},
  dependencies: {
    'network/data': { facts: { attachment: 'n/data' } },
    'network/mgmt': { facts: {} },
    'affinity-group/a': { facts: { policy: 'anti-affinity', scope: 'nfvi-node' } },
    'affinity-group/z': { facts: { policy: 'affinity', scope: 'zone' } },
    'volume/v': { facts: { claim: 'kept' } },
  },
};

function made(change: Partial<ComputeSpec> = {}, more: Partial<MachineDisksAsk> = {}): KubeObject[] {
  const result = virtualMachine({ ...spec, ...change }, { ...ask, ...more });
  if (!result.ok) throw result.error;
  return result.value;
}

const machineOf = (...args: Parameters<typeof made>) => made(...args).at(-1) as KubeObject;
const innerOf = (machine: KubeObject, ...path: string[]) => valueAt(machine, 'spec', 'template', 'spec', ...path);

test('a machine from a container disk', () => {
  assert.deepEqual(machineOf({ zone: 'z1' }), {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'vm-1', namespace: 'n', annotations: { 'skerry.io/ports': '{}' } },
    spec: {
      runStrategy: 'Always',
      template: {
        metadata: { labels: {} },
        spec: {
          domain: {
            cpu: { cores: 2 },
            memory: { guest: '1024Mi' },
            devices: {
              disks: [{ name: 'root', disk: { bus: 'virtio' }, bootOrder: 1 }],
              interfaces: [],
              autoattachPodInterface: false,
            },
          },
          networks: [],
          volumes: [{ name: 'root', containerDisk: { image: 'quay.io/kubevirt/cirros:1' } }],
          hostname: 'fw-0',
          nodeSelector: { 'topology.kubernetes.io/zone': 'z1' },
        },
      },
    },
  });
});

test('what a machine boots from, by the settings or by what its image looks like', () => {
  const sourceOf = (name: string, images: Record<string, JsonObject> = {}, alternatives: object[] = []) => {
    const image = { name, alternatives } as ComputeSpec['image'];
    const machine = machineOf({ image }, { images });
    const [template] = itemsAt(machine, 'spec', 'dataVolumeTemplates');
    const [volume] = itemsAt(machine, 'spec', 'template', 'spec', 'volumes');
    return valueAt(volume, 'containerDisk', 'image') ?? valueAt(template, 'spec', 'source');
  };
  assert.equal(sourceOf('docker://cirros'), 'cirros');
  assert.equal(sourceOf('localhost/a'), 'localhost/a');
  assert.equal(sourceOf('registry:5000/a/b@sha256:00'), 'registry:5000/a/b@sha256:00');
  assert.deepEqual(sourceOf('https://a.example/b.qcow2'), { http: { url: 'https://a.example/b.qcow2' } });
  assert.deepEqual(sourceOf('ubuntu22.04'), { pvc: { namespace: 'n', name: 'ubuntu22.04' } });
  assert.equal(sourceOf('Ubuntu 22', { 'Ubuntu 22': { containerDisk: 'a.b/u:22' } }), 'a.b/u:22');
  assert.deepEqual(sourceOf('u', { u: { pvc: 'images/u' } }), { pvc: { namespace: 'images', name: 'u' } });
  assert.equal(sourceOf('u', {}, [{ name: 'docker://k', vimType: 'kubernetes' }]), 'k');
  assert.throws(() => sourceOf('Ubuntu 22'), /neither a container disk/);
  assert.throws(() => sourceOf('other-tenant/disk'), /neither a container disk/, 'only the settings reach elsewhere');
  assert.throws(() => sourceOf('u', { u: { url: 'file:///etc/passwd' } }), /neither containerDisk, url nor pvc/);
  assert.throws(() => sourceOf('constructor ', {}), /neither a container disk/);
  assert.throws(() => sourceOf(''), /names no image/);
});

test('disks: copied root, kept claims, empty volumes', () => {
  const volumes = [
    { name: 'kept', sizeGib: 5, volumeKey: key('volume/v') },
    { name: 'scratch', sizeGib: 0.5 },
  ];
  const images = { cirros: { url: 'http://a.example/c.img', storageClass: 'fast' } };
  const machine = machineOf({ image: { name: 'cirros', alternatives: [] }, volumes }, { images });
  assert.deepEqual(innerOf(machine, 'volumes'), [
    { name: 'root', dataVolume: { name: 'vm-1-root' } },
    { name: 'data0', persistentVolumeClaim: { claimName: 'kept' } },
    { name: 'data1', dataVolume: { name: 'vm-1-data1' } },
  ]);
  assert.deepEqual(machine.spec?.['dataVolumeTemplates'], [
    {
      metadata: { name: 'vm-1-root' },
      spec: {
        source: { http: { url: 'http://a.example/c.img' } },
        storage: { resources: { requests: { storage: '8Gi' } }, storageClassName: 'fast' },
      },
    },
    {
      metadata: { name: 'vm-1-data1' },
      spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
    },
  ]);
});

test('cloud-init inside the machine, or in a secret when it is long', () => {
  const [inline] = made({ userData: '#cloud-config\n' });
  assert.deepEqual(itemsAt(inline, 'spec', 'template', 'spec', 'volumes')[1], {
    name: 'cloudinit',
    cloudInitNoCloud: { userData: '#cloud-config\n' },
  });
  const long = `#cloud-config\n${'# ä'.repeat(700)}`;
  const [secret, machine] = made({ userData: long, configDrive: true });
  assert.equal(secret?.kind, 'Secret');
  assert.equal(Buffer.from(String(valueAt(secret, 'data', 'userdata')), 'base64').toString(), long);
  assert.deepEqual(itemsAt(machine, 'spec', 'template', 'spec', 'volumes')[1], {
    name: 'cloudinit',
    cloudInitConfigDrive: { secretRef: { name: 'vm-1-cloudinit' } },
  });
  assert.throws(() => made({ userData: 'x'.repeat(600_000) }), /at most 524288 fit/);
});

test('ports join the cluster’s network or attachments', () => {
  const machine = machineOf({
    ports: [
      port('mgmt', 'network/mgmt', { management: true }),
      port('eth 1', 'network/data', { vnicType: 'E1000', macAddress: '02:00:00:00:00:AA' }),
      port('fast', 'network/data', { vnicType: 'SR-IOV' }),
    ],
  });
  assert.deepEqual(innerOf(machine, 'networks'), [
    { name: 'mgmt', pod: {} },
    { name: 'port-1', multus: { networkName: 'n/data' } },
    { name: 'fast', multus: { networkName: 'n/data' } },
  ]);
  assert.deepEqual(innerOf(machine, 'domain', 'devices', 'interfaces'), [
    { name: 'mgmt', masquerade: {} },
    { name: 'port-1', bridge: {}, model: 'e1000', macAddress: '02:00:00:00:00:aa' },
    { name: 'fast', sriov: {} },
  ]);
  assert.throws(() => made({ ports: [port('a', 'network/mgmt'), port('b', 'network/mgmt')] }), /room for one/);
  assert.throws(() => made({ ports: [port('a', 'network/mgmt', { vnicType: 'direct' })] }), /wants direct/);
  assert.throws(() => made({ ports: [port('a', 'network/data', { macAddress: 'x' })] }), /no MAC address/);
});

test('pinned CPUs, huge pages and NUMA', () => {
  const domain = (extra: JsonObject) => innerOf(machineOf({ extra }), 'domain') as JsonObject;
  const pinned = domain({
    'virtual-cpu': { pinning: { policy: 'static' } },
    'virtual-memory': { 'mempage-size': 'SIZE_1GB', 'numa-enabled': true },
  });
  assert.deepEqual(pinned['cpu'], { cores: 2, dedicatedCpuPlacement: true, numa: { guestMappingPassthrough: {} } });
  assert.deepEqual(pinned['memory'], { guest: '1024Mi', hugepages: { pageSize: '1Gi' } });
  assert.deepEqual(domain({ 'virtual-cpu': { pinning: { policy: 'dynamic' } } })['cpu'], { cores: 2 });
  assert.deepEqual(domain({ 'virtual-memory': { 'mempage-size': 'SMALL', 'numa-enabled': true } })['cpu'], {
    cores: 2,
  });
});

test('groups are labels and rules about them', () => {
  const machine = machineOf({ affinityGroupKeys: [key('affinity-group/a'), key('affinity-group/z')] });
  const labels = valueAt(machine, 'spec', 'template', 'metadata', 'labels') as Record<string, string>;
  const [apart, together] = Object.keys(labels);
  assert.match(apart ?? '', /^group\.skerry\.io\/[0-9a-f]{32}$/);
  const rule = (label: string | undefined, topologyKey: string) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { [label ?? '']: 'member' } }, topologyKey },
    ],
  });
  assert.deepEqual(innerOf(machine, 'affinity'), {
    podAffinity: rule(together, 'topology.kubernetes.io/zone'),
    podAntiAffinity: rule(apart, 'kubernetes.io/hostname'),
  });
  assert.throws(() => made({ affinityGroupKeys: [key('affinity-group/none')] }), /nothing is known of its group/);
});

test('how a machine is, and where it is reached', () => {
  const machine = machineOf({ ports: [port('mgmt', 'network/mgmt'), port('eth 1', 'network/data')] });
  const instance = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'vm-1' },
    status: {
      nodeName: 'n1',
      conditions: [{ type: 'Ready', status: 'False', message: 'guest is not running' }],
      interfaces: [
        { name: 'mgmt', ipAddress: '10.244.1.2', ipAddresses: ['10.244.1.2', 'fd00::2'] },
        { name: 'port-1', ipAddress: '10.64.0.2' },
        { mac: '02:00:00:00:00:01' },
      ],
    },
  };
  const seen = (status: object, metadata: object = {}) =>
    observeVirtualMachine(
      { ...machine, metadata: { ...machine.metadata, ...metadata }, status: status as JsonObject },
      instance,
    );
  assert.deepEqual(seen({ printableStatus: 'Running', ready: true }), {
    phase: 'ready',
    addresses: { mgmt: ['10.244.1.2', 'fd00::2'], 'eth 1': ['10.64.0.2'] },
    node: 'n1',
  });
  assert.equal(seen({ printableStatus: 'Running' }).message, 'running, not ready: guest is not running');
  const phase = (status: object, metadata?: object) => seen(status, metadata).phase;
  assert.equal(phase({ printableStatus: 'Migrating', ready: true }), 'ready');
  assert.equal(phase({ printableStatus: 'ErrorUnschedulable' }), 'pending');
  assert.equal(phase({ printableStatus: 'Stopped' }), 'pending', 'KubeVirt starts it again');
  assert.equal(phase({ printableStatus: 'CrashLoopBackOff' }), 'failed');
  assert.equal(phase({ printableStatus: 'Paused', ready: true }), 'failed');
  assert.equal(phase({ ready: true }, { deletionTimestamp: '2026-01-01T00:00:00Z' }), 'removing');
  const halted = { ...machine, spec: { runStrategy: 'Halted' }, status: { printableStatus: 'Stopped' } };
  assert.deepEqual(observeVirtualMachine(halted), {
    phase: 'failed',
    message: 'somebody has stopped it',
    addresses: {},
  });
  const odd = { ...machine, metadata: { name: 'x', annotations: { 'skerry.io/ports': '[1' } }, status: undefined };
  assert.deepEqual(Object.keys(observeVirtualMachine(odd, instance).addresses), ['mgmt', 'port-1']);
  assert.equal(observeVirtualMachine(odd).message, 'not looked at yet');
});
