import { dayOneTwoSchema, l3ProtocolDataSchema } from './osm-vnfd.ts';
import type { SchemaNode } from './schema-node.ts';

/** What SOL006 2.6.1 spells differently and what OSM adds to an NSD. */
export const osmNsdSchema: SchemaNode = {
  logo: 'string',
  'ns-configuration': dayOneTwoSchema,
  'parameter-pool': 'any',
  'virtual-link-desc': {
    'mgmt-network': 'boolean',
    'vim-network-name': 'string',
    'vim-network-id': 'string',
    'provider-network': {
      'physical-network': 'string',
      segmentation_id: 'text',
      'segmentation-id': 'text',
      'network-type': 'string',
      'overlay-type': 'string',
      'sdn-ports': 'any',
    },
    underlay: 'boolean',
  },
  vnffgd: {
    nfpd: { 'position-desc-id': 'any', 'position-desc': { 'cp-profile-id': 'any', 'match-attributes': 'any' } },
    'nfp-position-element': { 'match-attributes': 'any' },
  },
  df: {
    'vnf-profile': {
      'virtual-link-connectivity': {
        $repeats: true,
        'constituent-cpd-id': {
          // Two connection points of one VNF may be on the same link.
          $list: 'constituent-base-element-id constituent-cpd-id',
          'ip-address': 'ip',
          'mac-address': 'string',
          position: 'uint32',
        },
      },
      'affinity-or-anti-affinity-group': { $list: 'id', id: 'string' },
    },
    'affinity-or-anti-affinity-group': {
      type: 'enum affinity|anti-affinity',
      affinityorAntiaffinity: 'enum affinity|anti-affinity',
    },
    'virtual-link-profile': { 'virtual-link-protocol-data': { 'l3-protocol-data': l3ProtocolDataSchema } },
  },
};
