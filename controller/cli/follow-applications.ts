import type { ApplicationStatus } from '#shared/model/clusters.ts';
import type { SkerryApi } from './api.ts';
import { ChangeFeed } from './change-feed.ts';
import type { CliContext } from './cli-context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { LiveLines, progressBar } from './live-lines.ts';
import { untilSignal } from './until-signal.ts';

export interface Watched {
  profileId: string;
  /** Absent: all. */
  application?: string;
  clusterIds?: readonly string[];
}

/** Shows, cluster by cluster, how applications become ready; ends when all are, or one is given up. @throws CliError timeout */
export async function followApplications(
  context: CliContext,
  api: SkerryApi,
  watched: Watched,
  timeoutMs: number | undefined,
): Promise<ExitCode> {
  const feed = new ChangeFeed(api, context.clock);
  const lines = new LiveLines(context);
  const ending = untilSignal(context, timeoutMs, 'the sites go on by themselves');
  try {
    return await feed.until(async () => {
      const statuses = (await api.clusters.status(watched.profileId)).filter((status) => isWatched(watched, status));
      for (const [cluster, list] of byCluster(statuses)) lines.set(cluster, line(list));
      return endOf(statuses);
    }, ending.signal);
  } finally {
    lines.finish();
    ending.close();
    feed.close();
  }
}

function isWatched({ application, clusterIds }: Watched, status: ApplicationStatus): boolean {
  const isHere = clusterIds === undefined || clusterIds.includes(status.infraId);
  return isHere && (application === undefined || application === status.application);
}

function endOf(statuses: readonly ApplicationStatus[]): ExitCode | undefined {
  if (statuses.every(({ state }) => state === 'ready')) return exitCodes.ok;
  const isOpen = statuses.some(({ state }) => state === 'pending' || state === 'failed' || state === 'removing');
  return isOpen ? undefined : exitCodes.failed;
}

function byCluster(statuses: readonly ApplicationStatus[]): Map<string, ApplicationStatus[]> {
  const clusters = new Map<string, ApplicationStatus[]>();
  for (const status of statuses) clusters.set(status.infraName, [...(clusters.get(status.infraName) ?? []), status]);
  return clusters;
}

/** How far, and the first thing that is waited for. */
function line(statuses: readonly ApplicationStatus[]): string {
  const ready = statuses.filter(({ state }) => state === 'ready').length;
  const first = statuses.find(({ state }) => state === 'given-up') ?? statuses.find(({ state }) => state !== 'ready');
  const waiting =
    first === undefined ? '' : `  ${first.application} ${first.state}${first.message && `: ${first.message}`}`;
  return `${progressBar(ready, statuses.length)}${waiting}`;
}
