import type { AgentHost } from '#shared/model/inventory.ts';
import type { SkerryApi } from '../api.ts';
import type { AgentView, SiteView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { formatAge, type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { findSite } from './site-work.ts';

/** By its name or id; by its site's name too, where that site has one agent. */
export async function findAgent(api: SkerryApi, wanted: string): Promise<AgentView> {
  const [agents, sites] = await Promise.all([api.agents(), api.sites()]);
  const site = sites.find(({ name, id }) => name === wanted || id === wanted);
  const there = agents.filter((agent) => agent.siteId === site?.id && !agent.revoked);
  if (there.length === 1 && !agents.some(({ name }) => name === wanted)) return there[0]!;
  return resolveOne('agent', agents, wanted, (agent) => [agent.name]);
}

export function listAgents(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const [agents, sites] = await Promise.all([api.agents(), api.sites()]);
    await printAgents(context, output, agents, sites);
  });
}

export function showAgent(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const [agent, sites] = await Promise.all([findAgent(api, name), api.sites()]);
    await printFacts(context, output, agent, [
      ['name', agent.name],
      ['id', agent.id],
      ['site', siteName(sites, agent)],
      ['link', linkOf(context, agent)],
      ['acked generation', agent.status?.ackedGeneration],
      ['alarms', agent.status?.alarms?.join(', ')],
      ['machine', agent.host && machineOf(agent.host)],
      ['load', agent.host && loadOf(context, agent.host)],
      ['version', agent.versions?.agent],
      ['certificate until', agent.certificate && new Date(agent.certificate.notAfter).toISOString()],
      ['key fingerprint', agent.keyFingerprint],
      ['revoked', agent.revoked],
    ]);
  });
}

function machineOf({ hostname, cpuCount, memoryTotalMib, diskTotalGib, machine }: AgentHost): string {
  const size = `${cpuCount} CPUs, ${memoryTotalMib} MiB, ${diskTotalGib} GiB disk`;
  return machine === undefined
    ? `${hostname}: ${size}`
    : `${hostname}: ${size}; ${machine.processor}, ${machine.operatingSystem}, ${machine.kernel} ${machine.architecture}`;
}

function loadOf(context: CliContext, { loadPercent, memoryFreeMib, diskFreeGib, reportedAt }: AgentHost): string {
  const age = formatAge(context.clock.now() - reportedAt);
  return `${loadPercent} %, ${memoryFreeMib} MiB and ${diskFreeGib} GiB free, ${age} ago`;
}

export function revokeAgent(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const agent = await findAgent(api, name);
    await api.revokeAgent(agent.id);
    context.err(`agent ${agent.name} is revoked: its certificate is refused from now on\n`);
  });
}

export interface JoinTokenOptions {
  site: string;
  name?: string;
  validFor?: number;
  output: OutputFormat;
}

export function createJoinToken(context: CliContext, options: JoinTokenOptions): Promise<void> {
  return withSession(context, async (api) => {
    const site = await findSite(api, options.site);
    const issued = await api.createJoinToken({
      siteId: site.id,
      ...(options.name === undefined ? {} : { agentName: options.name }),
      ...(options.validFor === undefined ? {} : { validForMs: options.validFor }),
    });
    if (options.output === 'table') {
      context.out(`${issued.token}\n`);
      context.err(`one use, for site ${site.name}, until ${new Date(issued.expiresAt).toISOString()}\n`);
    } else await printValue(context, options.output, issued);
  });
}

export function printAgents(
  context: CliContext,
  output: OutputFormat,
  agents: readonly AgentView[],
  sites: readonly SiteView[],
): Promise<void> {
  return printRows(context, output, agents, [
    { title: 'agent', value: (agent) => agent.name },
    { title: 'site', value: (agent) => siteName(sites, agent) },
    { title: 'link', value: (agent) => linkOf(context, agent) },
    { title: 'version', value: (agent) => agent.versions?.agent },
    { title: 'alarms', value: (agent) => agent.status?.alarms?.join(', ') },
    { title: 'id', value: (agent) => agent.id },
  ]);
}

function siteName(sites: readonly SiteView[], agent: AgentView): string {
  return sites.find((site) => site.id === agent.siteId)?.name ?? agent.siteId;
}

function linkOf(context: CliContext, agent: AgentView): string {
  if (agent.revoked) return 'revoked';
  if (agent.status === undefined) return 'unknown';
  const ageMs = context.clock.now() - new Date(agent.status.since).getTime();
  return `${agent.status.connected ? 'connected' : 'away'} for ${formatAge(ageMs)}`;
}
