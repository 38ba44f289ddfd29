export { createLocalApi, type LocalApiOptions } from './local-api.ts';
export { createLocalClient, type LocalClient, type LocalJournalEntry, type LocalUnit } from './local-client.ts';
export {
  type InfraStatus,
  type LocalSources,
  type SimulatedOrders,
  type SimulatedVerb,
  simulatedVerbs,
} from './local-sources.ts';
export type { LocalStatus } from './local-status.ts';
