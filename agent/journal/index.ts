export type {
  CondemnedIncarnation,
  CondemnedReason,
  CurrentIncarnation,
  DeathHistory,
  JournalRecord,
} from './journal-record.ts';
export { createUnitJournal, type LoggedCreate, type UnitJournal } from './unit-journal.ts';
