import type { StateBody } from '#shared/wire/frames.ts';

/** `state/<agentId>/<key>`: newest value of one state slot, as it was reported. */
export interface StateRecord {
  body: StateBody;
  storeId: string;
  /** Agent's clock; shown, never trusted for order. */
  at: number;
  /** Controller's clock. */
  receivedAt: number;
}
