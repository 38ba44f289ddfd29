export {
  createIntentBook,
  type IntentBookDependencies,
  type IntentDelta,
  type IntentSnapshot,
  type LinkedIntentBook,
} from './create-intent-book.ts';
export type {
  AgentIntentChange,
  IntentBook,
  IntentCommit,
  IntentHead,
  NewIntentObject,
  NewTombstone,
} from './intent-book.ts';
export { KeyedLock } from './keyed-lock.ts';
