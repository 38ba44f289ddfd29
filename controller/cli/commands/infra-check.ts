import type { SkerryApi } from '../api.ts';
import type { InfraView } from '../api-types.ts';
import { ChangeFeed } from '../change-feed.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { type OutputFormat, printValue } from '../output.ts';
import { printInfra } from './infra-view.ts';

/** An agent opens an infra and asks it within a second or two; a slow cluster gets time, a wrong address runs into its own limit. */
const checkMs = 20_000;

/**
 * Waits for the agent's first word on the infra as it is now. An agent that is away has none to give.
 * @throws CliError timeout
 */
export async function checkInfra(context: CliContext, api: SkerryApi, infraId: string): Promise<InfraView> {
  const feed = new ChangeFeed(api, context.clock);
  const ending = new AbortController();
  const giveUp = new CliError(
    exitCodes.timeout,
    `the agent has said nothing of the infra after ${checkMs / 1000} s`,
    'see `skerry infra show`; the agent goes on trying',
  );
  const cancelTimer = context.clock.timer(checkMs, () => ending.abort(giveUp));
  const onSignal = () => ending.abort(new CliError(exitCodes.failed, 'stopped waiting; the infra stays'));
  context.signal.addEventListener('abort', onSignal, { once: true });
  try {
    return await feed.until(async () => {
      const infra = await api.infra(infraId);
      return isTold(infra) || infra.connected === false ? infra : undefined;
    }, ending.signal);
  } finally {
    cancelTimer();
    feed.close();
    context.signal.removeEventListener('abort', onSignal);
  }
}

/** Prints what the check found. @returns failed when the infra cannot be used */
export async function reportCheck(context: CliContext, infra: InfraView, output: OutputFormat): Promise<ExitCode> {
  if (output === 'table') await printInfra(context, infra);
  else await printValue(context, output, infra);
  if (!isTold(infra)) {
    context.err(`the agent of ${infra.name} is away: it will be checked when the agent is back\n`);
    return exitCodes.ok;
  }
  if (infra.status?.facts?.healthy === true) return exitCodes.ok;
  const why = infra.status?.message || infra.status?.facts?.message || 'the agent gives no reason';
  context.err(`skerry: ${infra.name} cannot be used: ${why}\n`);
  return exitCodes.failed;
}

/** Does the status speak of the settings as they are now? Older agents do not say, and are believed. */
function isTold({ status, revision }: InfraView): boolean {
  if (!status || !(status.reportedAt > 0 || status.facts)) return false;
  return revision === undefined || status.revision === undefined || status.revision >= revision;
}
