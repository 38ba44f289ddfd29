import type { JsonObject } from '#shared/model/json.ts';
import { type AttributeTree, attributesOf } from './attributes.ts';

/** How one type of resource looks from outside: what a plugin tells once about NsInstance, VnfPkgInfo, … */
export interface ResourceDefinition<View> {
  /** ETSI's name of the type; key of the render cache. */
  name: string;
  /** JSON schema (typebox) of the representation: known attributes, mandatory ones. */
  schema: unknown;
  /** Default exclude set of the attribute selectors. */
  excludedByDefault: readonly string[];
  id(view: View): string;
  /** Unique, and the same for the whole life of the resource: order and paging marker. Creation time, then id, reads well. */
  sortKey(view: View): string;
  /** Changes whenever the representation does; becomes the ETag. */
  revision(view: View): string;
  /** Pure. `baseUrl` has no trailing slash. */
  render(view: View, baseUrl: string): JsonObject;
}

export interface Resource<View> extends ResourceDefinition<View> {
  readonly attributes: AttributeTree;
  readonly required: readonly string[];
}

export function defineResource<View>(definition: ResourceDefinition<View>): Resource<View> {
  const { required = [] } = definition.schema as { required?: readonly string[] };
  return Object.assign(definition, { attributes: attributesOf(definition.schema), required });
}

/** Sort key that puts older resources first. */
export function byCreation(createdAtMs: number, id: string): string {
  return `${String(createdAtMs).padStart(15, '0')}/${id}`;
}
