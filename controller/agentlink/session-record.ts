/** `agent-session/<agent>`: what the controller knows of an agent's stores and sessions. */
export interface AgentSessionRecord {
  /** Highest epoch given out; confirmed by the first frame that came back in it. */
  epochIssued: number;
  epochConfirmed: number;
  /** The store that was last welcomed; '' before the first. */
  storeId: string;
  /** Newest last. */
  formerStores: string[];
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

/** Former stores remembered per agent. */
export const maxFormerStores = 32;
