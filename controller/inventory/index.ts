export { createInventory, type InventoryRoom } from './create-inventory.ts';
export type * from './inventory.ts';
export type { InventoryDependencies } from './inventory-context.ts';
export type * from './report-sink.ts';
export type { StateRecord } from './state-record.ts';
