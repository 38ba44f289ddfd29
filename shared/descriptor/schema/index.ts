import type { DescriptorKind } from '../parsed-descriptor.ts';
import { osmNsdSchema } from './osm-nsd.ts';
import { nstSchema } from './osm-nst.ts';
import { osmVnfdSchema } from './osm-vnfd.ts';
import { mergeSchemas, type SchemaNode } from './schema-node.ts';
import { nsdSchema, pnfdSchema } from './sol006-nsd.ts';
import { vnfdSchema } from './sol006-vnfd.ts';

export { type LeafType, leafType, type SchemaNode } from './schema-node.ts';

/** SOL006 4.3.1 together with the spellings of 2.6.1 and 3.7.1 and OSM's augments. */
export const descriptorSchemas: Record<DescriptorKind, SchemaNode> = {
  vnfd: mergeSchemas(vnfdSchema, osmVnfdSchema),
  nsd: mergeSchemas(nsdSchema, osmNsdSchema),
  pnfd: pnfdSchema,
  nst: nstSchema,
};
