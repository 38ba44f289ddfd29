import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { NetworkSpec } from '#shared/connector/index.ts';
import { isHostOf, parseSubnet } from './ip-subnet.ts';
import { existingNetwork, networkAttachment, podNetworksAnnotation } from './network-attachment.ts';

const place = { name: 'data', namespace: 'n' };

function configOf(spec: Partial<NetworkSpec>, more: object = {}) {
  const made = networkAttachment({ name: 'data', management: false, ...spec }, { ...place, ...more });
  if (!made.ok) return made.error.message;
  const text = made.value?.spec?.['config'];
  return typeof text === 'string' ? JSON.parse(text) : undefined;
}

test('a network without a physical one is a bridge of its own with addresses of its own', () => {
  const config = configOf({});
  assert.match(config.bridge, /^sk[0-9a-f]{13}$/);
  assert.match(config.ipam.ranges[0][0].subnet, /^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.0\/24$/);
  assert.deepEqual(configOf({}), config, 'the same every time');
  assert.notEqual(configOf({}, { name: 'other' }).bridge, config.bridge);
  assert.deepEqual(Object.keys(config), ['cniVersion', 'name', 'type', 'bridge', 'ipam']);
  assert.equal(config.cniVersion, '0.4.0');
  assert.deepEqual(configOf({ cidr: '10.1.2.3/24', gateway: '10.1.2.1' }).ipam, {
    type: 'host-local',
    ranges: [[{ subnet: '10.1.2.0/24', gateway: '10.1.2.1' }]],
  });
  assert.equal(configOf({ cidr: 'FD00:0::1/64' }).ipam.ranges[0][0].subnet, 'fd00::/64');
  assert.match(configOf({ ipVersion: 'ipv6' }).ipam.ranges[0][0].subnet, /^fd[0-9a-f:]+::\/64$/);
});

test('management networks and existing ones make nothing', () => {
  assert.equal(configOf({ management: true, cidr: 'odd' }), undefined);
  assert.equal(configOf({ existingName: 'lan' }), undefined);
  assert.deepEqual(existingNetwork('lan', 'n'), { namespace: 'n', name: 'lan' });
  assert.deepEqual(existingNetwork('shared/lan', 'n'), { namespace: 'shared', name: 'lan' });
});

test('a physical network is joined by macvlan or by its bridge', () => {
  const on = (provider: NetworkSpec['provider'], more: Partial<NetworkSpec> = {}) => configOf({ provider, ...more });
  const { cniVersion: _, ...config } = on({ physicalNetwork: 'eth1' });
  assert.deepEqual(config, { name: 'data', type: 'macvlan', master: 'eth1', mode: 'bridge' }, 'no address is made up');
  assert.equal(on({ physicalNetwork: 'eth1', segmentationId: '101' }).master, 'eth1.101');
  assert.equal(on({ physicalNetwork: 'br0', segmentationId: '101', networkType: 'bridge' }).vlan, 101);
  assert.equal('vlan' in on({ segmentationId: '7' }), false);
  assert.deepEqual(on({ physicalNetwork: 'eth1' }, { dhcp: true }).ipam, { type: 'dhcp' });
  assert.equal(on({ physicalNetwork: 'eth1' }, { dhcp: true, cidr: '10.0.0.0/24' }).ipam.type, 'host-local');
  assert.deepEqual(
    configOf({ provider: { physicalNetwork: 'eth1' }, cidr: '10.0.0.0/24' }, { hasWhereabouts: true }).ipam,
    { type: 'whereabouts', range: '10.0.0.0/24' },
  );
});

test('what cannot be made is refused with a reason', () => {
  const refused: [Partial<NetworkSpec>, RegExp][] = [
    [{ cidr: '10.0.0.0' }, /no subnet/],
    [{ cidr: '10.0.0.0/31' }, /no subnet/],
    [{ cidr: '10.0.0.0/33' }, /no subnet/],
    [{ cidr: '0.0.0.0/0' }, /no subnet/],
    [{ cidr: '300.0.0.0/24' }, /no subnet/],
    [{ cidr: 'fe80::%eth0/64' }, /no subnet/],
    [{ cidr: '10.0.0.0/24', ipVersion: 'ipv6' }, /no ipv6/],
    [{ cidr: '10.0.0.0/24', gateway: '10.0.1.1' }, /no host of 10.0.0.0\/24/],
    [{ cidr: '10.0.0.0/24', gateway: '10.0.0.255' }, /no host/],
    [{ cidr: '10.0.0.0/24', gateway: 'fd00::1' }, /no host/],
    [{ provider: { physicalNetwork: 'eth1', segmentationId: '4095' } }, /no VLAN/],
    [{ provider: { physicalNetwork: 'eth1', segmentationId: 'x' } }, /no VLAN/],
    [{ provider: { physicalNetwork: 'a-long-device-1', segmentationId: '10' } }, /no name of a network device/],
    [{ provider: { physicalNetwork: '../etc' } }, /no name of a network device/],
    [{ provider: { physicalNetwork: 'eth1', networkType: 'vxlan' } }, /no network of type vxlan/],
  ];
  for (const [spec, reason] of refused) assert.match(configOf(spec), reason);
});

test('pods keep the networks that they have', () => {
  const networks = [
    { namespace: 'n', name: 'data' },
    { namespace: 'n', name: 'data' },
  ];
  const joined = (existing?: string) => {
    const made = podNetworksAnnotation(existing, networks, 'n');
    return made.ok ? made.value : made.error.message;
  };
  assert.equal(joined(), 'n/data');
  assert.equal(joined(' other@eth5 , x/y'), 'other@eth5,x/y,n/data');
  assert.equal(joined('data@net7'), 'data@net7', 'a short name means the pod’s namespace');
  assert.equal(joined('m/data'), 'm/data,n/data');
  assert.equal(
    joined('[{"name":"a","default-route":["10.0.0.1"]}]'),
    '[{"name":"a","default-route":["10.0.0.1"]},{"name":"data","namespace":"n"}]',
  );
  assert.equal(joined('[{"name":"data","namespace":"n"}]'), '[{"name":"data","namespace":"n"}]');
  assert.match(joined('[{'), /no JSON/);
});

test('every subnet holds its own hosts and no neighbour’s', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), fc.integer({ min: 8, max: 30 }), (bytes, prefix) => {
      const subnet = parseSubnet(`${bytes.join('.')}/${prefix}`);
      assert.ok(subnet !== undefined);
      assert.deepEqual(parseSubnet(subnet.text), subnet);
      const [address = ''] = subnet.text.split('/');
      assert.equal(isHostOf(subnet, address), false);
      assert.equal(
        isHostOf(
          subnet,
          address.replace(/\d+$/, (last) => String(Number(last) + 1)),
        ),
        true,
      );
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 32, max: 126 }), (address, prefix) => {
      const subnet = parseSubnet(`${address}/${prefix}`);
      assert.ok(subnet !== undefined);
      assert.deepEqual(parseSubnet(subnet.text), subnet);
      const [own = ''] = subnet.text.split('/');
      assert.ok(isHostOf(subnet, address) || parseSubnet(`${address}/128`)?.text === `${own}/128`);
    }),
  );
});
