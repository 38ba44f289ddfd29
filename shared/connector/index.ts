export type * from './connector.ts';
export { noResources } from './connector.ts';
export type * from './unit-specs.ts';
export { unitKinds } from './unit-specs.ts';
