import { isDeepStrictEqual } from 'node:util';
import type { Application, ApplicationRequest, Profile } from '#shared/model/clusters.ts';
import type { SkerryApi } from '../api.ts';
import type { CliContext } from '../cli-context.ts';
import type { ClusterView } from '../cluster-calls.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { followApplications } from '../follow-applications.ts';
import { withSession } from '../session.ts';
import { wishOf } from './app-work.ts';
import { findCluster } from './cluster-work.ts';
import type { WaitOptions } from './ns-work.ts';
import { type ProfileFile, readProfileFile } from './profile-file.ts';

export interface ApplyOptions extends WaitOptions {
  dryRun: boolean;
}

interface Present {
  profile: Profile | undefined;
  applications: Application[];
  clusters: ClusterView[];
}

/** One thing that is to be done, and its lines for people. */
interface Step {
  lines: string[];
  act: (profileId: string) => Promise<unknown>;
}

/** Shows what differs, then makes it so: one change after the other, in the order in which they are shown. */
export function applyProfile(context: CliContext, file: string, options: ApplyOptions): Promise<ExitCode> {
  return withSession(context, async (api) => {
    const wanted = await readProfileFile(context, file);
    const present = await readPresent(api, wanted);
    const steps = [...applicationSteps(api, wanted, present), ...clusterSteps(api, wanted, present)];
    const isNew = present.profile === undefined;
    const isOther = !isNew && isDescribedOtherwise(wanted, present.profile);
    const heads = isNew
      ? [`+ profile ${wanted.name}`]
      : isOther
        ? [`~ profile ${wanted.name}: description, labels`]
        : [];
    for (const line of [...heads, ...steps.flatMap((step) => step.lines)]) context.out(`${line}\n`);
    const isDifferent = heads.length + steps.length > 0;
    if (!isDifferent) context.err(`profile ${wanted.name} is as the file says\n`);
    if (options.dryRun) return isDifferent ? exitCodes.failed : exitCodes.ok;
    const profileId = await describe(api, wanted, { profile: present.profile, isOther });
    for (const step of steps) await step.act(profileId);
    if (isDifferent) context.err(`profile ${wanted.name} is applied\n`);
    return options.wait ? followApplications(context, api, { profileId }, options.timeout) : exitCodes.ok;
  });
}

async function readPresent(api: SkerryApi, wanted: ProfileFile): Promise<Present> {
  const profile = (await api.clusters.profiles()).find(({ name }) => name === wanted.name);
  const applications = profile === undefined ? [] : await api.clusters.applications(profile.id);
  const clusters = await Promise.all(wanted.clusters.map((cluster) => findCluster(api, cluster)));
  return { profile, applications, clusters };
}

function isDescribedOtherwise({ description, labels }: ProfileFile, present: Profile | undefined): boolean {
  return present?.description !== description || !isDeepStrictEqual(present.labels, labels);
}

async function describe(
  api: SkerryApi,
  { name, description, labels }: ProfileFile,
  { profile, isOther }: { profile: Profile | undefined; isOther: boolean },
): Promise<string> {
  if (profile === undefined) return (await api.clusters.createProfile({ name, description, labels })).id;
  if (isOther) await api.clusters.updateProfile(profile.id, { description, labels });
  return profile.id;
}

/** Removals come first: what comes may have the names of what goes. */
function applicationSteps({ clusters }: SkerryApi, wanted: ProfileFile, { applications }: Present): Step[] {
  const gone = applications
    .filter(({ name }) => !wanted.applications.has(name))
    .map(({ name }) => ({
      lines: [`- application ${name}`],
      act: (profileId: string) => clusters.removeApplication(profileId, name),
    }));
  const others = [...wanted.applications].flatMap(([name, request]): Step[] => {
    const present = applications.find((application) => application.name === name);
    const act = (profileId: string) => clusters.putApplication(profileId, name, request);
    if (present === undefined) return [{ lines: [`+ application ${name}`], act }];
    const lines = differences(comparable(present, request), completed(name, request));
    return lines.length === 0 ? [] : [{ lines: [`~ application ${name}`, ...lines.map((line) => `    ${line}`)], act }];
  });
  return [...gone, ...others];
}

function clusterSteps(api: SkerryApi, wanted: ProfileFile, present: Present): Step[] {
  return present.clusters
    .filter(({ profiles }) => !profiles.some(({ name, state }) => name === wanted.name && state === 'attached'))
    .map((cluster) => ({
      lines: [`+ cluster ${cluster.name}`],
      act: (profileId: string) => api.clusters.attach(cluster.id, profileId),
    }));
}

/** A version that was not asked for is not compared: it is what was newest once. */
function comparable(present: Application, request: ApplicationRequest): ApplicationRequest {
  const { version, ...rest } = wishOf(present);
  return request.version === undefined ? rest : { ...rest, ...(version === undefined ? {} : { version }) };
}

/** With what the controller puts where nothing is said. */
function completed(name: string, request: ApplicationRequest): ApplicationRequest {
  const values = request.chart === undefined ? {} : { values: {} };
  return { namespace: name, releaseName: name, order: 0, ...values, ...request };
}

const longestText = 60;

/** `member: before → after`, down to the values that differ. */
export function differences(before: unknown, after: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMap(before) || !isMap(after)) return [`${path}: ${short(before)} → ${short(after)}`];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => differences(before[name], after[name], path === '' ? name : `${path}.${name}`));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function short(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}
