import { parseProfileScope } from '#controller/decide/index.ts';
import type { Attachment } from '#shared/model/clusters.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { NsInstance, OneShotRecord, ReachedRecord, UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { Store } from '#shared/store/store.ts';
import type {
  AlarmBody,
  OperationResultBody,
  OrphanBody,
  ReachedBody,
  Tombstone,
  UnitFailedBody,
} from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import type { Reporter } from './apply-state.ts';
import type { ChangeSet } from './change-set.ts';
import type { InventoryContext } from './inventory-context.ts';
import { clip, fits, isName, isObject, reportLimits } from './report-limits.ts';
import type { IncomingReport } from './report-sink.ts';

/** One must-deliver record. What does not fit this agent's intent is dropped: acknowledged, without effect. */
export async function applyReport(
  context: InventoryContext,
  set: ChangeSet,
  reporter: Reporter,
  report: IncomingReport,
): Promise<void> {
  const { body } = report;
  const { agentId } = reporter;
  if (report.late) return;
  switch (body.type) {
    case 'reached':
      return await applyReached(context, set, agentId, body);
    case 'unit-failed':
      return await applyUnitFailed(context, set, agentId, body);
    case 'operation-result':
      return await applyOperationResult(context, set, agentId, body);
    case 'healed':
    case 'decision':
      return applyDecision(context, set, reporter, report);
    case 'alarm':
      return await applyAlarm(context, set, agentId, body);
    case 'orphan':
      return await applyOrphan(context, set, agentId, body);
    case 'gap': {
      const { from, to, reason } = body;
      context.log.warn({ agentId, stream: report.stream, from, to, reason }, 'An agent had to shed reports.');
      return;
    }
  }
}

/**
 * Believed only for a generation that this agent was really given, in our lineage, for a scope in which it was asked for
 * something.
 */
async function applyReached(
  { store, book, clock }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  body: ReachedBody,
): Promise<void> {
  const head = await book.head(agentId);
  const isPossible = Number.isInteger(body.generation) && body.generation > 0 && body.generation <= head.generation;
  if (body.lineage !== book.lineage() || !isPossible || !isName(body.scope)) return;
  if (!(await isAsked(store, agentId, body.scope))) return;
  const key = keys.reached(agentId, body.scope);
  const before = await set.get<ReachedRecord>(key);
  if (before !== undefined && before.lineage === body.lineage && before.generation > body.generation) return;
  const objects: ReachedRecord['objects'] = [];
  const listed: unknown[] = Array.isArray(body.objects) ? body.objects.slice(0, reportLimits.orphans) : [];
  for (const object of listed) {
    if (!isReachedObject(object)) continue;
    const known = await book.object(agentId, object.key);
    if (known?.scope !== body.scope || !isName(object.incarnation)) continue;
    const facts = isObject(object.facts) && fits(object.facts, reportLimits.factsBytes) ? object.facts : {};
    objects.push({ key: object.key, revision: object.revision, incarnation: object.incarnation, facts });
  }
  for (const { key: removed } of (body.removed ?? []).slice(0, reportLimits.orphans)) {
    if (!isName(removed) || (await book.object(agentId, removed)) !== undefined) continue;
    for (const left of [keys.state(agentId, removed), keys.unitFailure(agentId, removed)])
      if ((await set.get(left)) !== undefined) set.remove(left);
  }
  const record: ReachedRecord = { lineage: body.lineage, generation: body.generation, objects, at: clock.now() };
  set.put(key, record);
}

async function isAsked(store: Store, agentId: AgentId, scope: string): Promise<boolean> {
  const profile = parseProfileScope(scope);
  if (profile !== undefined) {
    const attachment = await store.get<Attachment>(keys.attachment(profile.profileId, profile.infraId));
    return attachment?.value.agentId === agentId;
  }
  const ns = await store.get<NsInstance>(keys.ns(scope));
  return ns?.value.agentIds?.includes(agentId) === true;
}

function isReachedObject(object: unknown): object is ReachedBody['objects'][number] {
  return isObject(object) && isName(object['key']) && Number.isInteger(object['revision']);
}

async function applyUnitFailed(
  { store, book, clock }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  body: UnitFailedBody,
): Promise<void> {
  if (body.lineage !== book.lineage() || !isName(body.key)) return;
  const object = await book.object(agentId, body.key);
  const asked = object ?? (await store.get<Tombstone>(keys.tombstone(agentId, body.key)))?.value;
  if (asked === undefined || asked.scope !== body.scope || asked.revision !== body.revision) return;
  const record: UnitFailureRecord = {
    scope: asked.scope,
    generation: body.generation,
    revision: body.revision,
    code: clip(body.code, reportLimits.nameLength),
    message: clip(body.message),
    at: clock.now(),
  };
  set.put(keys.unitFailure(agentId, body.key), record);
}

/** The first terminal result of a one-shot that is in this agent's own intent. */
async function applyOperationResult(
  { book, clock }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  body: OperationResultBody,
): Promise<void> {
  if (body.lineage !== book.lineage() || !isName(body.opId)) return;
  const object = await book.object(agentId, `operation/${body.opId}` as ObjectKey);
  const key = keys.oneShot(body.opId);
  if (object?.body.type !== 'operation' || (await set.get(key)) !== undefined) return;
  if (!['done', 'failed', 'stale', 'cancelled', 'expired'].includes(body.result)) return;
  const { opId, result } = body;
  const record: OneShotRecord = { opId, scope: object.scope, result, message: clip(body.message), at: clock.now() };
  set.put(key, record);
}

/** `decision/<agentId>/<storeId>/<seq>`: newest kept, the rest forgotten. */
function applyDecision(
  { clock }: InventoryContext,
  set: ChangeSet,
  { agentId, storeId }: Reporter,
  { seq, at, body }: IncomingReport,
): void {
  if (!fits(body, reportLimits.factsBytes)) return;
  set.put(keys.decision(agentId, storeId, seq), { body, at, receivedAt: clock.now() });
  if (seq > reportLimits.decisionsKept) set.remove(keys.decision(agentId, storeId, seq - reportLimits.decisionsKept));
}

/** `alarm/<agentId>:<alarmId>`; the agent's id in the key keeps agents apart. A cleared alarm goes. */
async function applyAlarm(
  { store, clock }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  body: AlarmBody,
): Promise<void> {
  if (!isName(body.alarmId) || !fits(body, reportLimits.factsBytes)) return;
  const key = keys.alarm(`${agentId}:${body.alarmId.replaceAll('/', ':')}`);
  const before = await set.get<{ raisedAt: number }>(key);
  if (!body.raised || body.severity === 'CLEARED') {
    if (before !== undefined) set.remove(key);
    return;
  }
  const prefix = keys.alarm(`${agentId}:`);
  if (before === undefined && (await store.range({ prefix, limit: reportLimits.alarms })).length >= reportLimits.alarms)
    return;
  const now = clock.now();
  set.put(key, { ...body, agentId, raisedAt: before?.raisedAt ?? now, changedAt: now });
}

async function applyOrphan(
  { store, clock }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  body: OrphanBody,
): Promise<void> {
  if (!isName(body.key)) return;
  const key = keys.orphan(agentId, body.key);
  const before = await set.get(key);
  if (!body.present) {
    if (before !== undefined) set.remove(key);
    return;
  }
  const prefix = keys.orphan(agentId, '');
  const limit = reportLimits.orphans;
  if (before === undefined && (await store.range({ prefix, limit })).length >= limit) return;
  set.put(key, {
    infraId: clip(body.infraId, reportLimits.nameLength),
    platformId: clip(body.platformId, reportLimits.nameLength),
    reportedAt: clock.now(),
  });
}
