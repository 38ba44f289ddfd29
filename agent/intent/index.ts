export type { Refusal } from './accept-delta.ts';
export {
  type Acceptance,
  createIntentHolder,
  type DocumentFrame,
  type LinkedIntentHolder,
} from './create-intent-holder.ts';
export type { AgentIdentity, IntentHeadRecord, IntentHolder } from './intent-holder.ts';
