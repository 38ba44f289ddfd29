import { parseProfileScope } from '#controller/decide/index.ts';
import type { Attachment, Deregistration, Profile } from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { ReachedRecord } from '#shared/model/ns-lcm.ts';
import type { ReconcileOutcome } from '#shared/reconcile/index.ts';
import { keys } from '../keys.ts';
import { finishDetaching, isRevoked } from './attachments.ts';
import { type ClustersContext, wakeKeys } from './clusters-context.ts';
import { leave, wakeLeaving } from './deregister.ts';
import { spreadOn } from './profile-change.ts';

const settled: ReconcileOutcome = { kind: 'settled' };
/** A cluster that cannot leave yet for a reason that nobody tells of. */
const lookAgainMs = 60_000;

/** Reads everything again, whoever woke it: a change to be spread, an attachment that is to end, a cluster that leaves. */
export async function reconcileClusters(context: ClustersContext, key: string): Promise<ReconcileOutcome> {
  const [what, subject = ''] = key.split(/:(.*)/s);
  if (what === 'change') return await reconcileProfile(context, subject);
  if (what === 'leave') return await reconcileLeaving(context, subject as InfraId);
  return await reconcileAttachment(context, key);
}

/** Everything that is not at its end, after a start. */
export async function wakeUnfinished({ store, wake }: ClustersContext): Promise<void> {
  for (const { value } of await store.range<Profile>({ prefix: keys.profile('') }))
    if (value.appliedGeneration < value.generation) wake(wakeKeys.profile(value.id));
  for (const { value } of await store.range<Attachment>({ prefix: 'attachment/' }))
    if (value.state === 'detaching') wake(`profile:${value.profileId}:${value.infraId}`);
  for (const { value } of await store.range<Deregistration>({ prefix: keys.deregistration('') }))
    wake(wakeKeys.cluster(value.infraId));
}

async function reconcileProfile(context: ClustersContext, profileId: string): Promise<ReconcileOutcome> {
  const entry = await context.store.get<Profile>(keys.profile(profileId));
  if (entry === undefined || entry.value.appliedGeneration >= entry.value.generation) return settled;
  return (await spreadOn(context, entry)) ? settled : { kind: 'again', afterMs: 0 };
}

async function reconcileAttachment(context: ClustersContext, scope: string): Promise<ReconcileOutcome> {
  const { store, book } = context;
  const parsed = parseProfileScope(scope);
  if (parsed === undefined) return settled;
  const entry = await store.get<Attachment>(keys.attachment(parsed.profileId, parsed.infraId));
  const profile = await store.get<Profile>(keys.profile(parsed.profileId));
  if (entry?.value.removal === undefined || profile === undefined) return settled;
  const { agentId, removal } = entry.value;
  const reached = await store.get<ReachedRecord>(keys.reached(agentId, scope));
  const isGone = reached?.value.lineage === book.lineage() && reached.value.generation >= removal.generation;
  if (!isGone && !(await isRevoked(store, agentId))) return settled;
  await finishDetaching(context, entry, profile);
  context.log.info(parsed, 'A profile has been detached from a cluster.');
  wakeLeaving(context, parsed.infraId);
  return settled;
}

async function reconcileLeaving(context: ClustersContext, infraId: InfraId): Promise<ReconcileOutcome> {
  const entry = await context.store.get<Deregistration>(keys.deregistration(infraId));
  if (entry === undefined || (await leave(context, infraId))) return settled;
  return { kind: 'again', afterMs: lookAgainMs };
}
