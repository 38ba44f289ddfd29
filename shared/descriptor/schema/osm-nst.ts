import type { SchemaNode } from './schema-node.ts';

/** Network slice template of OSM (nst.yang). */
export const nstSchema: SchemaNode = {
  $list: 'id',
  id: 'string',
  name: 'string',
  version: 'string',
  vendor: 'string',
  logo: 'string',
  'SNSSAI-identifier': { 'slice-service-type': 'string', 'slice-differentiator': 'text' },
  'quality-of-service': { id: 'uint32', 'resource-type': 'string', 'priority-level': 'uint32' },
  'netslice-subnet': {
    $list: 'id',
    id: 'string',
    'is-shared-nss': 'boolean',
    'nsd-ref': 'string',
    'instantiation-parameters': 'any',
  },
  'netslice-connection-point': 'any',
  'netslice-vld': {
    $list: 'id',
    id: 'string',
    name: 'string',
    type: 'string',
    'mgmt-network': 'boolean',
    'vim-network-name': 'string',
    'nss-connection-point-ref': {
      $list: 'nss-ref nsd-connection-point-ref',
      'nss-ref': 'string',
      'nsd-connection-point-ref': 'string',
    },
  },
};
