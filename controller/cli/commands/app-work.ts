import type { Application, ApplicationRequest } from '#shared/model/clusters.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { SkerryApi } from '../api.ts';
import type { CliContext } from '../cli-context.ts';
import { readScalars } from '../command-host.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { followApplications } from '../follow-applications.ts';
import { type OutputFormat, printRows } from '../output.ts';
import { withSession } from '../session.ts';
import { readObjects, readStructuredFile } from '../structured-file.ts';
import { printApps } from './app-table.ts';
import { chartText, findCluster, requireNamed, statusColumns } from './cluster-work.ts';
import { withValue } from './kdu-work.ts';
import type { WaitOptions } from './ns-work.ts';
import { findProfile } from './profile-work.ts';

export interface OfProfile {
  profile: string;
}
export interface AppOptions extends OfProfile, WaitOptions {
  chart?: string;
  repository?: string;
  chartVersion?: string;
  values?: string;
  set?: Record<string, string>;
  manifests?: string;
  namespace?: string;
  release?: string;
  order?: number;
  readyWithin?: number;
}
export interface StatusOptions extends OfProfile {
  cluster?: string;
  output: OutputFormat;
}
export interface CopyOptions extends OfProfile {
  to?: string;
  as?: string;
  namespace?: string;
  release?: string;
}
export interface RetryOptions extends OfProfile {
  cluster?: string;
}

export function addApp(context: CliContext, name: string, options: AppOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    const made = await api.clusters.addApplication(profile.id, { name, ...(await requestOf(context, options, {})) });
    return told(context, api, made, options);
  });
}

export function setApp(context: CliContext, name: string, options: AppOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    const present = requireNamed('application', await api.clusters.applications(profile.id), name);
    const request = await requestOf(context, options, wishOf(present));
    const changed = await api.clusters.putApplication(profile.id, name, request);
    return told(context, api, changed, options);
  });
}

async function told(
  context: CliContext,
  api: SkerryApi,
  application: Application,
  { wait, timeout, output }: WaitOptions,
): Promise<ExitCode> {
  if (output === 'table')
    context.err(`${application.name} is wanted as revision ${application.revision}: ${chartText(application)}\n`);
  else await printApps(context, output, [application]);
  if (!wait) return exitCodes.ok;
  const watched = { profileId: application.profileId, application: application.name };
  return followApplications(context, api, watched, timeout);
}

/** What an application was asked to be; what a store has added is left out, so that it is looked for again. */
export function wishOf(application: Application): ApplicationRequest {
  const { chart, repository, version, values, manifests, namespace, releaseName, timeoutS, order } = application;
  const wish = { chart, repository, version, values, manifests, namespace, releaseName, timeoutS, order };
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

async function requestOf(
  context: CliContext,
  options: AppOptions,
  before: ApplicationRequest,
): Promise<ApplicationRequest> {
  const request: ApplicationRequest = { ...before };
  const take = <K extends keyof ApplicationRequest>(member: K, value: ApplicationRequest[K]) => {
    if (value !== undefined) request[member] = value;
  };
  if (options.chart !== undefined) {
    // Another chart has versions and a home of its own, and is no list of objects.
    const { version: _v, repository: _r, manifests: _m, ...rest } = request;
    for (const member of Object.keys(request)) delete request[member as keyof ApplicationRequest];
    Object.assign(request, rest, { chart: options.chart });
  }
  take('repository', options.repository);
  take('version', options.chartVersion);
  take('namespace', options.namespace);
  take('releaseName', options.release);
  take('order', options.order);
  take('timeoutS', options.readyWithin);
  if (options.values !== undefined) take('values', (await readStructuredFile(context, options.values)) as JsonObject);
  for (const [path, value] of Object.entries(readScalars(options.set ?? {})))
    take('values', withValue(request.values ?? {}, path.split('.'), value) as JsonObject);
  if (options.manifests !== undefined) {
    for (const member of ['chart', 'repository', 'version', 'values'] as const) delete request[member];
    take('manifests', await readObjects(context, options.manifests));
  }
  return request;
}

export function removeApp(context: CliContext, name: string, options: OfProfile): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    await api.clusters.removeApplication(profile.id, name);
    context.err(`${name} is being removed from ${profile.clusterCount} clusters\n`);
  });
}

export function listApps(context: CliContext, options: OfProfile & { output: OutputFormat }): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    await printApps(context, options.output, await api.clusters.applications(profile.id));
  });
}

/** Exit code 1 when one is given up. */
export function showAppStatus(
  context: CliContext,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    const cluster = options.cluster === undefined ? undefined : await findCluster(api, options.cluster);
    const statuses = (await api.clusters.status(profile.id)).filter(
      (status) =>
        (name === undefined || status.application === name) && (cluster === undefined || status.infraId === cluster.id),
    );
    await printRows(context, options.output, statuses, statusColumns('cluster'));
    return statuses.some(({ state }) => state === 'given-up') ? exitCodes.failed : exitCodes.ok;
  });
}

export function cloneApp(context: CliContext, name: string, options: CopyOptions): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    const target = options.to === undefined ? undefined : await findProfile(api, options.to);
    const copy = await api.clusters.cloneApplication(profile.id, name, {
      ...(target && { profile: target.id }),
      ...(options.as && { name: options.as }),
      ...(options.namespace && { namespace: options.namespace }),
      ...(options.release && { releaseName: options.release }),
    });
    context.err(`${copy.name} is added to ${target?.name ?? profile.name}\n`);
  });
}

export function moveApp(context: CliContext, name: string, options: OfProfile & { to: string }): Promise<void> {
  return withSession(context, async (api) => {
    const [profile, target] = await Promise.all([findProfile(api, options.profile), findProfile(api, options.to)]);
    await api.clusters.moveApplication(profile.id, name, { profile: target.id });
    context.err(`${name} is moved to ${target.name}\n`);
  });
}

export function retryApp(context: CliContext, name: string, options: RetryOptions): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, options.profile);
    const cluster = options.cluster === undefined ? undefined : await findCluster(api, options.cluster);
    await api.clusters.retryApplication(profile.id, name, cluster === undefined ? {} : { cluster: cluster.id });
    context.err(`${name} is tried again\n`);
  });
}
