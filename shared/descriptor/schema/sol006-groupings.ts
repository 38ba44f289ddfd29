import type { SchemaNode } from './schema-node.ts';

/** Groupings that occur more than once in SOL006 4.3.1 (etsi-nfv-common, etsi-nfv-vnf, etsi-nfv-ns). */

export const keyValue: SchemaNode = {
  $list: 'key',
  key: 'string',
  value: 'string',
};

export const interfaceRequirement: SchemaNode = {
  $list: 'name',
  name: 'string',
  description: 'string',
  'standardized-network-interface-requirements': keyValue,
  'network-interface-requirements': keyValue,
  'nic-io-requirements': 'string',
};

export const cpdProtocol: SchemaNode = {
  $list: 'associated-layer-protocol',
  'associated-layer-protocol': 'identity layer-protocol',
  'address-data': {
    $list: 'type',
    type: 'identity address-type',
    'l2-address-data': {
      $clause: 'IFA011 7.1.3.3',
      'mac-address-assignment': 'boolean!',
    },
    'l3-address-data': {
      'ip-address-assignment': 'boolean',
      'ip-address-assignment-subtype': 'enum dynamic|vnf_pkg|external',
      'floating-ip-activated': 'boolean!',
      'ip-address-type': 'enum ipv4|ipv6',
      'number-of-ip-addresses': 'uint32',
      'fixed-ip-address': 'string',
    },
  },
};

export const monitoringParameter: SchemaNode = {
  $list: 'id',
  id: 'string',
  name: 'string',
  'performance-metric': 'string',
  'collection-period': 'uint64',
};

export const requirementDetail: SchemaNode = {
  $list: 'key',
  $min: 1,
  key: 'string',
  value: 'string',
};

export const logicalNode: SchemaNode = {
  $list: 'id',
  id: 'string',
  'requirement-detail': requirementDetail,
};

export const additionalCapability: SchemaNode = {
  $list: 'name',
  name: 'string',
  'support-mandatory': 'boolean',
  'min-version': 'string',
  'preferred-version': 'string',
  'target-performance-parameters': keyValue,
};

export const maintenanceInfo: SchemaNode = {
  'impact-notification-lead-time': 'uint32!',
  'is-impact-mitigation-requested': 'boolean',
  'supported-migration-type': 'enum no-migration|offline-migration|live-migration*',
  'max-undetectable-interruption-time': 'uint32',
  'min-recovery-time-between-impacts': 'uint32',
  'max-number-of-impacted-instances': {
    $list: 'group-size',
    'group-size': 'uint32',
    'max-number-of-impacted-instances': 'uint32 1..max',
  },
  'min-number-of-preserved-instances': {
    $list: 'group-size',
    'group-size': 'uint32',
    'min-number-of-preserved-instances': 'uint32 1..max',
  },
};

export const connectivityType: SchemaNode = {
  'layer-protocol': 'identity layer-protocol*',
  'flow-pattern': 'enum line|tree|mesh',
};

export const securityGroupRule: SchemaNode = {
  $list: 'id',
  id: 'string',
  description: 'string',
  direction: 'enum ingress|egress',
  'ether-type': 'enum ipv4|ipv6',
  protocol: 'enum tcp|udp|icmp',
  'port-range-min': 'uint16',
  'port-range-max': 'uint16',
};

export const vnfLocalAffinityRule: SchemaNode = {
  $list: 'type scope',
  type: 'enum affinity|anti-affinity',
  scope:
    'enum nfvi-node|zone-group|zone|nfvi-pop|network-link-and-node|L2-network|conatiner_namespace|container_namespace',
  'nfvi-maintenance-info': maintenanceInfo,
};

export const vnfBitRate: SchemaNode = {
  $clause: 'IFA011 7.1.8.4',
  root: 'uint32!',
  leaf: 'uint32',
};

export const l2ProtocolData: SchemaNode = {
  name: 'string',
  'network-type': 'enum flat|vlan|vxlan|gre',
  'vlan-transparent': 'boolean',
  mtu: 'uint16',
  'segmentation-id': 'string',
};

export const instancesById: SchemaNode = {
  $list: 'id',
  id: 'string',
  'number-of-instances': 'uint16',
};

export const operationParameters: SchemaNode = {
  parameter: keyValue,
};

export const snapshotParameters: SchemaNode = {
  $clause: 'IFA011 7.1.5.2',
  parameter: requirementDetail,
};

export const associatedCpd: SchemaNode = {
  'vnfd-id': 'string',
  'pnfd-id': 'string',
  'nsd-id': 'string',
  'vnf-ext-cpd': 'string',
  'pnf-ext-cpd': 'string',
  sapd: 'string',
};

export const nsLocalAffinityRule: SchemaNode = {
  $list: 'type scope',
  type: 'enum affinity|anti-affinity',
  scope:
    'enum nfvi-node|zone-group|zone|nfvi-pop|network-link-and-node|L2-network|conatiner_namespace|container_namespace',
};

export const virtualLinkConnectivity: SchemaNode = {
  $list: 'virtual-link-profile-id',
  'virtual-link-profile-id': 'string',
  'constituent-cpd-id': {
    $list: 'constituent-base-element-id',
    'constituent-base-element-id': 'string',
    'constituent-cpd-id': 'string',
  },
  'affinity-or-anti-affinity-group-id': 'string*',
};

export const versionDependency: SchemaNode = {
  $list: 'dependent-constituent-id',
  'dependent-constituent-id': 'string',
  'version-dependency-statement': {
    'descriptor-id': 'string*',
  },
};

export const nsBitRate: SchemaNode = {
  $clause: 'IFA014 6.3.4.2',
  root: 'uint64!',
  leaf: 'uint64',
};

export const lcmParams: SchemaNode = {
  params: keyValue,
};
