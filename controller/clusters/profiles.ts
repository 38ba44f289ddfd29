import { SkerryError } from '#shared/errors/index.ts';
import { clusterLimits, type Profile } from '#shared/model/clusters.ts';
import { id, type ProfileId } from '#shared/model/ids.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import { claimName, orNameTaken, releaseName } from '../unique-name.ts';
import type { ClustersContext } from './clusters-context.ts';
import { readApplications, readProfile } from './read-records.ts';

export async function createProfile(
  { store, clock, random }: ClustersContext,
  input: { name: string; description?: string; labels?: Record<string, string> },
): Promise<Profile> {
  const limit = clusterLimits.profiles;
  if ((await store.range({ prefix: keys.profile(''), limit })).length >= limit)
    throw new SkerryError('Conflict', `There are ${limit} profiles already`, { remedy: 'Delete one first.' });
  const now = clock.now();
  const profile: Profile = {
    id: id<ProfileId>(random.uuid()),
    name: input.name,
    description: input.description ?? '',
    labels: input.labels ?? {},
    generation: 0,
    appliedGeneration: 0,
    changeId: '',
    applicationCount: 0,
    clusterCount: 0,
    bytes: 0,
    createdAt: now,
    modifiedAt: now,
  };
  const claim = claimName('profile', profile.name, profile.id);
  await orNameTaken('profile', profile.name, () =>
    store.commit([{ key: keys.profile(profile.id), value: profile }, claim.change], { expect: [claim.expect] }),
  );
  return profile;
}

export async function updateProfile(
  { store, clock }: ClustersContext,
  idOrName: string,
  patch: { description?: string; labels?: Record<string, string> },
): Promise<Profile> {
  return await retryConflicts(async () => {
    const { key, value, revision } = await readProfile(store, idOrName);
    const profile: Profile = {
      ...value,
      description: patch.description ?? value.description,
      labels: patch.labels ?? value.labels,
      modifiedAt: clock.now(),
    };
    await store.commit([{ key, value: profile }], { expect: [{ key, revision }] });
    return profile;
  });
}

export async function deleteProfile({ store }: ClustersContext, idOrName: string): Promise<void> {
  await retryConflicts(async () => {
    const { key, value: profile, revision } = await readProfile(store, idOrName);
    if (profile.clusterCount > 0)
      throw new SkerryError('Conflict', `Profile ${profile.name} is attached to ${profile.clusterCount} clusters`, {
        details: { clusterCount: profile.clusterCount },
        remedy: 'Detach it first; `--keep` leaves what runs.',
      });
    const applications = await readApplications(store, profile.id);
    await store.commit(
      [
        { key, value: undefined },
        releaseName('profile', profile.name),
        ...applications.map(({ name }) => ({ key: keys.application(profile.id, name), value: undefined })),
      ],
      { expect: [{ key, revision }] },
    );
  });
}
