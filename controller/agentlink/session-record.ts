import type { LinkAlarm } from '../inventory/report-sink.ts';

/** `agent-session/<agent>`: what the controller knows of an agent's stores and sessions. */
export interface AgentSessionRecord {
  /** Highest epoch given out. */
  epochIssued: number;
  /** Highest epoch in which the current store has sent a frame. */
  epochConfirmed: number;
  /** The store that was last welcomed; '' before the first. */
  storeId: string;
  /** Newest last. */
  formerStores: string[];
  /** What `epochConfirmed` was when each of the former stores was the current one. */
  formerEpochs?: Record<string, number>;
  /** Stores that are alive at the same time: none of them gets anything until an operator has named the true one. */
  contested?: string[];
  /** Copies that an operator has named untrue; newest last. */
  disowned?: string[];
  /** Alarms of the link that are raised. */
  alarms?: LinkAlarm[];
  /** The current store has not yet acknowledged the snapshot that a new store must have: a delta would lack tombstones. */
  owesSnapshot: boolean;
  /** What the current store has made durable, as far as known. */
  acked: { generation: number; history: string };
}

export const newSessionRecord: AgentSessionRecord = {
  epochIssued: 0,
  epochConfirmed: 0,
  storeId: '',
  formerStores: [],
  owesSnapshot: false,
  acked: { generation: 0, history: '' },
};

/** Former stores remembered per agent, and copies that were named untrue. */
export const maxFormerStores = 32;

/** The record after a new store was welcomed. */
export function withNewStore(record: AgentSessionRecord, storeId: string): AgentSessionRecord {
  const former = record.storeId === '' ? [] : [record.storeId];
  const formerStores = [...record.formerStores.filter((each) => each !== storeId), ...former].slice(-maxFormerStores);
  const epochs: Record<string, number> = { ...record.formerEpochs, [record.storeId]: record.epochConfirmed };
  return {
    ...record,
    storeId,
    formerStores,
    formerEpochs: Object.fromEntries(formerStores.map((each) => [each, epochs[each] ?? 0])),
    epochConfirmed: 0,
    owesSnapshot: true,
    acked: { generation: 0, history: '' },
  };
}

/** The record after an operator has named one of the contested stores; the others are never welcomed again. */
export function withTrueStore(record: AgentSessionRecord, storeId: string): AgentSessionRecord {
  const others = (record.contested ?? []).filter((each) => each !== storeId);
  const epochConfirmed = record.formerEpochs?.[storeId] ?? 0;
  const chosen = storeId === record.storeId ? record : { ...withNewStore(record, storeId), epochConfirmed };
  return { ...chosen, contested: [], disowned: [...(record.disowned ?? []), ...others].slice(-maxFormerStores) };
}
