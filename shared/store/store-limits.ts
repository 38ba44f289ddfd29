/** Bounds that every adapter keeps. */
export const storeLimits = {
  keyBytes: 512,
  /** JSON text of one document. */
  valueBytes: 4 * 1024 * 1024,
  changesPerCommit: 10_000,
  /** JSON text of all documents of one commit. */
  commitBytes: 32 * 1024 * 1024,
} as const;
