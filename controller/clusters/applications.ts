import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { StoredChart } from '#shared/model/charts.ts';
import {
  type Application,
  type ApplicationContent,
  type ApplicationRequest,
  clusterLimits,
  type Profile,
} from '#shared/model/clusters.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import { keys } from '../keys.ts';
import { resolveInTime } from '../resolve-chart.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import type { CopyTarget } from './clusters.ts';
import type { ClustersContext } from './clusters-context.ts';
import { bytesOf, parseApplication } from './parse-application.ts';
import { commitProfileChange } from './profile-change.ts';
import { pickApplication, readApplications, readProfile, sorted } from './read-records.ts';

type Put = { application: Application; outcome: 'created' | 'changed' | 'unchanged' };

export async function putApplication(
  context: ClustersContext,
  profile: string,
  wanted: { name: string; request: ApplicationRequest; mustBeNew?: boolean | undefined },
): Promise<Put> {
  const { name, request } = wanted;
  const content = parseApplication(name, request, await storedChart(context, request));
  return await retryConflicts(async () => {
    const entry = await readProfile(context.store, profile);
    const applications = await readApplications(context.store, entry.value.id);
    const before = applications.find((other) => other.name === name);
    if (before !== undefined && wanted.mustBeNew)
      throw new SkerryError('Conflict', `Profile ${entry.value.name} has an application ${name} already`, {
        remedy: 'Change it, or choose another name.',
      });
    const application = nextApplication(context, { name, profile: entry.value, before, content });
    if (before !== undefined && canonicalJson(contentOf(before)) === canonicalJson(content))
      return { application: before, outcome: 'unchanged' };
    const after = sorted([...applications.filter((other) => other !== before), application]);
    requireFit(entry.value, after, application);
    await commitProfileChange(context, {
      entry,
      applications: after,
      changes: [{ key: keys.application(entry.value.id, name), value: application }],
    });
    return { application, outcome: before === undefined ? 'created' : 'changed' };
  });
}

/** NotFound is for what the request's path names. */
async function storedChart(context: ClustersContext, request: ApplicationRequest): Promise<StoredChart | undefined> {
  const { chart, repository, version } = request;
  if (chart === undefined) return undefined;
  try {
    const ref = { chart, ...(repository && { repository }), ...(version && { version }) };
    return await resolveInTime(context, ref);
  } catch (error) {
    if (!isSkerryError(error) || error.code !== 'NotFound') throw error;
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    throw new SkerryError('Unprocessable', `${chart}: ${error.message}`, { cause: error, ...remedy });
  }
}

export function contentOf(application: Application): ApplicationContent {
  const {
    id: _,
    profileId: _p,
    name: _n,
    revision: _r,
    bytes: _b,
    createdAt: _c,
    modifiedAt: _m,
    ...content
  } = application;
  return content;
}

/** What stands under another name on the platform is another thing there, and gets keys of its own. */
function nextApplication(
  { clock, random }: ClustersContext,
  use: { name: string; profile: Profile; before: Application | undefined; content: ApplicationContent },
): Application {
  const { name, profile, before, content } = use;
  const isSame =
    before !== undefined &&
    before.kind === content.kind &&
    before.namespace === content.namespace &&
    before.releaseName === content.releaseName;
  const now = clock.now();
  return {
    ...content,
    id: isSame ? before.id : random.uuid(),
    profileId: profile.id,
    name,
    revision: (before?.revision ?? 0) + 1,
    bytes: bytesOf(content),
    createdAt: before?.createdAt ?? now,
    modifiedAt: now,
  };
}

export function requireFit(profile: Profile, applications: readonly Application[], changed: Application): void {
  if (applications.length > clusterLimits.applicationsPerProfile)
    throw new SkerryError(
      'Conflict',
      `Profile ${profile.name} has ${clusterLimits.applicationsPerProfile} applications already`,
      { remedy: 'Put this one into another profile.' },
    );
  const bytes = applications.reduce((sum, application) => sum + application.bytes, 0);
  if (bytes > clusterLimits.profileBytes)
    throw new SkerryError(
      'TooLarge',
      `Profile ${profile.name} would have ${bytes} bytes of ${clusterLimits.profileBytes}`,
      {
        remedy: 'Put this application into another profile, or its manifests into a chart.',
      },
    );
  const twin = applications.find(
    (other) =>
      other.name !== changed.name &&
      other.namespace === changed.namespace &&
      other.releaseName === changed.releaseName &&
      other.kind === changed.kind,
  );
  if (twin !== undefined)
    throw new SkerryError('Conflict', `${twin.name} has release ${twin.releaseName} in ${twin.namespace} already`, {
      remedy: 'Choose another release name or namespace.',
    });
}

export async function removeApplication(context: ClustersContext, profile: string, name: string): Promise<void> {
  await retryConflicts(async () => {
    const entry = await readProfile(context.store, profile);
    const applications = await readApplications(context.store, entry.value.id);
    const gone = pickApplication(applications, entry.value, name);
    await commitProfileChange(context, {
      entry,
      applications: applications.filter((other) => other !== gone),
      changes: [{ key: keys.application(entry.value.id, name), value: undefined }],
    });
  });
}

export async function cloneApplication(
  context: ClustersContext,
  from: { profile: string; name: string },
  to: CopyTarget,
): Promise<Application> {
  const source = await readProfile(context.store, from.profile);
  const applications = await readApplications(context.store, source.value.id);
  const original = pickApplication(applications, source.value, from.name);
  const name = to.name ?? original.name;
  const target = await readProfile(context.store, to.profile ?? from.profile);
  // A release that was called like its application is called like the copy.
  const named = (given: string | undefined, before: string) => given ?? (before === original.name ? name : before);
  const content = contentOf(original);
  const copy: ApplicationContent = {
    ...content,
    namespace: named(to.namespace, content.namespace),
    releaseName: named(to.releaseName, content.releaseName),
  };
  parseApplication(name, { manifests: [emptyObject], namespace: copy.namespace, releaseName: copy.releaseName });
  return await retryConflicts(() => addCopy(context, target.value.id, { name, content: copy }));
}

/** Stands for the content, which was examined when it was asked for. */
const emptyObject = { apiVersion: 'v1', kind: 'List', metadata: { name: 'x' } };

async function addCopy(
  context: ClustersContext,
  profileId: string,
  { name, content }: { name: string; content: ApplicationContent },
): Promise<Application> {
  const entry = await readProfile(context.store, profileId);
  const applications = await readApplications(context.store, entry.value.id);
  if (applications.some((other) => other.name === name))
    throw new SkerryError('Conflict', `Profile ${entry.value.name} has an application ${name} already`, {
      remedy: 'Choose another name.',
    });
  const application = nextApplication(context, { name, profile: entry.value, before: undefined, content });
  const after = sorted([...applications, application]);
  requireFit(entry.value, after, application);
  await commitProfileChange(context, {
    entry,
    applications: after,
    changes: [{ key: keys.application(entry.value.id, name), value: application }],
  });
  return application;
}
