/** What a reconcile run found. `again` wakes the same key after `afterMs` even if nobody else does. */
export type ReconcileOutcome = { kind: 'settled' } | { kind: 'again'; afterMs: number };

/** Reads the state of `key` and moves it one step. May throw; the runner backs off with jitter. Never told why it was woken. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileOutcome>;
