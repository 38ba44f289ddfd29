import type { PackageKind, SkerryApi } from '../api.ts';
import type { NsdView, VnfPackageView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { ProblemError } from '../http-client.ts';
import { type OutputFormat, printFacts, printRows } from '../output.ts';
import { onboardPackage, openPackageSource, type PackageSource } from '../package-source.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';

export interface PackageOptions {
  kind?: PackageKind;
  output: OutputFormat;
}

/** VNF packages and NSDs in one shape, for lists that hold both. */
interface PackageRow {
  id: string;
  kind: PackageKind;
  name: string | undefined;
  descriptorId: string | undefined;
  version: string | undefined;
  provider: string | undefined;
  onboarding: string;
  operational: string;
  usage: string;
}

interface Outcome {
  path: string;
  id?: string;
  kind?: PackageKind;
  error?: string;
  remedy?: string;
  complaints?: unknown[];
}

/** VNF packages first: NSDs refer to them. One that is refused does not stop the others. */
export function onboardPackages(context: CliContext, paths: string[], options: PackageOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const sources = await Promise.all(paths.map((path) => openPackageSource(path, options.kind)));
    const outcomes: Outcome[] = [];
    for (const kind of ['vnf', 'ns'] as const)
      for (const source of sources.filter((one) => one.kind === kind)) outcomes.push(await tryOnboard(api, source));
    if (options.output !== 'table') await printFacts(context, options.output, outcomes, []);
    else for (const outcome of outcomes) printOutcome(context, outcome);
    return outcomes.some((outcome) => outcome.error !== undefined) ? exitCodes.failed : exitCodes.ok;
  });
}

async function tryOnboard(api: SkerryApi, source: PackageSource): Promise<Outcome> {
  const { path, kind } = source;
  try {
    return { path, kind, id: await onboardPackage(api, source) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { complaints, errors } = error.problem;
    const found = [complaints, errors].find((list): list is unknown[] => Array.isArray(list));
    return { path, kind, error: error.message, remedy: error.remedy, complaints: found };
  }
}

function printOutcome(context: CliContext, outcome: Outcome): void {
  if (outcome.error === undefined) {
    context.out(`${outcome.path}: onboarded as ${outcome.id}\n`);
    return;
  }
  context.err(`${outcome.path}: ${outcome.error}${outcome.remedy ? `; ${outcome.remedy}` : ''}\n`);
  for (const complaint of outcome.complaints ?? []) context.err(`  ${describeComplaint(complaint)}\n`);
}

function describeComplaint(complaint: unknown): string {
  const { file, line, column, path, message, remedy } = complaint as Record<string, string | number | undefined>;
  const place = [file, line, column].filter((part) => part !== undefined && part !== 0).join(':');
  return `${[place, path].filter(Boolean).join(' ')}: ${message}${remedy ? `; ${remedy}` : ''}`;
}

export function listPackages(context: CliContext, options: PackageOptions): Promise<void> {
  return withSession(context, async (api) => {
    await printRows(context, options.output, await allPackages(api, options.kind), [
      { title: 'kind', value: (row) => (row.kind === 'vnf' ? 'VNF' : 'NS') },
      { title: 'descriptor', value: (row) => row.descriptorId },
      { title: 'name', value: (row) => row.name },
      { title: 'version', value: (row) => row.version },
      { title: 'provider', value: (row) => row.provider },
      { title: 'state', value: (row) => row.onboarding },
      { title: 'enabled', value: (row) => row.operational },
      { title: 'usage', value: (row) => row.usage },
      { title: 'id', value: (row) => row.id },
    ]);
  });
}

export function showPackage(context: CliContext, name: string, options: PackageOptions): Promise<void> {
  return withSession(context, async (api) => {
    const row = await findPackage(api, name, options.kind);
    const whole = await api.package(row.kind, row.id);
    await printFacts(context, options.output, whole, [
      ['kind', row.kind === 'vnf' ? 'VNF package' : 'NSD'],
      ['descriptor', row.descriptorId],
      ['name', row.name],
      ['version', row.version],
      ['provider', row.provider],
      ['id', row.id],
      ['onboarding', row.onboarding],
      ['operational', row.operational],
      ['usage', row.usage],
      ['failure', failureLines(whole)],
      ['report', reportLines(whole)],
    ]);
  });
}

export function deletePackage(context: CliContext, name: string, options: PackageOptions): Promise<void> {
  return withSession(context, async (api) => {
    const row = await findPackage(api, name, options.kind);
    // SOL005 deletes only what is disabled; a refusal for being in use must not leave it disabled.
    const wasEnabled = row.operational === 'ENABLED';
    if (wasEnabled) await api.setPackageState(row.kind, row.id, 'DISABLED');
    try {
      await api.deletePackage(row.kind, row.id);
    } catch (error) {
      if (wasEnabled) await api.setPackageState(row.kind, row.id, 'ENABLED').catch(() => {});
      throw error;
    }
    context.err(`${row.descriptorId ?? row.id} is deleted\n`);
  });
}

async function findPackage(api: SkerryApi, wanted: string, kind: PackageKind | undefined): Promise<PackageRow> {
  return resolveOne('package', await allPackages(api, kind), wanted, (row) => [row.descriptorId, row.name]);
}

async function allPackages(api: SkerryApi, kind: PackageKind | undefined): Promise<PackageRow[]> {
  const [vnfs, nsds] = await Promise.all([kind === 'ns' ? [] : api.vnfPackages(), kind === 'vnf' ? [] : api.nsds()]);
  return [...vnfs.map(rowOfVnf), ...nsds.map(rowOfNs)];
}

function rowOfVnf(one: VnfPackageView): PackageRow {
  return {
    id: one.id,
    kind: 'vnf',
    name: one.vnfProductName,
    descriptorId: one.vnfdId,
    version: one.vnfdVersion,
    provider: one.vnfProvider,
    onboarding: one.onboardingState,
    operational: one.operationalState,
    usage: one.usageState,
  };
}

function rowOfNs(one: NsdView): PackageRow {
  return {
    id: one.id,
    kind: 'ns',
    name: one.nsdName,
    descriptorId: one.nsdId,
    version: one.nsdVersion,
    provider: one.nsdDesigner,
    onboarding: one.nsdOnboardingState,
    operational: one.nsdOperationalState,
    usage: one.nsdUsageState,
  };
}

function failureLines(whole: Record<string, unknown>): string[] | undefined {
  const failure = whole['onboardingFailureDetails'] as { detail?: string; complaints?: unknown[] } | undefined;
  if (failure === undefined) return undefined;
  return [failure.detail ?? 'no reason given', ...(failure.complaints ?? []).map(describeComplaint)];
}

function reportLines(whole: Record<string, unknown>): string[] | undefined {
  const report = whole['onboardingReport'] as Record<string, unknown> | undefined;
  if (report === undefined) return undefined;
  const lines = Object.entries(report).flatMap(([title, found]) =>
    (Array.isArray(found) ? found : [found]).map(
      (item) => `${title}: ${typeof item === 'object' ? sentence(item) : item}`,
    ),
  );
  return lines.length === 0 ? ['nothing was translated, dropped or tolerated'] : lines;
}

function sentence(item: unknown): string {
  const { message } = (item ?? {}) as { message?: unknown };
  return typeof message === 'string' ? describeComplaint(item) : JSON.stringify(item);
}
