import type { ApplicationStatus } from '#shared/model/clusters.ts';
import type { SkerryApi } from '../api.ts';
import { ChangeFeed } from '../change-feed.ts';
import type { CliContext } from '../cli-context.ts';
import type { ClusterView } from '../cluster-calls.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Column, formatAge, formatLabels, type OutputFormat, printFacts, printRows } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { untilSignal } from '../until-signal.ts';

export interface DeregisterOptions {
  workloads: 'keep' | 'remove';
  wait: boolean;
  timeout?: number;
}

export async function findCluster(api: SkerryApi, wanted: string): Promise<ClusterView> {
  return resolveOne('cluster', await api.clusters.list(), wanted, (cluster) => [cluster.name]);
}

export function listClusters(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const [clusters, sites] = await Promise.all([api.clusters.list(), api.sites()]);
    await printRows(context, output, clusters, [
      { title: 'cluster', value: (cluster) => cluster.name },
      { title: 'site', value: (cluster) => sites.find((site) => site.id === cluster.siteId)?.name ?? cluster.siteId },
      { title: 'version', value: (cluster) => cluster.status?.facts?.version },
      { title: 'nodes', value: (cluster) => cluster.status?.facts?.cluster?.nodes.length },
      { title: 'profiles', value: (cluster) => cluster.profiles.map(profileText).join(', ') },
      { title: 'state', value: stateOf },
      { title: 'id', value: (cluster) => cluster.id },
    ]);
  });
}

export function showCluster(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const cluster = await api.clusters.show((await findCluster(api, name)).id);
    const facts = cluster.status?.facts;
    await printFacts(context, output, cluster, [
      ['name', cluster.name],
      ['id', cluster.id],
      ['labels', formatLabels(cluster.labels)],
      ['version', facts?.version],
      ['state', stateOf(cluster)],
      ['message', cluster.deregistration?.message || facts?.message || cluster.status?.message],
      ['profiles', cluster.profiles.map(profileText)],
    ]);
    if (output === 'table' && cluster.applications?.length) {
      context.out('\n');
      await printRows(context, output, cluster.applications, statusColumns('profile'));
    }
  });
}

export function deregisterCluster(context: CliContext, name: string, options: DeregisterOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const cluster = await findCluster(api, name);
    const left = await api.clusters.deregister(cluster.id, options.workloads);
    const what = options.workloads === 'keep' ? 'what runs there stays' : 'what its profiles ran there is gone';
    if (!left) {
      context.err(`cluster ${cluster.name} is deregistered; ${what}\n`);
      return exitCodes.ok;
    }
    if (!options.wait) {
      context.err(
        `cluster ${cluster.name} leaves when what its profiles run there is gone; see \`skerry cluster show\`\n`,
      );
      return exitCodes.ok;
    }
    await untilGone(context, api, cluster, options.timeout);
    context.err(`cluster ${cluster.name} is deregistered; ${what}\n`);
    return exitCodes.ok;
  });
}

async function untilGone(
  context: CliContext,
  api: SkerryApi,
  cluster: ClusterView,
  timeoutMs: number | undefined,
): Promise<void> {
  const feed = new ChangeFeed(api, context.clock);
  const ending = untilSignal(context, timeoutMs, `cluster ${cluster.name} leaves by itself`);
  try {
    await feed.until(async () => {
      const clusters = await api.clusters.list();
      return clusters.some(({ id }) => id === cluster.id) ? undefined : true;
    }, ending.signal);
  } finally {
    ending.close();
    feed.close();
  }
}

function profileText({ name, state }: ClusterView['profiles'][number]): string {
  return state === 'attached' ? name : `${name} (${state})`;
}

/** Unreachable is unknown, never unhealthy. */
function stateOf(cluster: ClusterView): string {
  const { deregistration, status } = cluster;
  if (deregistration !== undefined) return 'leaving';
  if (cluster.connected === false) return 'site away';
  if (!status?.facts) return 'unknown';
  return status.facts.healthy ? 'healthy' : 'unhealthy';
}

/** How applications stand; the first column says what is not known from the question. */
export function statusColumns(...first: ('profile' | 'cluster')[]): Column<ApplicationStatus>[] {
  const columns: Record<'profile' | 'cluster', Column<ApplicationStatus>[]> = {
    profile: [{ title: 'profile', value: (status) => status.profileName }],
    cluster: [
      { title: 'site', value: (status) => status.siteName },
      { title: 'cluster', value: (status) => status.infraName },
    ],
  };
  return [
    ...first.flatMap((which) => columns[which]),
    { title: 'application', value: (status) => status.application },
    { title: 'namespace', value: (status) => status.namespace },
    { title: 'chart', value: chartText },
    { title: 'revision', value: (status) => status.revision },
    { title: 'state', value: (status) => `${status.state}${status.connected ? '' : ' (site away)'}` },
    { title: 'told', value: (status) => (status.ageMs === undefined ? 'never' : `${formatAge(status.ageMs)} ago`) },
    { title: 'message', value: (status) => status.message, isProse: true },
  ];
}

export function chartText({ chart = '', version = '' }: { chart?: string; version?: string }): string {
  if (chart === '') return 'manifests';
  return version === '' || chart.endsWith(`:${version}`) ? chart : `${chart} ${version}`;
}

/** @throws CliError notFound */
export function requireNamed<T extends { name: string }>(noun: string, things: readonly T[], name: string): T {
  const found = things.find((thing) => thing.name === name);
  if (found !== undefined) return found;
  const names = things.map((thing) => thing.name).join(', ') || 'none';
  throw new CliError(exitCodes.notFound, `there is no ${noun} ${name}`, `there are: ${names}`);
}
