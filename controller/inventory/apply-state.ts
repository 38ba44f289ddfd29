import type { AgentId, InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { Infra, InfraStatus } from '#shared/model/inventory.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import type { ChangeSet } from './change-set.ts';
import { parseInfraFacts } from './infra-facts.ts';
import type { InventoryContext } from './inventory-context.ts';
import { clip, fits, isName, isObject, reportLimits } from './report-limits.ts';
import type { IncomingState } from './report-sink.ts';
import type { StateRecord } from './state-record.ts';

export interface Reporter {
  agentId: AgentId;
  storeId: string;
}

/** One state slot. Slots that no intent of this agent names are not opened: their number is bounded by what was asked for. */
export async function applyState(
  context: InventoryContext,
  set: ChangeSet,
  reporter: Reporter,
  state: IncomingState,
): Promise<void> {
  if (!isName(state.key)) return;
  const key = keys.state(reporter.agentId, state.key);
  const { body } = state;
  if (body === null) {
    if ((await set.get(key)) !== undefined) set.remove(key);
    return;
  }
  if (!fits(body, body.type === 'infra' ? reportLimits.infraBytes : reportLimits.stateBytes)) {
    context.log.warn({ agentId: reporter.agentId, key: state.key }, 'A state report is too large; left out.');
    return;
  }
  const record: StateRecord = { body, storeId: reporter.storeId, at: state.at, receivedAt: context.clock.now() };
  if (body.type === 'agent' && state.key === 'agent') set.put(key, record);
  if (body.type === 'infra') await applyInfra(context, set, reporter.agentId, { infraId: body.infraId, body });
  if (body.type === 'unit') {
    const scope = await scopeOf(context, set, reporter.agentId, state.key);
    if (scope !== undefined) set.put(key, { ...record, body: cleanUnit(body, scope) });
  }
}

const phases: readonly string[] = ['pending', 'ready', 'failed', 'removing'];

/** Queries read these members: whatever an agent sent, they have the shape that they should have. */
function cleanUnit(body: UnitState, scope: string): UnitState {
  const cleaned = { ...body, scope, ready: body.ready === true, message: clip(body.message) };
  const observed: unknown = body.observed;
  if (!isObject(observed) || !phases.includes(String(observed['phase']))) return { ...cleaned, observed: null };
  const facts: Record<string, unknown> = isObject(observed['facts']) ? observed['facts'] : {};
  const addresses = Object.entries(isObject(facts['addresses']) ? facts['addresses'] : {}).map(([port, list]) => [
    port,
    Array.isArray(list) ? list.filter((address) => typeof address === 'string') : [],
  ]);
  const message = clip(observed['message']);
  return {
    ...cleaned,
    observed: {
      ...(observed as unknown as NonNullable<UnitState['observed']>),
      platformId: clip(observed['platformId'], reportLimits.nameLength),
      ...(message === '' ? {} : { message }),
      facts: { ...facts, addresses: Object.fromEntries(addresses) },
    },
  };
}

/** From the intent, never from the report: an agent cannot speak for another scope. */
async function scopeOf(
  { book }: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  key: string,
): Promise<string | undefined> {
  const object = await book.object(agentId, key as ObjectKey);
  if (object !== undefined) return object.scope;
  // Being removed: its slot is open until the agent says that it is gone.
  const present = await set.get<StateRecord>(keys.state(agentId, key));
  return (present?.body as UnitState | undefined)?.scope;
}

async function applyInfra(
  context: InventoryContext,
  set: ChangeSet,
  agentId: AgentId,
  report: { infraId: InfraId; body: { facts: unknown; message: string; revision?: unknown } },
): Promise<void> {
  if (!isName(report.infraId)) return;
  const infra = await set.get<Infra>(keys.infra(report.infraId));
  if (infra?.agentId !== agentId) return;
  const status: InfraStatus = {
    id: infra.id,
    facts: parseInfraFacts(report.body.facts),
    message: clip(report.body.message),
    reportedAt: context.clock.now(),
    ...(Number.isSafeInteger(report.body.revision) && { revision: report.body.revision as number }),
  };
  const before = await set.get<InfraStatus>(keys.infraStatus(infra.id));
  // An infra that cannot be asked at present keeps its last known capacity, as unhealthy.
  const known = before?.facts ? { ...before.facts, healthy: false } : null;
  set.put(keys.infraStatus(infra.id), { ...status, facts: status.facts ?? known });
}
