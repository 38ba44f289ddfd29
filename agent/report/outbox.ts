import type { ReportBody, ReportStream, StateBody } from '#shared/wire/frames.ts';
import type { Transaction } from '../store/agent-store.ts';

/** The agent's durable outbox. Appends are part of the transaction of what they tell of; sending and pruning are the outbox's own. */
export interface Outbox {
  /** Appends a must-deliver record (seq, chain and recordId are the outbox's). `results` are never shed. */
  append(tx: Transaction, stream: ReportStream, body: ReportBody): void;
  /** Newest value of a state slot; equal values are dropped. null: the slot's object is gone. */
  state(tx: Transaction, key: string, body: StateBody | null): void;
  /** Counts per stream, newest first, for the local API. */
  summary(): { stream: string; pending: number; acked: number; lastSeq: number }[];
}
