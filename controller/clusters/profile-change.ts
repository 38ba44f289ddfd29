import type { Application, Profile } from '#shared/model/clusters.ts';
import type { Change, Entry } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { type ClustersContext, wakeKeys } from './clusters-context.ts';
import { batchOf, type IntentBatch } from './intent-batch.ts';
import { readApplications, readAttachments } from './read-records.ts';

export interface ProfileChange {
  /** As read; the commit expects that it is still so. */
  entry: Entry<Profile>;
  /** All of them, as they shall be. */
  applications: readonly Application[];
  /** The caller's own documents. */
  changes: Change[];
}

/**
 * A change of a profile's applications, with the intent of every attached cluster, in one commit. Where there are more clusters
 * than one commit holds, it holds the change itself and the first of them; the reconciler brings it to the others.
 *
 * @throws RevisionConflict
 */
export async function commitProfileChange(context: ClustersContext, change: ProfileChange): Promise<Profile> {
  const { entry, applications } = change;
  const attachments = (await readAttachments(context.store, entry.value.id)).map(({ value }) => value);
  const opId = context.random.uuid();
  const batch = await batchOf(context.book, { applications, attachments, opId });
  const profile: Profile = {
    ...entry.value,
    generation: entry.value.generation + 1,
    changeId: opId,
    applicationCount: applications.length,
    bytes: applications.reduce((sum, application) => sum + application.bytes, 0),
    modifiedAt: context.clock.now(),
  };
  return await commitBatch(context, { entry, profile, batch, changes: change.changes });
}

/** Brings what the profile is to clusters that do not have it yet; one batch. @returns whether all have it now */
export async function spreadOn(context: ClustersContext, entry: Entry<Profile>): Promise<boolean> {
  const [applications, attachments] = await Promise.all([
    readApplications(context.store, entry.value.id),
    readAttachments(context.store, entry.value.id),
  ]);
  const wanted = { applications, attachments: attachments.map(({ value }) => value), opId: entry.value.changeId };
  const batch = await batchOf(context.book, wanted);
  await commitBatch(context, { entry, profile: entry.value, batch, changes: [] });
  return batch.isWhole;
}

async function commitBatch(
  { book, wake }: ClustersContext,
  use: { entry: Entry<Profile>; profile: Profile; batch: IntentBatch; changes: Change[] },
): Promise<Profile> {
  const { entry, batch, changes } = use;
  const { agents, isWhole } = batch;
  const profile = isWhole ? { ...use.profile, appliedGeneration: use.profile.generation } : use.profile;
  await book.commit({
    agents,
    changes: () => [{ key: keys.profile(profile.id), value: profile }, ...changes],
    expect: [{ key: entry.key, revision: entry.revision }],
  });
  if (!isWhole) wake(wakeKeys.profile(profile.id));
  return profile;
}
