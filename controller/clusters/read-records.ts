import { SkerryError } from '#shared/errors/index.ts';
import type { Application, Attachment, Profile } from '#shared/model/clusters.ts';
import type { InfraId, ProfileId } from '#shared/model/ids.ts';
import type { Infra } from '#shared/model/inventory.ts';
import type { Entry, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';

export const clusterKind = 'kubernetes';

/** By id or name. @throws NotFound */
export async function readProfile(store: Store, idOrName: string): Promise<Entry<Profile>> {
  const byId = await store.get<Profile>(keys.profile(idOrName));
  if (byId !== undefined) return byId;
  const profiles = await store.range<Profile>({ prefix: keys.profile('') });
  const byName = profiles.find(({ value }) => value.name === idOrName);
  if (byName !== undefined) return byName;
  throw new SkerryError('NotFound', `There is no profile ${idOrName}`, {
    remedy: 'List them with `skerry profile list`.',
  });
}

/** In the order in which they are deployed. */
export async function readApplications(store: Store, profileId: ProfileId): Promise<Application[]> {
  const entries = await store.range<Application>({ prefix: keys.application(profileId, '') });
  return sorted(entries.map(({ value }) => value));
}

export function sorted(applications: readonly Application[]): Application[] {
  return [...applications].sort((left, right) => left.order - right.order || (left.name < right.name ? -1 : 1));
}

/** @throws NotFound */
export function pickApplication(applications: readonly Application[], profile: Profile, name: string): Application {
  const found = applications.find((application) => application.name === name);
  if (found !== undefined) return found;
  throw new SkerryError('NotFound', `Profile ${profile.name} has no application ${name}`, {
    remedy: `List them with \`skerry app list --profile ${profile.name}\`.`,
  });
}

export async function readAttachments(store: Store, profileId: ProfileId): Promise<Entry<Attachment>[]> {
  return await store.range<Attachment>({ prefix: keys.attachment(profileId, '') });
}

/** @throws NotFound, Unprocessable (an infra of another kind) */
export async function readCluster(store: Store, infraId: InfraId): Promise<Entry<Infra>> {
  const entry = await store.get<Infra>(keys.infra(infraId));
  if (entry === undefined)
    throw new SkerryError('NotFound', `There is no cluster ${infraId}`, {
      remedy: 'List them with `skerry cluster list`.',
    });
  if (entry.value.kind !== clusterKind)
    throw new SkerryError(
      'Unprocessable',
      `${entry.value.name} is of kind ${entry.value.kind}, no Kubernetes cluster`,
      {
        remedy: 'List clusters with `skerry cluster list`.',
      },
    );
  return entry;
}

/** Ids of the profiles that a cluster has, those that are being detached included. */
export async function profilesOf(store: Store, infraId: InfraId): Promise<ProfileId[]> {
  const prefix = keys.clusterProfile(infraId, '');
  const entries = await store.range({ prefix });
  return entries.map(({ key }) => key.slice(prefix.length) as ProfileId);
}
