/** A statement of docs/sync-protocol.md, "What must hold", that does not hold. */
export interface Breach {
  invariant: string;
  message: string;
}
