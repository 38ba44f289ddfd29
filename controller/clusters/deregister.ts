import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Deregistration } from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Allocation, Infra } from '#shared/model/inventory.ts';
import type { NsInstance } from '#shared/model/ns-lcm.ts';
import type { Store } from '#shared/store/store.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import { detach } from './attachments.ts';
import { type ClustersContext, wakeKeys } from './clusters-context.ts';
import { profilesOf, readCluster } from './read-records.ts';

const namedAtMost = 20;

/** Makes the wish durable, then goes as far as it can at once. */
export async function deregister(
  context: ClustersContext,
  request: RequestContext,
  infraId: InfraId,
  workloads: 'keep' | 'remove',
): Promise<'deregistered' | 'deregistering'> {
  const { store, clock } = context;
  await retryConflicts(async () => {
    const cluster = await readCluster(store, infraId);
    await requireNoNs(store, cluster.value);
    const key = keys.deregistration(infraId);
    const present = await store.get<Deregistration>(key);
    const { username } = request.principal;
    const value: Deregistration = {
      infraId,
      workloads,
      startedAt: present?.value.startedAt ?? clock.now(),
      username,
      message: '',
    };
    // Nothing new is placed on what is about to leave.
    const infra: Infra = { ...cluster.value, schedulable: false };
    await store.commit(
      [
        { key, value },
        { key: cluster.key, value: infra },
      ],
      {
        expect: [
          { key, revision: present?.revision ?? 0 },
          { key: cluster.key, revision: cluster.revision },
        ],
      },
    );
  });
  const isGone = await retryConflicts(() => leave(context, infraId));
  return isGone ? 'deregistered' : 'deregistering';
}

async function requireNoNs(store: Store, cluster: Infra): Promise<void> {
  const allocations = await store.range<Allocation>({ prefix: keys.allocation(cluster.id, '') });
  const ids = [...new Set(allocations.map(({ value }) => value.nsInstanceId))];
  if (ids.length === 0) return;
  const names = await Promise.all(
    ids.slice(0, namedAtMost).map(async (nsId) => {
      const ns = await store.get<NsInstance>(keys.ns(nsId));
      return ns === undefined ? nsId : `${ns.value.name} (${nsId})`;
    }),
  );
  const more = ids.length > names.length ? ` and ${ids.length - names.length} more` : '';
  throw new SkerryError('Conflict', `NS instances run on cluster ${cluster.name}: ${names.join(', ')}${more}`, {
    details: { nsInstanceIds: ids.slice(0, namedAtMost) },
    remedy: 'Terminate them first.',
  });
}

/** One step of a deregistration; every part of it may be repeated. @returns whether the cluster is gone */
export async function leave(context: ClustersContext, infraId: InfraId): Promise<boolean> {
  const { store, log } = context;
  const key = keys.deregistration(infraId);
  const entry = await store.get<Deregistration>(key);
  if (entry === undefined) return (await store.get(keys.infra(infraId))) === undefined;
  const isKeeping = entry.value.workloads === 'keep';
  for (const profileId of await profilesOf(store, infraId))
    await detach(context, infraId, profileId, isKeeping).catch((error) => {
      // Somebody else has detached it meanwhile.
      if (!isSkerryError(error) || error.code !== 'NotFound') throw error;
    });
  if ((await profilesOf(store, infraId)).length > 0) return false;
  try {
    await context.removeInfra(infraId);
  } catch (error) {
    if (!isSkerryError(error) || !['Conflict', 'NotFound'].includes(error.code)) throw error;
    if (error.code === 'Conflict' && error.message !== entry.value.message) {
      const value: Deregistration = { ...entry.value, message: error.message };
      await store.commit([{ key, value }], { expect: [{ key, revision: entry.revision }] });
    }
    if (error.code === 'Conflict') return false;
  }
  await store.commit([{ key, value: undefined }]);
  log.info({ infraId, workloads: entry.value.workloads }, 'A cluster has been deregistered.');
  return true;
}

export function wakeLeaving(context: ClustersContext, infraId: InfraId): void {
  context.wake(wakeKeys.cluster(infraId));
}
