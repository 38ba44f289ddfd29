export { type LevelStoreOptions, openLevelStore } from './level-store.ts';
export { createMemoryStore, MemoryDisk, type MemoryStoreOptions } from './memory-store.ts';
export type * from './store.ts';
export { storeLimits } from './store-limits.ts';
