/** Time as the program sees it: injected, so that a fleet can be simulated from a seed. */
export interface Clock {
  /** Wall clock, epoch milliseconds. May jump; never used for durations. */
  now(): number;
  /** Monotonic milliseconds since some start. */
  mono(): number;
  /** Runs `fire` once after `delayMs` (clamped to 0..2^31-1). Returns a function that cancels it. */
  timer(delayMs: number, fire: () => void): () => void;
}

/** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.timer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  timer(delayMs, fire) {
    const handle = setTimeout(fire, Math.min(Math.max(0, delayMs), 2 ** 31 - 1));
    return () => clearTimeout(handle);
  },
};
