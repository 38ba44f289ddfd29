import type { SkerryApi } from '../api.ts';
import type { KduRevisionView, KduView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { readScalars } from '../command-host.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatAge, type OutputFormat, printFacts, printRows } from '../output.ts';
import { withSession } from '../session.ts';
import { readStructuredFile } from '../structured-file.ts';
import { findNs } from './ns-find.ts';
import { afterwards, type WaitOptions } from './ns-work.ts';

export interface KduChoice {
  vnf?: string;
  kdu?: string;
}
export interface ActionOptions extends WaitOptions, KduChoice {
  chart?: string;
  repository?: string;
  values?: string;
  set?: Record<string, string>;
  resetValues: boolean;
  revision?: number;
  readyWithin?: number;
}

export function listKdus(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const kdus = await api.kdus((await findNs(api, name)).id);
    await printRows(context, output, kdus, [
      { title: 'kdu', value: (kdu) => kdu.name },
      { title: 'vnf', value: (kdu) => kdu.vnfName },
      { title: 'site', value: (kdu) => kdu.siteName },
      { title: 'infra', value: (kdu) => kdu.infraName },
      { title: 'chart', value: (kdu) => chartOf(kdu.wanted) },
      { title: 'revision', value: (kdu) => kdu.wanted?.revision },
      { title: 'state', value: (kdu) => `${stateText(kdu)}${age(context, kdu)}` },
      { title: 'workloads', value: workloadSum },
    ]);
  });
}

export function showKdu(
  context: CliContext,
  name: string,
  options: KduChoice & { output: OutputFormat },
): Promise<void> {
  return withSession(context, async (api) => {
    const { nsId, chosen } = await choose(api, name, options);
    const kdu = await api.kdu(nsId, chosen.vnfInstanceId, chosen.name);
    const { release } = kdu;
    await printFacts(context, options.output, kdu, [
      ['kdu', kdu.name],
      ['vnf', `${kdu.vnfName} (${kdu.vnfProfileId})`],
      ['site', `${kdu.siteName}${kdu.siteConnected === false ? ' (away: may have changed)' : ''}`],
      ['infra', kdu.infraName],
      ['wanted', kdu.wanted && `${chartOf(kdu.wanted)}, revision ${kdu.wanted.revision} (${kdu.wanted.cause})`],
      ['runs', release && `${release.chart} ${release.version}, release ${release.name} ${release.status}`],
      ['state', `${stateText(kdu)}${age(context, kdu)}`],
      ['message', kdu.message],
      ['addresses', Object.entries(kdu.addresses).map(([service, list]) => `${service}: ${list.join(', ')}`)],
    ]);
    if (options.output === 'table') await printParts(context, kdu);
  });
}

async function printParts(context: CliContext, kdu: KduView): Promise<void> {
  if (kdu.workloads.length > 0) {
    context.out('\n');
    await printRows(context, 'table', kdu.workloads, [
      { title: 'workload', value: (each) => `${each.kind} ${each.name}` },
      { title: 'namespace', value: (each) => each.namespace },
      { title: 'available', value: (each) => `${each.available}/${each.desired}` },
    ]);
  }
  if (kdu.pods.length > 0) {
    context.out('\n');
    await printRows(context, 'table', kdu.pods, [
      { title: 'pod', value: (each) => each.name },
      { title: 'ready', value: (each) => each.ready },
      { title: 'restarts', value: (each) => each.restarts },
      { title: 'node', value: (each) => each.node },
      { title: 'address', value: (each) => each.addresses.join(', ') },
      { title: 'message', value: (each) => each.message, isProse: true },
    ]);
  }
  if (kdu.services.length === 0) return;
  context.out('\n');
  await printRows(context, 'table', kdu.services, [
    { title: 'service', value: (each) => each.name },
    { title: 'type', value: (each) => each.type },
    { title: 'address', value: (each) => each.addresses.join(', ') },
    { title: 'ports', value: (each) => each.ports.map((port) => `${port.port}/${port.protocol}`).join(', ') },
  ]);
}

export function showHistory(
  context: CliContext,
  name: string,
  options: KduChoice & { output: OutputFormat },
): Promise<void> {
  return withSession(context, async (api) => {
    const { nsId, chosen } = await choose(api, name, options);
    const { history } = await api.kdu(nsId, chosen.vnfInstanceId, chosen.name);
    await printRows(context, options.output, history, [
      { title: 'revision', value: (each) => each.revision },
      { title: 'cause', value: (each) => each.cause },
      { title: 'chart', value: (each) => chartOf(each) },
      { title: 'app', value: (each) => each.appVersion },
      { title: 'age', value: (each) => formatAge(context.clock.now() - Date.parse(each.at)) },
      { title: 'operation', value: (each) => each.operationId },
    ]);
  });
}

export function actOnKdu(
  context: CliContext,
  name: string,
  action: 'upgrade' | 'rollback',
  options: ActionOptions,
): Promise<ExitCode> {
  const stray = strayOption(action, options);
  if (stray !== undefined)
    throw new CliError(exitCodes.usage, `${stray} says nothing to a ${action}`, 'see `skerry ns action --help`');
  return withSession(context, async (api) => {
    const params = await actionParams(context, options);
    const { nsId, chosen } = await choose(api, name, options);
    const request = { vnf: chosen.vnfInstanceId, kdu: chosen.name, action, params };
    return afterwards(context, api, await api.actOnKdu(nsId, request), options);
  });
}

function strayOption(action: 'upgrade' | 'rollback', options: ActionOptions): string | undefined {
  if (action === 'upgrade') return options.revision === undefined ? undefined : '--revision';
  const { chart, repository, values, set, resetValues } = options;
  const given = { '--chart': chart, '--repository': repository, '--values': values, '--set': set };
  const named = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  return named ?? (resetValues ? '--reset-values' : undefined);
}

/** `--set` wins over the file. */
export async function actionParams(context: CliContext, options: ActionOptions): Promise<object> {
  const fromFile = options.values === undefined ? undefined : await readStructuredFile(context, options.values);
  const values = Object.entries(readScalars(options.set ?? {})).reduce<Record<string, unknown> | undefined>(
    (all, [path, value]) => withValue(all ?? {}, path.split('.'), value),
    fromFile,
  );
  return {
    ...(options.chart === undefined ? {} : { kdu_model: options.chart }),
    ...(options.repository === undefined ? {} : { repository: options.repository }),
    ...(values === undefined ? {} : { values }),
    ...(options.resetValues ? { reset_values: true } : {}),
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(options.readyWithin === undefined ? {} : { timeout: options.readyWithin }),
  };
}

export function withValue(values: Record<string, unknown>, path: string[], value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path;
  const there = new Map(Object.entries(values));
  const below = there.get(name);
  const isObject = typeof below === 'object' && below !== null && !Array.isArray(below);
  there.set(
    name,
    rest.length === 0 ? value : withValue(isObject ? (below as Record<string, unknown>) : {}, rest, value),
  );
  return Object.fromEntries(there);
}

async function choose(api: SkerryApi, name: string, choice: KduChoice): Promise<{ nsId: string; chosen: KduView }> {
  const ns = await findNs(api, name);
  const kdus = await api.kdus(ns.id);
  const fitting = kdus.filter(
    (kdu) =>
      (choice.kdu === undefined || kdu.name === choice.kdu) &&
      (choice.vnf === undefined || [kdu.vnfInstanceId, kdu.vnfProfileId, kdu.vnfName].includes(choice.vnf)),
  );
  const [chosen] = fitting;
  if (chosen !== undefined && fitting.length === 1) return { nsId: ns.id, chosen };
  const known = kdus.map((kdu) => `${kdu.vnfName}/${kdu.name}`).join(', ') || 'none';
  if (chosen === undefined) throw new CliError(exitCodes.notFound, `no such KDU; there are ${known}`);
  throw new CliError(exitCodes.usage, `${fitting.length} KDUs fit`, `say --vnf and --kdu; there are ${known}`);
}

function chartOf(revision: KduRevisionView | undefined): string | undefined {
  if (revision === undefined) return undefined;
  const { chart, version } = revision;
  return version === undefined || chart.endsWith(`:${version}`) ? chart : `${chart} ${version}`;
}

function stateText({ phase }: KduView): string {
  return phase.replaceAll('-', ' ');
}

/** `, 5 s ago`: a status without an age says nothing. */
function age(context: CliContext, kdu: KduView): string {
  if (kdu.reportedAt === undefined) return '';
  const ago = `, ${formatAge(context.clock.now() - Date.parse(kdu.reportedAt))} ago`;
  if (kdu.fresh) return ago;
  return kdu.siteConnected === false ? `${ago} (site away: may have changed)` : `${ago} (not confirmed since)`;
}

function workloadSum(kdu: KduView): string | undefined {
  if (kdu.workloads.length === 0) return undefined;
  const sum = (of: 'available' | 'desired') => kdu.workloads.reduce((total, each) => total + each[of], 0);
  return `${sum('available')}/${sum('desired')} available`;
}
