import type { SchemaNode } from './schema-node.ts';

const relationalOperation = 'enum GE|LE|GT|LT|EQ|NE';
const quota: SchemaNode = { limit: 'uint64', reserve: 'uint64', shares: 'uint64' };
const juju: SchemaNode = { charm: 'string', proxy: 'boolean', cloud: 'enum lxd|k8s' };
const url: SchemaNode = { $list: 'url', url: 'string' };
const primitiveParameter: SchemaNode = {
  $list: 'name',
  name: 'string',
  'data-type': 'enum STRING|INTEGER|BOOLEAN',
  value: 'text',
  mandatory: 'boolean',
  'default-value': 'text',
  'parameter-pool': 'string',
  'read-only': 'boolean',
  hidden: 'boolean',
};
const sequencedPrimitive: SchemaNode = {
  $list: 'seq',
  seq: 'uint64',
  name: 'string',
  'execution-environment-ref': 'string',
  parameter: primitiveParameter,
  'user-defined-script': 'string',
};
const relationEnd: SchemaNode = {
  'vdu-profile-id': 'string',
  'kdu-resource-profile-id': 'string',
  'vnf-profile-id': 'string',
  'execution-environment-ref': 'string',
  endpoint: 'string',
};

/** Day-1/2 configuration of OSM (common-augments), for VNFs, VDUs, KDUs and NSs. */
export const dayOneTwoSchema: SchemaNode = {
  id: 'string',
  script: { 'script-type': 'string' },
  juju,
  'execution-environment-list': {
    $list: 'id',
    id: 'string',
    juju,
    'helm-chart': 'string',
    'helm-version': 'enum v2|v3',
    'metric-service': 'string',
    'external-connection-point-ref': 'string',
  },
  'config-primitive': {
    $list: 'name',
    name: 'string',
    'execution-environment-ref': 'string',
    'execution-environment-primitive': 'string',
    parameter: primitiveParameter,
    'parameter-group': 'any',
    'user-defined-script': 'string',
  },
  'initial-config-primitive': sequencedPrimitive,
  'terminate-config-primitive': sequencedPrimitive,
  metrics: { $list: 'name', name: 'string' },
  'config-access': { 'ssh-access': { required: 'boolean', 'default-user': 'string' } },
  relation: {
    $list: 'name',
    name: 'string',
    provider: relationEnd,
    requirer: relationEnd,
    entities: { $list: 'id', id: 'string', endpoint: 'string' },
  },
};

export const l3ProtocolDataSchema: SchemaNode = {
  name: 'string',
  'ip-version': 'enum ipv4|ipv6|IPv4|IPv6',
  cidr: 'string',
  'gateway-ip': 'ip',
  'dhcp-enabled': 'boolean',
  'ip-allocation-pools': 'string*',
  'ipv6-address-mode': 'enum slaac|dhcpv6-stateful|dhcpv6-stateless',
  dns: 'any',
  'dns-server': 'any',
  'dhcp-params': 'any',
  'security-group': 'string',
};

const alarm: SchemaNode = {
  $list: 'alarm-id',
  'alarm-id': 'string',
  'vnf-monitoring-param-ref': 'string',
  name: 'string',
  'vdur-id': 'string',
  actions: { ok: url, 'insufficient-data': url, alarm: url },
  repeat: 'boolean',
  enabled: 'boolean',
  severity: 'enum LOW|MODERATE|CRITICAL',
  statistic: 'enum AVERAGE|MINIMUM|MAXIMUM|COUNT|SUM',
  operation: relationalOperation,
  value: 'decimal',
  period: 'uint32',
  evaluations: 'uint32',
};

const interfaceRequirement: SchemaNode = {
  'virtual-interface': {
    type: 'enum PARAVIRT|OM-MGMT|PCI-PASSTHROUGH|SR-IOV|VIRTIO|E1000|RTL8139|PCNET',
    vpci: 'string',
    bandwidth: 'uint64',
  },
  position: 'uint32',
  'mac-address': 'string',
  'ip-address': 'ip',
  // SOL006 2.6.1.
  'support-mandatory': 'boolean',
  'vif-quota': quota,
};

const storage: SchemaNode = {
  'size-of-storage': 'uint64',
  'rdma-enabled': 'boolean',
  'sw-image-desc': 'string',
  'vdu-storage-requirements': { $list: 'key', key: 'string', value: 'text' },
  'disk-io-quota': quota,
};

/** What SOL006 2.6.1 spells differently and what OSM adds (IM augments: various, epa, kdu, scaling, alarm, day1-2, healing). */
export const osmVnfdSchema: SchemaNode = {
  'mgmt-cp': 'string',
  logo: 'string',
  'element-group': 'any',
  'placement-groups': 'any',
  'monitoring-parameter': {
    $list: 'id',
    id: 'string',
    name: 'string',
    'performance-metric': 'string',
    'collection-period': 'uint64',
  },
  vdu: {
    $instead: 'kdu',
    'cloud-init': 'string',
    'cloud-init-file': 'string',
    'supplemental-boot-data': { 'boot-data-drive': 'boolean', 'config-file': 'any' },
    'pdu-type': 'string',
    'alternative-sw-image-desc': 'string*',
    'boot-data': 'any',
    'boot-order': 'any',
    'configurable-properties': 'any',
    'security-group': 'any',
    'vdu-configuration': 'any',
    alarm,
    'monitoring-parameter': { 'interface-name-ref': 'string' },
    'int-cpd': {
      'port-security-enabled': 'boolean',
      'port-security-disable-strategy': 'enum full|allow-address-pairs',
      'virtual-network-interface-requirement': interfaceRequirement,
    },
  },
  'virtual-compute-desc': {
    'virtual-cpu': {
      'cpu-quota': quota,
      pinning: {
        policy: 'enum static|dynamic|SHARED|DEDICATED|ANY|shared|dedicated|any',
        'thread-policy': 'enum AVOID|SEPARATE|ISOLATE|PREFER|REQUIRE|avoid|separate|isolate|prefer|require',
      },
    },
    'virtual-memory': {
      'mem-quota': quota,
      'mempage-size': 'enum LARGE|SMALL|SIZE_2MB|SIZE_1GB|PREFER_LARGE',
      'numa-node-policy': {
        'numa-cnt': 'uint16',
        'mem-policy': 'enum STRICT|PREFERRED',
        node: {
          $list: 'id',
          id: 'uint64',
          vcpu: { $list: 'id', id: 'uint64' },
          'memory-mb': 'uint64',
          'om-numa-type': 'string',
          'num-cores': 'uint64',
          'num-threads': 'uint64',
          'paired-threads': 'any',
        },
      },
      'huge-page-requirements': {
        $list: 'hugepage-size',
        'hugepage-size': 'uint32',
        'requested-size': 'uint32',
        'size-unit': 'string',
      },
    },
    'virtual-disk': { 'disk-io-quota': quota },
    'vif-quota': quota,
    'disk-io-quota': quota,
  },
  'virtual-storage-desc': { ...storage, 'block-storage-data': { 'disk-io-quota': quota } },
  'sw-image-desc': { 'vim-type': 'string', image: 'string', checksum: { $orText: true } },
  'ext-cpd': { 'k8s-cluster-net': 'string', 'port-security-enabled': 'boolean' },
  kdu: {
    $list: 'name',
    name: 'string',
    'helm-chart': 'string',
    'helm-version': 'enum v2|v3|v4',
    'juju-bundle': 'string',
    manifests: 'string',
    service: {
      $list: 'name',
      name: 'string',
      'mgmt-service': 'boolean',
      'external-connection-point-ref': 'string',
    },
  },
  'k8s-cluster': { version: 'string*', cni: 'string*', nets: { $list: 'id', id: 'string' } },
  df: {
    'vdu-profile': { 'affinity-or-anti-affinity-group': { $list: 'id', id: 'string' } },
    'virtual-link-profile': { 'virtual-link-protocol-data': { 'l3-protocol-data': l3ProtocolDataSchema } },
    'affinity-or-anti-affinity-group': {
      type: 'enum affinity|anti-affinity',
      affinityorAntiaffinity: 'enum affinity|anti-affinity',
    },
    'lcm-operations-configuration': {
      'operate-vnf-op-config': { 'day1-2': { $list: 'id', ...dayOneTwoSchema } },
    },
    'scaling-aspect': {
      'aspect-delta-details': {
        deltas: { 'kdu-resource-delta': { $list: 'id', id: 'string', 'number-of-instances': 'uint32' } },
        'step-deltas': 'string*',
      },
      'scaling-policy': {
        $list: 'name',
        name: 'string',
        'scaling-type': 'enum manual|automatic',
        enabled: 'boolean',
        'scale-in-operation-type': 'enum AND|OR',
        'scale-out-operation-type': 'enum AND|OR',
        'threshold-time': 'uint32',
        'cooldown-time': 'uint32',
        'scaling-criteria': {
          $list: 'name',
          name: 'string',
          'scale-in-threshold': 'decimal',
          'scale-in-relational-operation': relationalOperation,
          'scale-out-threshold': 'decimal',
          'scale-out-relational-operation': relationalOperation,
          'vnf-monitoring-param-ref': 'string',
        },
      },
      'scaling-config-action': {
        $list: 'trigger',
        trigger: 'enum pre-scale-in|post-scale-in|pre-scale-out|post-scale-out',
        'vnf-config-primitive-name-ref': 'string',
      },
    },
    'healing-aspect': {
      $list: 'id',
      id: 'string',
      'healing-policy': {
        $list: 'vdu-id',
        'vdu-id': 'string',
        'event-name': 'string',
        'recovery-type': 'enum automatic|manual',
        'action-on-recovery': 'enum REBOOT_ONLY|REDEPLOY_ONLY|REBOOT_THEN_REDEPLOY',
        'cooldown-time': 'uint32',
        day1: 'boolean',
      },
    },
    'kdu-resource-profile': {
      $list: 'id',
      id: 'string',
      'kdu-name': 'string',
      'resource-name': 'string',
      'min-number-of-instances': 'uint16',
      'max-number-of-instances': 'uint16',
    },
    'exporters-endpoints': 'any',
    'vnf-indicator': 'any',
  },
};
