export { type ApiVersion, apiVersion } from './api-version.ts';
export { attributesOf } from './attributes.ts';
export {
  type CollectionPolicy,
  collectionParameters,
  collectionPolicy,
  parseCollectionQuery,
  sendCollection,
  sendResource,
} from './collection.ts';
export { dateTime } from './date-time.ts';
export { entityTag, requireMatch } from './entity-tag.ts';
export { byCreation, defineResource, type Resource, type ResourceDefinition } from './resource.ts';
