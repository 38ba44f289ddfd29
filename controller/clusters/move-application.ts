import { SkerryError } from '#shared/errors/index.ts';
import type { Application, Attachment, Profile } from '#shared/model/clusters.ts';
import type { Change, Entry } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import { requireFit } from './applications.ts';
import type { ClustersContext } from './clusters-context.ts';
import { batchOf, type IntentBatch } from './intent-batch.ts';
import { pickApplication, readApplications, readAttachments, readProfile, sorted } from './read-records.ts';

interface Side {
  entry: Entry<Profile>;
  applications: Application[];
  attachments: Attachment[];
}

/**
 * One commit over both profiles. A cluster that has both goes on with the same unit under the same key: it changes its scope,
 * and nothing on the platform.
 *
 * @throws NotFound, Conflict (the name or the release is taken there), TooLarge (more clusters than one commit holds)
 */
export async function moveApplication(
  context: ClustersContext,
  from: { profile: string; name: string },
  to: { profile: string },
): Promise<Application> {
  return await retryConflicts(async () => {
    const [source, target] = await Promise.all([readSide(context, from.profile), readSide(context, to.profile)]);
    const original = pickApplication(source.applications, source.entry.value, from.name);
    if (source.entry.key === target.entry.key) return original;
    if (target.applications.some(({ name }) => name === original.name))
      throw new SkerryError(
        'Conflict',
        `Profile ${target.entry.value.name} has an application ${original.name} already`,
        {
          remedy: 'Clone it under another name, and remove this one.',
        },
      );
    const { id: profileId } = target.entry.value;
    const moved: Application = { ...original, profileId, modifiedAt: context.clock.now() };
    const after = sorted([...target.applications, moved]);
    requireFit(target.entry.value, after, moved);
    const seeded = withSeeds(source, target, moved.id);
    const opId = context.random.uuid();
    const rest = source.applications.filter((other) => other !== original);
    const taken = await batchOf(context.book, { applications: rest, attachments: source.attachments, opId });
    const given = await batchOf(context.book, { applications: after, attachments: seeded, opId });
    await context.book.commit({
      agents: joined(taken, given),
      changes: () => [
        profileChange(context, source, { applications: rest, opId }),
        profileChange(context, target, { applications: after, opId }),
        { key: keys.application(source.entry.value.id, original.name), value: undefined },
        { key: keys.application(profileId, moved.name), value: moved },
        ...seeded
          .filter((attachment, index) => attachment !== target.attachments[index])
          .map((attachment) => ({ key: keys.attachment(profileId, attachment.infraId), value: attachment })),
      ],
      expect: [source, target].map(({ entry: { key, revision } }) => ({ key, revision })),
    });
    return moved;
  });
}

async function readSide({ store }: ClustersContext, profile: string): Promise<Side> {
  const entry = await readProfile(store, profile);
  const { id } = entry.value;
  const [applications, attachments] = await Promise.all([readApplications(store, id), readAttachments(store, id)]);
  return { entry, applications, attachments: attachments.map(({ value }) => value) };
}

/** Clusters that have both profiles keep the key. */
function withSeeds(source: Side, target: Side, applicationId: string): Attachment[] {
  const former = new Map(
    source.attachments
      .filter(({ state }) => state === 'attached')
      .map((attachment) => [attachment.infraId, attachment]),
  );
  return target.attachments.map((attachment) => {
    const before = former.get(attachment.infraId);
    if (before === undefined || attachment.state !== 'attached') return attachment;
    const seed = before.seeds?.[applicationId] ?? before.id;
    const attempt = before.attempts?.[applicationId];
    const adopts = before.adopts?.[applicationId];
    return {
      ...attachment,
      seeds: { ...attachment.seeds, [applicationId]: seed },
      ...(adopts === undefined ? {} : { adopts: { ...attachment.adopts, [applicationId]: adopts } }),
      ...(attempt === undefined ? {} : { attempts: { ...attachment.attempts, [applicationId]: attempt } }),
    };
  });
}

/** What one side wants is not removed by the other. */
function joined(taken: IntentBatch, given: IntentBatch): IntentBatch['agents'] {
  if (!taken.isWhole || !given.isWhole)
    throw new SkerryError('TooLarge', 'There are more clusters than one change of two profiles can hold', {
      remedy: 'Clone the application under another release name, and remove this one when the copy is ready.',
    });
  const wanted = new Set(given.agents.flatMap(({ agentId, upserts }) => upserts.map(({ key }) => `${agentId} ${key}`)));
  const removing = taken.agents.map(({ agentId, upserts, tombstones }) => ({
    agentId,
    upserts,
    tombstones: tombstones.filter(({ key }) => !wanted.has(`${agentId} ${key}`)),
  }));
  return [...removing, ...given.agents];
}

function profileChange(
  { clock }: ClustersContext,
  { entry }: Side,
  next: { applications: readonly Application[]; opId: string },
): Change {
  const { applications, opId } = next;
  const generation = entry.value.generation + 1;
  const value: Profile = {
    ...entry.value,
    generation,
    appliedGeneration: generation,
    changeId: opId,
    applicationCount: applications.length,
    bytes: applications.reduce((sum, application) => sum + application.bytes, 0),
    modifiedAt: clock.now(),
  };
  return { key: entry.key, value };
}
