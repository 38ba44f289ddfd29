import type { Profile } from '#shared/model/clusters.ts';
import type { SkerryApi } from '../api.ts';
import type { CliContext } from '../cli-context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { followApplications } from '../follow-applications.ts';
import { formatLabels, type OutputFormat, printFacts, printRows, printValue } from '../output.ts';
import { resolveOne } from '../resolve.ts';
import { withSession } from '../session.ts';
import { printApps } from './app-table.ts';
import { findCluster } from './cluster-work.ts';
import type { WaitOptions } from './ns-work.ts';

export interface CreateProfileOptions {
  description: string;
  label?: Record<string, string>;
  output: OutputFormat;
}
export type AttachOptions = WaitOptions;
export interface DetachOptions {
  keep: boolean;
}

export async function findProfile(api: SkerryApi, wanted: string): Promise<Profile> {
  return resolveOne('profile', await api.clusters.profiles(), wanted, (profile) => [profile.name]);
}

export function createProfile(context: CliContext, name: string, options: CreateProfileOptions): Promise<void> {
  return withSession(context, async (api) => {
    const { description, label = {}, output } = options;
    const profile = await api.clusters.createProfile({ name, description, labels: label });
    await printFacts(context, output, profile, [
      ['name', profile.name],
      ['id', profile.id],
    ]);
  });
}

export function listProfiles(context: CliContext, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    await printRows(context, output, await api.clusters.profiles(), [
      { title: 'profile', value: (profile) => profile.name },
      { title: 'applications', value: (profile) => profile.applicationCount },
      { title: 'clusters', value: (profile) => profile.clusterCount },
      { title: 'labels', value: (profile) => formatLabels(profile.labels) },
      { title: 'description', value: (profile) => profile.description },
      { title: 'id', value: (profile) => profile.id },
    ]);
  });
}

export function showProfile(context: CliContext, name: string, output: OutputFormat): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, name);
    const applications = await api.clusters.applications(profile.id);
    if (output !== 'table') return printValue(context, output, { ...profile, applications });
    await printFacts(context, output, profile, [
      ['name', profile.name],
      ['id', profile.id],
      ['description', profile.description],
      ['labels', formatLabels(profile.labels)],
      ['clusters', profile.clusterCount],
    ]);
    if (applications.length === 0) return;
    context.out('\n');
    await printApps(context, output, applications);
  });
}

export function deleteProfile(context: CliContext, name: string): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, name);
    await api.clusters.deleteProfile(profile.id);
    context.err(`profile ${profile.name} is deleted\n`);
  });
}

export function attachProfile(
  context: CliContext,
  name: string,
  clusters: readonly string[],
  options: AttachOptions,
): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, name);
    const clusterIds: string[] = [];
    for (const wanted of clusters) {
      const cluster = await findCluster(api, wanted);
      await api.clusters.attach(cluster.id, profile.id);
      clusterIds.push(cluster.id);
      context.err(`profile ${profile.name} is attached to ${cluster.name}\n`);
    }
    if (!options.wait) return exitCodes.ok;
    return followApplications(context, api, { profileId: profile.id, clusterIds }, options.timeout);
  });
}

export function detachProfile(
  context: CliContext,
  name: string,
  clusters: readonly string[],
  { keep }: DetachOptions,
): Promise<void> {
  return withSession(context, async (api) => {
    const profile = await findProfile(api, name);
    for (const wanted of clusters) {
      const cluster = await findCluster(api, wanted);
      await api.clusters.detach(cluster.id, profile.id, keep);
      const what = keep ? 'is detached; what runs there stays' : 'is being removed';
      context.err(`profile ${profile.name} ${what} (${cluster.name})\n`);
    }
  });
}
