import type { JsonObject } from '#shared/model/json.ts';
import type { InstantiateNsRequest, PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import type { SkerryApi } from '../api.ts';
import { openStates, type VnfView } from '../api-types.ts';
import { ChangeFeed } from '../change-feed.ts';
import type { CliContext } from '../cli-context.ts';
import { readScalars } from '../command-host.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { followOperation, reportEnd } from '../follow-operation.ts';
import { formatAge, type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { readStructuredFile } from '../structured-file.ts';
import { findNs, findVnf } from './ns-find.ts';

export interface WaitOptions {
  wait: boolean;
  timeout?: number;
  output: OutputFormat;
}
export interface InstantiateOptions extends WaitOptions {
  flavour?: string;
  level?: string;
  place?: Record<string, string>;
  param?: Record<string, string>;
  params?: string;
}
export interface ScaleOptions extends WaitOptions {
  vnf?: string;
  aspect?: string;
  out?: boolean;
  in?: boolean;
  steps: number;
  toLevel?: string;
}
export interface HealOptions extends WaitOptions {
  vnf?: string;
  vnfc?: string[];
  cause?: string;
}

export function createNs(
  context: CliContext,
  name: string,
  options: { nsd: string; description: string; output: OutputFormat },
): Promise<void> {
  return withSession(context, async (api) => {
    const nsds = (await api.nsds()).filter((nsd) => nsd.nsdOnboardingState === 'ONBOARDED');
    const nsd = resolveOne('NSD', nsds, options.nsd, (one) => [one.nsdId, one.nsdName]);
    const ns = await api.createNs({
      nsdId: nsd.nsdId ?? nsd.id,
      nsName: name,
      nsDescription: options.description || name,
    });
    await printFacts(context, options.output, ns, [
      ['name', ns.nsInstanceName],
      ['id', ns.id],
      ['state', ns.nsState],
    ]);
  });
}

export function listNs(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    await printRows(context, output, await api.nsInstances(), [
      { title: 'ns', value: (ns) => ns.nsInstanceName },
      { title: 'state', value: (ns) => ns.nsState },
      { title: 'nsd', value: (ns) => ns.nsdId },
      { title: 'vnfs', value: (ns) => ns.vnfInstance?.length ?? 0 },
      { title: 'id', value: (ns) => ns.id },
    ]);
  });
}

export function showNs(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    await printFacts(context, output, ns, [
      ['name', ns.nsInstanceName],
      ['id', ns.id],
      ['description', ns.nsInstanceDescription],
      ['nsd', ns.nsdId],
      ['state', ns.nsState],
      ['flavour', ns.flavourId],
      ['scale', ns.nsScaleStatus?.map((one) => `${one.nsScalingAspectId}: ${one.nsScaleLevelId}`)],
      ['open operation', ns._skerry?.openOperationId],
    ]);
    if (output !== 'table' || !ns.vnfInstance?.length) return;
    context.out('\n');
    await printVnfs(context, ns.vnfInstance);
  });
}

async function printVnfs(context: CliContext, vnfs: readonly VnfView[]): Promise<void> {
  await printRows(context, 'table', vnfs, [
    { title: 'vnf', value: (vnf) => vnf._skerry?.vnfProfileId ?? vnf.vnfInstanceName },
    { title: 'vnfd', value: (vnf) => vnf.vnfdId },
    { title: 'site', value: (vnf) => vnf._skerry?.siteName },
    { title: 'infra', value: (vnf) => vnf._skerry?.infraName },
    { title: 'address', value: (vnf) => vnf._skerry?.managementAddress },
    { title: 'units', value: (vnf) => unitsOf(context, vnf) },
    { title: 'scale', value: (vnf) => scaleOf(vnf) },
    { title: 'id', value: (vnf) => vnf.id },
  ]);
}

/** `3/4 ready, 5 s ago`: a status without an age says nothing. */
function unitsOf(context: CliContext, vnf: VnfView): string | undefined {
  const units = vnf._skerry?.units;
  if (units === undefined || units.length === 0) return undefined;
  const reported = units.flatMap((unit) => (unit.reportedAt ? [Date.parse(unit.reportedAt)] : []));
  const age = reported.length === 0 ? '' : `, ${formatAge(context.clock.now() - Math.min(...reported))} ago`;
  const stale = units.every((unit) => unit.fresh) ? '' : staleness(vnf, reported);
  return `${units.filter((unit) => unit.ready).length}/${units.length} ready${age}${stale}`;
}

/** Why the units may not be as they are shown. */
function staleness(vnf: VnfView, reported: readonly number[]): string {
  if (vnf._skerry?.siteConnected !== true) return ' (site away: may have changed)';
  if (reported.length === 0) return ' (not reported yet)';
  return ` (not confirmed since ${new Date(Math.min(...reported)).toISOString()})`;
}

function scaleOf(vnf: VnfView): string | undefined {
  const levels = vnf.instantiatedVnfInfo?.scaleStatus;
  return levels?.map((one) => `${one.aspectId}: ${one.scaleLevel}`).join(', ');
}

export function deleteNs(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    await api.deleteNs(ns.id);
    context.err(`NS ${ns.nsInstanceName} is deleted\n`);
  });
}

export function instantiateNs(context: CliContext, name: string, options: InstantiateOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const fromFile = options.params === undefined ? {} : await readStructuredFile(context, options.params);
    const ns = await findNs(api, name);
    const request = instantiateRequest(fromFile as InstantiateNsRequest, options);
    return afterwards(context, api, await api.instantiateNs(ns.id, request), options);
  });
}

/** Options on the command line win over the file. */
export function instantiateRequest(file: InstantiateNsRequest, options: InstantiateOptions): InstantiateNsRequest {
  const wishes: Record<string, PlacementWish> = { ...file.placement };
  for (const [profile, place] of Object.entries(options.place ?? {})) {
    // Where a site has several infras: `site/infra`.
    const [site = '', infra] = place.split('/');
    wishes[profile] = { ...wishes[profile], ...(site !== '' && { site }), ...(infra !== undefined && { infra }) };
  }
  const params = { ...file.additionalParamsForNs, ...readScalars(options.param ?? {}) } as JsonObject;
  return {
    ...file,
    ...(options.flavour === undefined ? {} : { nsFlavourId: options.flavour }),
    ...(options.level === undefined ? {} : { nsInstantiationLevelId: options.level }),
    ...(Object.keys(params).length === 0 ? {} : { additionalParamsForNs: params }),
    ...(Object.keys(wishes).length === 0 ? {} : { placement: wishes }),
  };
}

export function scaleNs(context: CliContext, name: string, options: ScaleOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    const vnfId = options.vnf === undefined ? undefined : findVnf(ns, options.vnf).id;
    const request = vnfId === undefined ? scaleNsRequest(options) : scaleVnfRequest(vnfId, options);
    return afterwards(context, api, await api.scaleNs(ns.id, request), options);
  });
}

function directionOf(options: ScaleOptions): 'SCALE_OUT' | 'SCALE_IN' {
  if ((options.out === true) === (options.in === true))
    throw new CliError(exitCodes.usage, 'say --out or --in, or --to-level', 'see `skerry ns scale --help`');
  return options.out === true ? 'SCALE_OUT' : 'SCALE_IN';
}

function aspectOf(options: ScaleOptions): string {
  if (options.aspect === undefined)
    throw new CliError(exitCodes.usage, 'say which --aspect to scale', 'the descriptor names its scaling aspects');
  return options.aspect;
}

/** ScaleNsRequest for the NS itself (ETSI GS NFV-SOL 005 clause 6.5.2.14). */
export function scaleNsRequest(options: ScaleOptions) {
  const { toLevel, aspect } = options;
  if (toLevel === undefined) {
    const direction = directionOf(options);
    const steps = { scalingDirection: direction, aspectId: aspectOf(options), numberOfSteps: options.steps };
    return { scaleType: 'SCALE_NS', scaleNsData: { scaleNsByStepsData: steps } };
  }
  const level =
    aspect === undefined
      ? { nsInstantiationLevel: toLevel }
      : { nsScaleInfo: [{ nsScalingAspectId: aspect, nsScaleLevelId: toLevel }] };
  return { scaleType: 'SCALE_NS', scaleNsData: { scaleNsToLevelData: level } };
}

/** ScaleNsRequest for one VNF of it. */
export function scaleVnfRequest(vnfInstanceId: string, options: ScaleOptions) {
  const { toLevel, aspect } = options;
  if (toLevel === undefined) {
    const scaleByStepData = { aspectId: aspectOf(options), numberOfSteps: options.steps };
    return {
      scaleType: 'SCALE_VNF',
      scaleVnfData: [{ vnfInstanceId, scaleVnfType: directionOf(options), scaleByStepData }],
    };
  }
  const byAspect = aspect !== undefined;
  return {
    scaleType: 'SCALE_VNF',
    scaleVnfData: [
      {
        vnfInstanceId,
        scaleVnfType: byAspect ? 'SCALE_TO_SCALE_LEVEL(S)' : 'SCALE_TO_INSTANTIATION_LEVEL',
        scaleToLevelData: byAspect
          ? { vnfScaleInfo: [{ aspectId: aspect, scaleLevel: levelNumber(toLevel) }] }
          : { vnfInstantiationLevelId: toLevel },
      },
    ],
  };
}

function levelNumber(text: string): number {
  const level = Number(text);
  if (Number.isInteger(level) && level >= 0) return level;
  throw new CliError(exitCodes.usage, `${text} is no level of an aspect`, 'give a whole number from 0');
}

export function healNs(context: CliContext, name: string, options: HealOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    const request =
      options.vnf === undefined
        ? { healNsData: { degreeHealing: 'HEAL_RESTORE' } }
        : {
            healVnfData: [
              {
                vnfInstanceId: findVnf(ns, options.vnf).id,
                ...(options.cause === undefined ? {} : { cause: options.cause }),
                ...(options.vnfc === undefined ? {} : { vnfcInstanceId: options.vnfc }),
              },
            ],
          };
    return afterwards(context, api, await api.healNs(ns.id, request), options);
  });
}

export function terminateNs(
  context: CliContext,
  name: string,
  options: WaitOptions & { delete: boolean },
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    const operationId = await api.terminateNs(ns.id, {});
    const code = await afterwards(context, api, operationId, { ...options, wait: options.wait || options.delete });
    if (code === exitCodes.ok && options.delete) {
      await api.deleteNs(ns.id);
      context.err(`NS ${ns.nsInstanceName} is deleted\n`);
    }
    return code;
  });
}

export async function afterwards(
  context: CliContext,
  api: SkerryApi,
  id: string,
  options: WaitOptions,
): Promise<ExitCode> {
  if (!options.wait) {
    if (options.output === 'table') {
      context.out(`${id}\n`);
      context.err(`accepted; follow it with \`skerry op watch ${id}\`\n`);
    } else await printValue(context, options.output, await api.operation(id));
    return exitCodes.ok;
  }
  const end = await followOperation(context, api, id, options.timeout);
  if (options.output !== 'table') await printValue(context, options.output, end);
  return reportEnd(context, end);
}

/** Follows whatever operation opens on the NS, one after the other. */
export function watchNs(context: CliContext, name: string, isOnce: boolean): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const ns = await findNs(api, name);
    const feed = new ChangeFeed(api, context.clock);
    const findOpen = async () =>
      (await api.operations()).find((one) => one.nsInstanceId === ns.id && openStates.has(one.operationState));
    try {
      for (;;) {
        const open = isOnce ? await findOpen() : await feed.until(findOpen, context.signal);
        if (open === undefined) {
          context.err(`${ns.nsInstanceName} is ${(await api.ns(ns.id)).nsState}, no operation is open\n`);
          return exitCodes.ok;
        }
        const code = reportEnd(context, await followOperation(context, api, open.id));
        if (isOnce) return code;
      }
    } catch (error) {
      if (context.signal.aborted) return exitCodes.ok;
      throw error;
    } finally {
      feed.close();
    }
  });
}
