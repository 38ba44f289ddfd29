import type { SkerryApi } from './api.ts';
import { type OperationView, openStates, type ProgressView } from './api-types.ts';
import { ChangeFeed } from './change-feed.ts';
import type { CliContext } from './cli-context.ts';
import { CliError, type ExitCode, exitCodes } from './exit-codes.ts';
import { LiveLines, progressBar } from './live-lines.ts';
import { formatAge, shortened } from './output.ts';

/** Characters of one thing that is waited for. */
const waitedLimit = 160;

/** Shows an operation live on standard error until it is in no open state. @throws CliError timeout */
export async function followOperation(
  context: CliContext,
  api: SkerryApi,
  id: string,
  timeoutMs?: number,
): Promise<OperationView> {
  const feed = new ChangeFeed(api, context.clock);
  const lines = new LiveLines(context);
  const ending = new AbortController();
  const onSignal = () => ending.abort(new CliError(exitCodes.failed, `stopped watching; ${id} goes on`));
  context.signal.addEventListener('abort', onSignal, { once: true });
  const cancelTimeout =
    timeoutMs === undefined
      ? () => {}
      : context.clock.timer(timeoutMs, () =>
          ending.abort(
            new CliError(
              exitCodes.timeout,
              `${id} has not ended after ${timeoutMs / 1000} s`,
              `see \`skerry op show ${id}\``,
            ),
          ),
        );
  try {
    return await feed.until(async () => {
      const operation = await api.operation(id);
      show(lines, operation, context.clock.now());
      return openStates.has(operation.operationState) ? undefined : operation;
    }, ending.signal);
  } finally {
    lines.finish();
    cancelTimeout();
    feed.close();
    context.signal.removeEventListener('abort', onSignal);
  }
}

function show(lines: LiveLines, operation: OperationView, now: number): void {
  const progress = operation._skerry?.progress;
  for (const site of progress?.sites ?? []) lines.set(site.siteName, siteLine(site, now));
  const total = progress === undefined ? '' : ` ${progressBar(progress.ready, progress.total)}`;
  lines.set(operation.lcmOperationType.toLowerCase(), `${operation.operationState}${total}`);
}

/** One site's part: how far, whether it can be reached, what is waited for. */
export function siteLine(site: ProgressView['sites'][number], now: number): string {
  const sinceMs = site.since === undefined ? undefined : now - Date.parse(site.since);
  const away = site.connected ? '' : `away for ${formatAge(sinceMs)}, goes on when it is back`;
  const waiting =
    site.waitingFor.length === 0
      ? ''
      : `waits for ${site.waitingFor
          .slice(0, 2)
          .map((one) => shortened(one, waitedLimit))
          .join(', ')}`;
  return [progressBar(site.ready, site.total), away || waiting].filter(Boolean).join('  ');
}

const reasons: Record<string, string> = { ROLLED_BACK: 'all is as it was before' };

/** Says how it ended. */
export function reportEnd(context: CliContext, operation: OperationView): ExitCode {
  const { id, operationState: state, lcmOperationType: type, error } = operation;
  if (state === 'COMPLETED') {
    context.err(`${type} COMPLETED\n`);
    return exitCodes.ok;
  }
  const remedy = state === 'FAILED_TEMP' ? `; \`skerry op retry ${id}\`, \`rollback\` or \`fail\` it` : '';
  context.err(`${type} is ${state}: ${error?.detail ?? reasons[state] ?? 'no reason given'}${remedy}\n`);
  return exitCodes.failed;
}
