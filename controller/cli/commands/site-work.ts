import type { SkerryApi } from '../api.ts';
import type { SiteView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { formatLabels, type OutputFormat, printFacts, printRows } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { printAgents } from './agent-work.ts';
import { printInfras } from './infra-work.ts';

export async function findSite(api: SkerryApi, wanted: string): Promise<SiteView> {
  return resolveOne('site', await api.sites(), wanted, (site) => [site.name]);
}

export function createSite(
  context: CliContext,
  name: string,
  options: { description: string; label?: Record<string, string>; output: OutputFormat },
): Promise<void> {
  return withSession(context, async (api) => {
    const site = await api.createSite({ name, description: options.description, labels: options.label ?? {} });
    await printSite(context, site, options.output);
  });
}

export function listSites(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    await printRows(context, output, await api.sites(), [
      { title: 'name', value: (site) => site.name },
      { title: 'labels', value: (site) => formatLabels(site.labels) },
      { title: 'description', value: (site) => site.description },
      { title: 'id', value: (site) => site.id },
    ]);
  });
}

export function showSite(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const site = await findSite(api, name);
    const [agents, infras] = await Promise.all([api.agents(), api.infras()]);
    const ownAgents = agents.filter((agent) => agent.siteId === site.id);
    const ownInfras = infras.filter((infra) => infra.siteId === site.id);
    if (output !== 'table') {
      await printFacts(context, output, { ...site, agents: ownAgents, infras: ownInfras }, []);
      return;
    }
    await printSite(context, site, output);
    context.out('\n');
    await printAgents(context, output, ownAgents, [site]);
    context.out('\n');
    await printInfras(context, output, ownInfras, [site]);
  });
}

export function deleteSite(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const site = await findSite(api, name);
    await api.deleteSite(site.id);
    context.err(`site ${site.name} is deleted\n`);
  });
}

function printSite(context: CliContext, site: SiteView, output: OutputFormat): Promise<void> {
  return printFacts(context, output, site, [
    ['name', site.name],
    ['id', site.id],
    ['description', site.description],
    ['labels', formatLabels(site.labels)],
  ]);
}
