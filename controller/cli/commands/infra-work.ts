import type { SkerryApi } from '../api.ts';
import type { InfraView, SiteView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { readScalars } from '../command-host.ts';
import { formatAge, formatLabels, type OutputFormat, printFacts, printRows } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { readStructuredFile } from '../structured-file.ts';
import { findAgent } from './agent-work.ts';

export interface AddInfraOptions {
  agent: string;
  kind: string;
  set?: Record<string, string>;
  settings?: string;
  label?: Record<string, string>;
  output: OutputFormat;
}

async function findInfra(api: SkerryApi, wanted: string): Promise<InfraView> {
  return resolveOne('infra', await api.infras(), wanted, (infra) => [infra.name]);
}

export function addInfra(context: CliContext, name: string, options: AddInfraOptions): Promise<void> {
  return withSession(context, async (api) => {
    const fromFile = options.settings === undefined ? {} : await readStructuredFile(context, options.settings);
    const agent = await findAgent(api, options.agent);
    const infra = await api.createInfra({
      name,
      agentId: agent.id,
      kind: options.kind,
      settings: { ...fromFile, ...readScalars(options.set ?? {}) },
      labels: options.label ?? {},
    });
    await printFacts(context, options.output, infra, [
      ['name', infra.name],
      ['id', infra.id],
      ['agent', agent.name],
      ['kind', infra.kind],
    ]);
  });
}

export function listInfras(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const [infras, sites] = await Promise.all([api.infras(), api.sites()]);
    await printInfras(context, output, infras, sites);
  });
}

export function showInfra(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const infra = await findInfra(api, name);
    const facts = infra.status?.facts;
    await printFacts(context, output, infra, [
      ['name', infra.name],
      ['id', infra.id],
      ['kind', infra.kind],
      ['schedulable', infra.schedulable],
      ['labels', formatLabels(infra.labels)],
      ['healthy', facts?.healthy],
      ['message', facts?.message ?? infra.status?.message],
      ['version', facts?.version],
      ['vcpus', amount(infra, 'vcpus')],
      ['memory MiB', amount(infra, 'memoryMib')],
      ['storage GiB', amount(infra, 'storageGib')],
      ['reported', ageOf(infra)],
    ]);
  });
}

export function deleteInfra(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const infra = await findInfra(api, name);
    await api.deleteInfra(infra.id);
    context.err(`infra ${infra.name} is deleted\n`);
  });
}

export function printInfras(
  context: CliContext,
  output: OutputFormat,
  infras: readonly InfraView[],
  sites: readonly SiteView[],
): Promise<void> {
  return printRows(context, output, infras, [
    { title: 'infra', value: (infra) => infra.name },
    { title: 'site', value: (infra) => sites.find((site) => site.id === infra.siteId)?.name ?? infra.siteId },
    { title: 'kind', value: (infra) => infra.kind },
    { title: 'healthy', value: (infra) => healthOf(infra) },
    { title: 'vcpus', value: (infra) => amount(infra, 'vcpus') },
    { title: 'memory MiB', value: (infra) => amount(infra, 'memoryMib') },
    { title: 'reported', value: (infra) => ageOf(infra) },
    { title: 'id', value: (infra) => infra.id },
  ]);
}

/** Unreachable is unknown, never unhealthy. */
function healthOf(infra: InfraView): string {
  const facts = infra.status?.facts;
  if (!facts) return 'unknown';
  return facts.healthy ? 'yes' : 'no';
}

/** `reserved of total`. */
function amount(infra: InfraView, resource: 'vcpus' | 'memoryMib' | 'storageGib'): string {
  const total = infra.status?.facts?.capacity?.total?.[resource];
  return `${infra.ledger?.reserved?.[resource] ?? 0} of ${total ?? '?'}`;
}

function ageOf(infra: InfraView): string {
  return infra.ageMs === undefined || infra.ageMs === null ? 'never' : `${formatAge(infra.ageMs)} ago`;
}
