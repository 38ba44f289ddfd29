import type { CliContext } from './cli-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** Ends by Ctrl-C or by its time. `goesOn`: what happens without us, for the message. */
export function untilSignal(
  context: CliContext,
  timeoutMs: number | undefined,
  goesOn: string,
): { signal: AbortSignal; close(): void } {
  const ending = new AbortController();
  const onSignal = () => ending.abort(new CliError(exitCodes.failed, `stopped watching; ${goesOn}`));
  context.signal.addEventListener('abort', onSignal, { once: true });
  const late = () =>
    ending.abort(new CliError(exitCodes.timeout, `not done after ${(timeoutMs ?? 0) / 1000} s; ${goesOn}`));
  const cancel = timeoutMs === undefined ? () => {} : context.clock.timer(timeoutMs, late);
  return {
    signal: ending.signal,
    close() {
      cancel();
      context.signal.removeEventListener('abort', onSignal);
    },
  };
}
