import type { PackageKind, SkerryApi } from '../api.ts';
import type { NsdView, VnfPackageView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Problem } from '../http-client.ts';
import { type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { type OnboardOutcome, onboardAll, openPackageSource } from '../package-source.ts';
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

/** One that is refused does not stop the others. */
export function onboardPackages(context: CliContext, paths: string[], output: OutputFormat): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const sources = await Promise.all(paths.map((place) => openPackageSource(place, context.folder)));
    const isTable = output === 'table';
    const outcomes = await onboardAll(api, sources, (outcome) => isTable && printOutcome(context, outcome));
    if (!isTable) await printValue(context, output, outcomes.map(outcomeRow));
    return outcomes.some((outcome) => 'refusal' in outcome) ? exitCodes.failed : exitCodes.ok;
  });
}

function outcomeRow(outcome: OnboardOutcome) {
  const { path: place } = outcome.source;
  if ('onboarded' in outcome) {
    const { outcome: result, kind, id } = outcome.onboarded;
    return { path: place, outcome: result, kind, id };
  }
  const { message, remedy } = outcome.refusal;
  return { path: place, outcome: 'refused', message, remedy, complaints: complaintsOf(outcome.refusal.problem) };
}

function printOutcome(context: CliContext, outcome: OnboardOutcome): void {
  const { path: place } = outcome.source;
  if ('onboarded' in outcome) {
    const { outcome: result, kind, id, resource } = outcome.onboarded;
    const noun = kind === 'vnf' ? 'VNF package' : 'NSD';
    context.out(`${place}: ${noun} ${resource['vnfdId'] ?? resource['nsdId'] ?? ''} ${result} (${id})\n`);
    return;
  }
  const { message, remedy, problem } = outcome.refusal;
  context.err(`${place}: ${message}${remedy ? `; ${remedy}` : ''}\n`);
  for (const complaint of complaintsOf(problem)) context.err(`  ${describeComplaint(complaint)}\n`);
}

/** Complaints stand in the details or among the errors of problem details. */
function complaintsOf(problem: Problem): unknown[] {
  const details = problem['details'] as { complaints?: unknown } | undefined;
  const found = [problem['complaints'], details?.complaints, problem['errors']].find((list) => Array.isArray(list));
  return (found as unknown[] | undefined) ?? [];
}

function describeComplaint(complaint: unknown): string {
  const { severity, file, line, column, path, message, remedy } = complaint as Record<
    string,
    string | number | undefined
  >;
  const place = [file, line, column].filter((part) => part !== undefined && part !== 0).join(':');
  return `${[place, path].filter(Boolean).join(' ')}: ${severity === 'warning' ? 'warning: ' : ''}${message}${remedy ? `; ${remedy}` : ''}`;
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
  const failure = whole['onboardingFailureDetails'] as Problem | undefined;
  if (failure === undefined) return undefined;
  return [failure.detail ?? 'no reason given', ...complaintsOf(failure).map(describeComplaint)];
}

/** What was translated, dropped or tolerated, and the warnings. */
function reportLines({ onboardingReport = {}, _skerry: own }: VnfPackageView | NsdView): string[] {
  const warnings = own?.warnings ?? [];
  const lines = Object.entries({ ...onboardingReport, warning: warnings }).flatMap(([topic, found]) =>
    (Array.isArray(found) ? found : [found]).map((item) => (topic === 'warning' ? '' : `${topic}: `) + sentence(item)),
  );
  return lines;
}

function sentence(item: unknown): string {
  if (typeof item !== 'object') return String(item);
  const { message } = (item ?? {}) as { message?: unknown };
  return typeof message === 'string' ? describeComplaint(item) : JSON.stringify(item);
}
