import type { CallContext } from '#shared/connector/index.ts';
import { type ErrorCode, isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { SeekLimits } from './seek-limits.ts';

/** Codes by which a platform says that a call had no effect. Everything else may have acted. */
const withoutEffect: ReadonlySet<ErrorCode> = new Set([
  'PlatformRefused',
  'PlatformUnavailable',
  'PlatformCapacity',
  'PlatformAuth',
  'BadRequest',
  'NotFound',
  'Unprocessable',
] as const);

export interface PlatformCallOptions {
  clock: Clock;
  log: Logger;
  limits: SeekLimits;
}

/**
 * One call of a connector with a deadline. Ends soon after the deadline or the abort even if the connector does not.
 * @throws SkerryError: the connector's own, or PlatformInDoubt when it was given up
 */
export async function callPlatform<T>(
  options: PlatformCallOptions,
  signal: AbortSignal,
  call: (context: CallContext) => Promise<T>,
): Promise<T> {
  const { clock, log, limits } = options;
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const cancelDeadline = clock.timer(limits.callTimeoutMs, () =>
    controller.abort(new SkerryError('Timeout', `The platform did not answer within ${limits.callTimeoutMs} ms`)),
  );
  let cancelGrace = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => {
      cancelGrace = clock.timer(limits.abortGraceMs, () =>
        reject(new SkerryError('PlatformInDoubt', 'The call was given up', { cause: controller.signal.reason })),
      );
    });
  });
  try {
    return await Promise.race([call({ signal: controller.signal, clock, log }), givenUp]);
  } finally {
    cancelDeadline();
    cancelGrace();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Did the call certainly have no effect? */
export function isWithoutEffect(error: unknown): error is SkerryError {
  return isSkerryError(error) && withoutEffect.has(error.code);
}

/** For people: what happened, and what to do about it where that is known. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = isSkerryError(error) ? error.remedy : undefined;
  if (remedy === undefined || remedy === '') return error.message;
  return `${error.message.replace(/\.$/, '')}. ${remedy[0]!.toUpperCase()}${remedy.slice(1)}`;
}
