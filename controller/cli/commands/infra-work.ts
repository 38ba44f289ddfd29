import type { SkerryApi } from '../api.ts';
import type { AgentView, InfraView, SiteView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { readScalars } from '../command-host.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { readStructuredFile } from '../structured-file.ts';
import { findAgent } from './agent-work.ts';
import { checkInfra, reportCheck } from './infra-check.ts';
import { ageOf, nodesReady, printInfra, reservedOf } from './infra-view.ts';
import { allWays, type KubernetesAccessOptions, kubernetesSettings, withoutNulls } from './kubernetes-access.ts';

interface SettingsOptions {
  set?: Record<string, string>;
  settings?: string;
}

export interface AddInfraOptions extends SettingsOptions {
  agent?: string;
  kind?: string;
  label?: Record<string, string>;
  output: OutputFormat;
}

export interface AddKubernetesOptions extends AddInfraOptions, KubernetesAccessOptions {
  agent: string;
  /** Commander's `--no-wait`. */
  wait: boolean;
}

export interface SetInfraOptions extends SettingsOptions, KubernetesAccessOptions {
  label?: Record<string, string>;
  wait: boolean;
  output: OutputFormat;
}

async function findInfra(api: SkerryApi, wanted: string): Promise<InfraView> {
  return resolveOne('infra', await api.infras(), wanted, (infra) => [infra.name]);
}

/** An infra of any kind, with settings as its connector wants them. */
export function addInfra(context: CliContext, name: string, options: AddInfraOptions): Promise<ExitCode> {
  const { agent: agentName, kind } = options;
  if (agentName === undefined) throw new CliError(exitCodes.usage, 'no agent is named', 'say --agent AGENT');
  if (kind === undefined)
    throw new CliError(exitCodes.usage, 'no kind is named', 'say --kind KIND, or `skerry infra add kubernetes`');
  return withSession(context, async (api) => {
    const settings = await readSettings(context, options);
    const agent = await findAgent(api, agentName);
    const infra = await api.createInfra({ name, agentId: agent.id, kind, settings, labels: options.label ?? {} });
    // A cluster may be wrong in many ways, and whoever enters it is still there to hear it.
    if (kind === 'kubernetes') return await check(context, api, infra, options.output);
    await printAdded(context, infra, agent, options.output);
    return exitCodes.ok;
  });
}

export function addKubernetes(
  context: CliContext,
  name: string | undefined,
  options: AddKubernetesOptions,
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const access = withoutNulls(await kubernetesSettings(context, options));
    const settings = { ...(await readSettings(context, options)), ...access };
    if (!['kubeconfig', 'kubeconfigFile', 'inCluster'].some((way) => settings[way] !== undefined))
      throw new CliError(exitCodes.usage, 'no way to the cluster is given', `give one: ${allWays}`);
    const agent = await findAgent(api, options.agent);
    const infra = await api.createInfra({
      name: name ?? `${agent.name}-kubernetes`,
      agentId: agent.id,
      kind: 'kubernetes',
      settings,
      labels: options.label ?? {},
    });
    if (options.wait) return await check(context, api, infra, options.output);
    await printAdded(context, infra, agent, options.output);
    return exitCodes.ok;
  });
}

async function check(context: CliContext, api: SkerryApi, infra: InfraView, output: OutputFormat): Promise<ExitCode> {
  context.err(`infra ${infra.name} is entered; its agent looks at it …\n`);
  return await reportCheck(context, await checkInfra(context, api, infra.id), output);
}

function printAdded(context: CliContext, infra: InfraView, agent: AgentView, output: OutputFormat): Promise<void> {
  return printFacts(context, output, infra, [
    ['name', infra.name],
    ['id', infra.id],
    ['agent', agent.name],
    ['kind', infra.kind],
  ]);
}

/** Changes settings and labels; with new settings the agent opens the infra anew and it is checked again. */
export function setInfra(context: CliContext, name: string, options: SetInfraOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const infra = await findInfra(api, name);
    const access = await kubernetesSettings(context, options);
    const settings = { ...(await readSettings(context, options)), ...access };
    if (Object.keys(access).length > 0 && infra.kind !== 'kubernetes')
      throw new CliError(exitCodes.usage, `${infra.name} is of kind ${infra.kind}`, 'give its settings with --set');
    const hasSettings = Object.keys(settings).length > 0;
    const labels = Object.entries(options.label ?? {}).map(([label, value]) => [label, value === '' ? null : value]);
    if (!hasSettings && labels.length === 0)
      throw new CliError(
        exitCodes.usage,
        'nothing is to be changed',
        'give --set, --settings, --label or a kubeconfig',
      );
    const changed = await api.updateInfra(infra.id, {
      ...(hasSettings && { settings }),
      ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    });
    if (hasSettings && options.wait) return await check(context, api, changed, options.output);
    if (options.output === 'table') context.err(`infra ${infra.name} is changed\n`);
    else await printValue(context, options.output, changed);
    return exitCodes.ok;
  });
}

/** Opens an infra for new placements, or closes it; what runs there stays. */
export function setSchedulable(context: CliContext, name: string, schedulable: boolean): Promise<void> {
  return withSession(context, async (api) => {
    const infra = await findInfra(api, name);
    await api.updateInfra(infra.id, { schedulable });
    const now = schedulable ? 'open for new placements' : 'closed for new placements; what runs there stays';
    context.err(`infra ${infra.name} is ${now}\n`);
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
    if (output === 'table') await printInfra(context, infra);
    else await printValue(context, output, infra);
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
    { title: 'vcpus', value: (infra) => reservedOf(infra, 'vcpus') },
    { title: 'memory MiB', value: (infra) => reservedOf(infra, 'memoryMib') },
    { title: 'version', value: (infra) => infra.status?.facts?.version },
    { title: 'nodes ready', value: (infra) => nodesReady(infra.status?.facts?.cluster) },
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

async function readSettings(context: CliContext, options: SettingsOptions): Promise<Record<string, unknown>> {
  const fromFile = options.settings === undefined ? {} : await readStructuredFile(context, options.settings);
  return { ...fromFile, ...readScalars(options.set ?? {}) };
}
