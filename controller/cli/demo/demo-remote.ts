import { createLocalClient } from '#agent/local/local-client.ts';
import type { LocalStatus } from '#agent/local/local-status.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { HttpClient } from '../http-client.ts';
import { type OutputFormat, printRows, printValue } from '../output.ts';
import type { FleetStatus } from './demo-fleet.ts';
import { type DemoLayout, nearestDemoLayout } from './demo-layout.ts';
import { lockHolder } from './demo-lock.ts';
import { isAlive } from './process-identity.ts';

/** Sends one order to the running demo of this home. */
export async function steerDemo(context: CliContext, path: string, method = 'POST'): Promise<FleetStatus> {
  const layout = nearestDemoLayout(context);
  if (lockHolder(layout) === undefined) throw noDemo(layout);
  const client = new HttpClient({ url: 'http://demo', socketPath: layout.socketPath, timeoutMs: 40_000 });
  try {
    return (await client.call<FleetStatus>(method, path)).body;
  } finally {
    client.close();
  }
}

/** Resolves when the demo's process is gone, so that a next start finds its home free. */
export async function demoDown(context: CliContext): Promise<void> {
  const layout = nearestDemoLayout(context);
  const holder = lockHolder(layout);
  await steerDemo(context, '/down');
  const end = context.clock.mono() + 30_000;
  while (holder !== undefined && isAlive(holder)) {
    if (context.clock.mono() > end) throw new CliError(exitCodes.timeout, `process ${holder.pid} does not end`);
    // Nobody tells a process that one which is not its child has ended.
    await new Promise<void>((resolve) => context.clock.timer(50, resolve));
  }
  context.err('the demo is stopped\n');
}

export async function demoStatus(context: CliContext, output: OutputFormat): Promise<void> {
  const layout = nearestDemoLayout(context);
  const fleet = await steerDemo(context, '/status', 'GET');
  const sites = await Promise.all(
    fleet.sites.map(async (site) => ({ ...site, agent: await localStatus(layout, site.site, site.state) })),
  );
  if (output !== 'table') return printValue(context, output, { ...fleet, sites });
  context.out(`home        ${fleet.home}\nnorthbound  ${fleet.northbound}\n\n`);
  const rows = [
    { name: 'controller', ...fleet.controller, link: '', says: '' },
    ...sites.map((site) => ({ ...site, name: site.site, says: sayingOf(site.agent) })),
  ];
  await printRows(context, output, rows, [
    { title: 'process', value: (row) => row.name },
    { title: 'state', value: (row) => (row.state === 'stopped' ? `stopped (${row.lastEnd})` : row.state) },
    { title: 'pid', value: (row) => row.pid },
    { title: 'link', value: (row) => row.link },
    { title: 'the agent says', value: (row) => row.says },
  ]);
}

function sayingOf(status: LocalStatus | undefined): string {
  if (status === undefined) return '';
  const { link, units } = status;
  return `${link.state}; ${units.ready} units ready, ${units.pending} pending, ${units.failed} failed`;
}

/** Asked of the agent itself, so it is known with the link cut and the controller dead. */
async function localStatus(layout: DemoLayout, site: string, state: string): Promise<LocalStatus | undefined> {
  if (state !== 'running') return undefined;
  return createLocalClient(layout.agentSocket(site), 2000)
    .status()
    .catch(() => undefined);
}

function noDemo(layout: DemoLayout): CliError {
  return new CliError(
    exitCodes.unreachable,
    `no demo runs on ${layout.home}`,
    'start it with `npm start` or `skerry demo up`, or set SKERRY_HOME to its folder',
  );
}
