export type { ConnectorOpener } from './infra-set.ts';
export { createSeek, type Seek, type SeekDependencies, type UnitStatus } from './seek.ts';
export { defaultSeekLimits, type SeekLimits } from './seek-limits.ts';
