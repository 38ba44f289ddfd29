export {
  type AckedPosition,
  createOutbox,
  type LinkedOutbox,
  type OutboxDependencies,
  type OutboxLimits,
  type PendingState,
} from './create-outbox.ts';
export { createHostFacts, type HostFacts } from './host-facts.ts';
export { createHostReporter, type HostReporter, type HostReporterDependencies } from './host-reporter.ts';
export { KnownMachine } from './machine-facts.ts';
export type { Outbox } from './outbox.ts';
export type { PendingReport, StreamHead } from './outbox-record.ts';
