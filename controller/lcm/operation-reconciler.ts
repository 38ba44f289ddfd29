import { type Standing, summarise } from '#controller/decide/index.ts';
import type { AgentId, SiteId } from '#shared/model/ids.ts';
import type { AgentStatus, Site } from '#shared/model/inventory.ts';
import type { NsInstance, NsLcmOpOcc, OneShotRecord, ReachedRecord } from '#shared/model/ns-lcm.ts';
import type { ReconcileOutcome } from '#shared/reconcile/index.ts';
import { keys } from '../keys.ts';
import { endOperation } from './end-operation.ts';
import { failuresOf } from './failures.ts';
import type { LcmContext } from './lcm-context.ts';

/** Looks at the NS's open operation and ends it when its time has come. Reads everything again, whoever woke it. */
export async function reconcileNs(context: LcmContext, nsInstanceId: string): Promise<ReconcileOutcome> {
  const ns = await context.store.get<NsInstance>(keys.ns(nsInstanceId));
  if (ns?.value.openOperationId === undefined) return { kind: 'settled' };
  const operation = await context.store.get<NsLcmOpOcc>(keys.operation(ns.value.openOperationId));
  if (operation === undefined) return { kind: 'settled' };
  const { state } = operation.value;
  if (state !== 'PROCESSING' && state !== 'ROLLING_BACK') return { kind: 'settled' };
  const standing = await readStanding(context, ns.value, operation.value);
  const summary = summarise(operation.value, standing);
  if (summary.event !== undefined) {
    // One after the other: ends that meet at the same ledger would otherwise back off from each other.
    await context.exclusive(() => endOperation(context, { ns, operation }, summary));
    const { id, type } = operation.value;
    context.log.info({ nsInstanceId, operationId: id, type, event: summary.event }, 'An operation has come to an end.');
    return { kind: 'settled' };
  }
  if (summary.lookAgainAt === undefined) return { kind: 'settled' };
  return { kind: 'again', afterMs: Math.max(1, summary.lookAgainAt - standing.now) };
}

async function readStanding(context: LcmContext, ns: NsInstance, operation: NsLcmOpOcc): Promise<Standing> {
  const { store, clock, policy } = context;
  const lineage = context.book.lineage();
  const targets = await Promise.all(
    operation.targets.map(async (target) => {
      const reached = await store.get<ReachedRecord>(keys.reached(target.agentId, ns.id));
      const isOurs = reached?.value.lineage === lineage;
      return {
        target,
        siteName: await siteName(context, target.siteId),
        reachedGeneration: isOurs ? reached.value.generation : 0,
        ...(await connectionOf(context, target.agentId, operation)),
      };
    }),
  );
  const siteOf = new Map(targets.map((item) => [item.target.agentId, item.siteName]));
  // A site that reached what is asked for has got over its failures; one that is asked for nothing has its own story.
  const unreached = new Set(
    targets.filter((item) => item.reachedGeneration < item.target.generation).map((item) => item.target.agentId),
  );
  const failures = (await failuresOf(context, ns)).filter(
    ({ isCurrent, agentId }) => isCurrent && unreached.has(agentId),
  );
  const oneShots = await Promise.all(
    operation.oneShots.map(async (action) => ({
      opId: action.opId,
      siteName: siteOf.get(action.agentId) ?? action.agentId,
      connected: (await connectionOf(context, action.agentId, operation)).connected,
      record: (await store.get<OneShotRecord>(keys.oneShot(action.opId)))?.value,
    })),
  );
  return {
    targets,
    failures: failures.map(({ agentId, key, record }) => ({
      siteName: siteOf.get(agentId) ?? agentId,
      key,
      code: record.code,
      message: record.message,
    })),
    oneShots,
    now: clock.now(),
    limits: policy,
  };
}

async function connectionOf(
  { store }: LcmContext,
  agentId: AgentId,
  operation: NsLcmOpOcc,
): Promise<{ connected: boolean; since: number }> {
  const status = await store.get<AgentStatus>(keys.agentStatus(agentId));
  return { connected: status?.value.connected ?? false, since: status?.value.since ?? operation.startedAt };
}

async function siteName({ store }: LcmContext, siteId: SiteId): Promise<string> {
  const site = await store.get<Site>(keys.site(siteId));
  return site?.value.name ?? siteId;
}
