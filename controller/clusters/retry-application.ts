import { applicationKey, compileProfile, diffScope, profileScope } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Attachment } from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Entry } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import type { ClustersContext } from './clusters-context.ts';
import { pickApplication, readApplications, readAttachments, readProfile } from './read-records.ts';

/** Same spec, new revision: what was given up is tried again. Cluster by cluster. */
export async function retryApplication(
  context: ClustersContext,
  what: { profile: string; name: string },
  infraId?: InfraId,
): Promise<void> {
  const { store } = context;
  const profile = await readProfile(store, what.profile);
  pickApplication(await readApplications(store, profile.value.id), profile.value, what.name);
  const attachments = await readAttachments(store, profile.value.id);
  const wanted = attachments.filter(({ value }) => infraId === undefined || value.infraId === infraId);
  if (infraId !== undefined && wanted.length === 0)
    throw new SkerryError('NotFound', `Profile ${profile.value.name} is not attached to ${infraId}`, {
      remedy: 'See `skerry cluster show`.',
    });
  for (const { value } of wanted) {
    if (value.state !== 'attached') continue;
    if (infraId === undefined && !(await isGivenUp(context, value, what.name))) continue;
    await retryConflicts(() => retryAt(context, keys.attachment(value.profileId, value.infraId), what.name));
  }
}

async function isGivenUp({ store }: ClustersContext, attachment: Attachment, name: string): Promise<boolean> {
  const applications = await readApplications(store, attachment.profileId);
  const application = applications.find((other) => other.name === name);
  if (application === undefined) return false;
  const key = applicationKey(attachment, application);
  return (await store.get(keys.unitFailure(attachment.agentId, key))) !== undefined;
}

async function retryAt({ store, book }: ClustersContext, key: string, name: string): Promise<void> {
  const entry: Entry<Attachment> | undefined = await store.get<Attachment>(key);
  if (entry?.value.state !== 'attached') return;
  const profile = await readProfile(store, entry.value.profileId);
  const applications = await readApplications(store, entry.value.profileId);
  const { id } = pickApplication(applications, profile.value, name);
  const { agentId, attempts } = entry.value;
  const attachment: Attachment = { ...entry.value, attempts: { ...attempts, [id]: (attempts?.[id] ?? 0) + 1 } };
  const scope = profileScope(attachment);
  const present = await book.scope(agentId, scope);
  const change = diffScope(scope, present, compileProfile(applications, attachment), profile.value.changeId);
  await book.commit({
    agents: [{ agentId, ...change }],
    changes: () => [
      { key, value: attachment },
      { key: profile.key, value: profile.value },
    ],
    expect: [
      { key, revision: entry.revision },
      { key: profile.key, revision: profile.revision },
    ],
  });
}
