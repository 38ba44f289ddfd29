/** Handshakes that the controller is asked to do per second; about half of what it can (mTLS, one core). */
const handshakesPerSecond = 145;

/** Milliseconds over which agents spread their first attempt after a cut. */
export function reconnectWindowMs(agentCount: number): number {
  return Math.max(20, Math.ceil((agentCount / handshakesPerSecond) * 1_000));
}
