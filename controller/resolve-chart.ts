import { SkerryError } from '#shared/errors/index.ts';
import type { ChartRef, ChartSource, StoredChart } from '#shared/model/charts.ts';
import type { Clock } from '#shared/runtime/index.ts';

const resolvingLimitMs = 30_000;

/**
 * A repository that hangs must not hold a request for longer than a client waits.
 *
 * @returns undefined when nobody here knows the name
 * @throws NotFound, Unprocessable (no chart), Unavailable (the repository does not answer)
 */
export async function resolveInTime(
  { charts, clock }: { charts?: ChartSource | undefined; clock: Clock },
  ref: ChartRef,
): Promise<StoredChart | undefined> {
  if (charts === undefined) return undefined;
  const ending = new AbortController();
  const late = new SkerryError('Unavailable', `The repository of ${ref.chart} does not answer`, {
    remedy: 'Try again later, or onboard a package that contains the chart.',
    retry: 'backoff',
  });
  const cancel = clock.timer(resolvingLimitMs, () => ending.abort(late));
  const tooLate = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => reject(late), { once: true });
  });
  try {
    return await Promise.race([charts.resolve(ref, ending.signal), tooLate]);
  } finally {
    cancel();
  }
}
