/** Bounds of seeking; milliseconds and counts. */
export interface SeekLimits {
  /** Objects that are worked on at the same time. */
  concurrency: number;
  /** A call that takes longer is given up, and is in doubt. */
  callTimeoutMs: number;
  /** A connector that was told to end and does not is left behind after this. */
  abortGraceMs: number;
  /** After failures in a row a unit waits between half and all of min × 2^(n-1), at most max. */
  backoff: { minMs: number; maxMs: number };
  /** Failures for want of room before the unit is reported as failed. */
  capacityAttempts: number;
  /** Looks that nobody asked for: with a watch, without one. */
  watchedLookMs: number;
  unwatchedLookMs: number;
  /** Capacity and health of an infra are asked this often, and soon after something changed on it. */
  probeMs: number;
  probeAfterChangeMs: number;
}

export const defaultSeekLimits: SeekLimits = {
  concurrency: 32,
  callTimeoutMs: 120_000,
  abortGraceMs: 1000,
  backoff: { minMs: 250, maxMs: 60_000 },
  capacityAttempts: 6,
  watchedLookMs: 600_000,
  unwatchedLookMs: 30_000,
  probeMs: 300_000,
  probeAfterChangeMs: 1000,
};
