export { createLcm, type LcmRoom } from './create-lcm.ts';
export type * from './lcm.ts';
export { defaultLcmPolicy, type LcmDependencies, type LcmPolicy } from './lcm-context.ts';
export { affectedVnfs } from './operation-notification.ts';
