import { compileProfile, profileScope } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { type Attachment, clusterLimits, type Profile } from '#shared/model/clusters.ts';
import type { AgentId, InfraId } from '#shared/model/ids.ts';
import type { Agent, Infra, Ledger } from '#shared/model/inventory.ts';
import type { Change, Entry, Store } from '#shared/store/store.ts';
import type { IntentObject } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import type { ClustersContext } from './clusters-context.ts';
import { adoptsOf, keptNow, readKept } from './kept-units.ts';
import { profilesOf, readApplications, readCluster, readProfile } from './read-records.ts';

export async function attach(context: ClustersContext, infraId: InfraId, idOrName: string): Promise<Attachment> {
  const { store, book, clock, random } = context;
  return await retryConflicts(async () => {
    const [cluster, profile] = await Promise.all([readCluster(store, infraId), readProfile(store, idOrName)]);
    const key = keys.attachment(profile.value.id, infraId);
    const present = await store.get<Attachment>(key);
    if (present?.value.state === 'attached') return present.value;
    await requireAttachable(store, cluster, profile.value, present?.value);
    const { agentId, siteId } = cluster.value;
    const applications = await readApplications(store, profile.value.id);
    const adopts = adoptsOf((await readKept(store, agentId)).value, applications);
    const attachment: Attachment = {
      id: random.uuid(),
      profileId: profile.value.id,
      infraId,
      agentId,
      siteId,
      state: 'attached',
      ...(adopts === undefined ? {} : { adopts }),
      createdAt: clock.now(),
    };
    const upserts = compileProfile(applications, attachment);
    // An infra is deleted only at a ledger that nobody has touched.
    const ledger = await store.get<Ledger>(keys.ledger(infraId));
    await book.commit({
      agents: [{ agentId, upserts, tombstones: [] }],
      changes: () => [
        { key, value: attachment },
        { key: keys.clusterProfile(infraId, profile.value.id), value: { since: attachment.createdAt } },
        countChange(profile, 1),
        { key: keys.ledger(infraId), value: ledger?.value },
      ],
      expect: [
        { key, revision: 0 },
        { key: profile.key, revision: profile.revision },
        { key: cluster.key, revision: cluster.revision },
        { key: keys.ledger(infraId), revision: ledger?.revision ?? 0 },
      ],
    });
    return attachment;
  });
}

async function requireAttachable(
  store: Store,
  { value: cluster }: Entry<Infra>,
  profile: Profile,
  present: Attachment | undefined,
): Promise<void> {
  const refuse = (message: string, remedy: string): never => {
    throw new SkerryError('Conflict', message, { remedy });
  };
  if (present !== undefined)
    refuse(`Profile ${profile.name} is being detached from ${cluster.name}`, 'Wait until what it ran there is gone.');
  if ((await store.get(keys.deregistration(cluster.id))) !== undefined)
    refuse(`Cluster ${cluster.name} is being deregistered`, 'Choose another cluster.');
  if (profile.clusterCount >= clusterLimits.clustersPerProfile)
    refuse(`Profile ${profile.name} is attached to ${profile.clusterCount} clusters`, 'Make another profile.');
  if ((await profilesOf(store, cluster.id)).length >= clusterLimits.profilesPerCluster)
    refuse(
      `Cluster ${cluster.name} has ${clusterLimits.profilesPerCluster} profiles`,
      'Detach one, or put the applications into one of them.',
    );
}

function countChange({ key, value }: Entry<Profile>, by: 1 | -1): Change {
  return { key, value: { ...value, clusterCount: Math.max(0, value.clusterCount + by) } };
}

/**
 * `keep`: tombstones that remove nothing, and it is over. Otherwise the attachment stays until the site says that all is gone.
 * An agent that is revoked is not waited for.
 */
export async function detach(
  context: ClustersContext,
  infraId: InfraId,
  idOrName: string,
  keep: boolean,
): Promise<'detached' | 'detaching'> {
  const { store, book, clock, random } = context;
  return await retryConflicts(async () => {
    const profile = await readProfile(store, idOrName);
    const key = keys.attachment(profile.value.id, infraId);
    const entry = await store.get<Attachment>(key);
    if (entry === undefined)
      throw new SkerryError('NotFound', `Profile ${profile.value.name} is not attached to ${infraId}`, {
        remedy: 'See `skerry cluster show`.',
      });
    const attachment = entry.value;
    const { agentId } = attachment;
    const scope = profileScope(attachment);
    const present = await book.scope(agentId, scope);
    const isOver =
      keep || (await isRevoked(store, agentId)) || (present.length === 0 && attachment.removal === undefined);
    if (!isOver && attachment.removal !== undefined) return 'detaching';
    const opId = random.uuid();
    // What was to be removed before and is still there stays, too.
    const leaving = keep ? await book.openRemovals(agentId, scope) : [];
    const goneKeys = [...present.map((object) => object.key), ...leaving];
    const tombstones = goneKeys.map((gone) => ({
      key: gone,
      scope,
      opId,
      ...(keep ? { keep: true as const } : {}),
    }));
    const kept = await readKept(store, agentId);
    const applications = keep ? await readApplications(store, profile.value.id) : [];
    const left = keptNow(kept.value, { attachment, applications, keys: goneKeys });
    await book.commit({
      agents: [{ agentId, upserts: [], tombstones }],
      changes: (generations) => {
        const remembered = keep ? [{ key: kept.key, value: left }] : [];
        if (isOver) return [...forgotten(attachment, present), ...remembered, countChange(profile, -1)];
        const removal = { opId, generation: generations.get(agentId) ?? 0, at: clock.now() };
        const value: Attachment = { ...attachment, state: 'detaching', removal };
        // The profile is touched, so that a change of it that is being spread looks again.
        return [
          { key, value },
          { key: profile.key, value: profile.value },
        ];
      },
      expect: [
        { key, revision: entry.revision },
        { key: profile.key, revision: profile.revision },
        ...(keep ? [{ key: kept.key, revision: kept.revision }] : []),
      ],
    });
    return isOver ? 'detached' : 'detaching';
  });
}

/** The site has said that all is gone. */
export async function finishDetaching(
  { store }: ClustersContext,
  entry: Entry<Attachment>,
  profile: Entry<Profile>,
): Promise<void> {
  await store.commit([...forgotten(entry.value, []), countChange(profile, -1)], {
    expect: [
      { key: entry.key, revision: entry.revision },
      { key: profile.key, revision: profile.revision },
    ],
  });
}

/** Everything that was known of a profile at a cluster. */
function forgotten(attachment: Attachment, present: readonly IntentObject[]): Change[] {
  const { profileId, infraId, agentId } = attachment;
  const gone = [
    keys.attachment(profileId, infraId),
    keys.clusterProfile(infraId, profileId),
    keys.reached(agentId, profileScope(attachment)),
    ...present.flatMap(({ key }) => [keys.state(agentId, key), keys.unitFailure(agentId, key)]),
  ];
  return gone.map((key) => ({ key, value: undefined }));
}

export async function isRevoked(store: Store, agentId: AgentId): Promise<boolean> {
  return (await store.get<Agent>(keys.agent(agentId)))?.value.revoked !== false;
}
