import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId } from '#shared/model/ids.ts';
import type { Agent, AgentStatus, AgentView } from '#shared/model/inventory.ts';
import type { Change } from '#shared/store/store.ts';
import type { AlarmBody } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import type { InventoryContext } from './inventory-context.ts';
import type { LinkAlarm } from './report-sink.ts';
import type { StateRecord } from './state-record.ts';

/** Alarms of the link with an agent stand apart from those that it raises itself: no name of its own may begin so. */
const linkAlarmPrefix = '~link-';

export async function listAgents(context: InventoryContext): Promise<AgentView[]> {
  const agents = await context.store.range<Agent>({ prefix: keys.agent('') });
  return await Promise.all(agents.map(({ value }) => viewAgent(context, value)));
}

/** @throws NotFound */
export async function findAgent(context: InventoryContext, idOrName: string): Promise<AgentView> {
  const byId = await context.store.get<Agent>(keys.agent(idOrName));
  if (byId !== undefined) return await viewAgent(context, byId.value);
  const agents = await context.store.range<Agent>({ prefix: keys.agent('') });
  const byName = agents.find(({ value }) => value.name === idOrName);
  if (byName !== undefined) return await viewAgent(context, byName.value);
  throw new SkerryError('NotFound', `There is no agent ${idOrName}`, { remedy: 'List them with `skerry agent list`.' });
}

async function viewAgent(context: InventoryContext, agent: Agent): Promise<AgentView> {
  const status = await readStatus(context, agent.id, agent.enrolledAt);
  const raised = await context.store.range<AlarmBody>({ prefix: keys.alarm(`${agent.id}:${linkAlarmPrefix}`) });
  const view = { ...agent, status: { ...status, alarms: raised.map(({ value }) => value.probableCause) } };
  const state = (await context.store.get<StateRecord>(keys.state(agent.id, 'agent')))?.value;
  if (state?.body?.type !== 'agent') return view;
  return { ...view, host: { ...state.body.host, reportedAt: state.receivedAt } };
}

async function readStatus(context: InventoryContext, agentId: AgentId, enrolledAt: number): Promise<AgentStatus> {
  const entry = await context.store.get<AgentStatus>(keys.agentStatus(agentId));
  const never: AgentStatus = {
    id: agentId,
    connected: false,
    since: enrolledAt,
    lastSeenAt: 0,
    ackedGeneration: 0,
    alarms: [],
  };
  const status = entry?.value ?? never;
  return { ...status, ackedGeneration: context.acked.get(agentId) ?? status.ackedGeneration };
}

/** A session began or ended. An agent that nobody enrolled changes nothing. */
export async function noteConnection(
  context: InventoryContext,
  agentId: AgentId,
  connected: boolean,
  isStateConfirmed = false,
): Promise<void> {
  const agent = await context.store.get<Agent>(keys.agent(agentId));
  if (agent === undefined) return;
  const now = context.clock.now();
  const { stateConfirmedAt: _, ...status } = await readStatus(context, agentId, agent.value.enrolledAt);
  const since = status.connected === connected ? status.since : now;
  // A new session of an agent that was there all the time: what came in the old one has to be confirmed.
  const value: AgentStatus = {
    ...status,
    connected,
    since: connected ? now : since,
    lastSeenAt: now,
    ...(isStateConfirmed && { stateConfirmedAt: now }),
  };
  await context.store.commit([{ key: keys.agentStatus(agentId), value }]);
  context.wakeOpen();
}

/** Every state slot that is kept of this agent is what it holds; of no use once its session is over. */
export async function noteStateConfirmed({ store, clock }: InventoryContext, agentId: AgentId): Promise<void> {
  const key = keys.agentStatus(agentId);
  const entry = await store.get<AgentStatus>(key);
  if (entry?.value.connected !== true) return;
  const value: AgentStatus = { ...entry.value, stateConfirmedAt: clock.now() };
  await store.commit([{ key, value }], { expect: [{ key, revision: entry.revision }] });
}

/** An alarm of the link with this agent, beside those that the agent raises itself; raised again it keeps its time. */
export async function noteLinkAlarm(
  { store, clock }: InventoryContext,
  told: { agentId: AgentId; alarm: LinkAlarm; raised: boolean; message: string },
): Promise<void> {
  const { agentId, alarm, raised, message } = told;
  const key = keys.alarm(`${agentId}:${linkAlarmPrefix}${alarm}`);
  const before = await store.get<{ raisedAt: number }>(key);
  if (!raised && before === undefined) return;
  const body: AlarmBody = {
    type: 'alarm',
    alarmId: `${linkAlarmPrefix}${alarm}`,
    key: 'agent',
    scope: '',
    severity: 'CRITICAL',
    eventType: 'PROCESSING_ERROR_ALARM',
    probableCause: `${alarm}: ${message}`.slice(0, 500),
    raised: true,
  };
  const now = clock.now();
  const value = raised ? { ...body, agentId, raisedAt: before?.value.raisedAt ?? now, changedAt: now } : undefined;
  await store.commit([{ key, value }]);
}

/** After a start nobody is connected, whatever the former process had written. */
export async function forgetConnections(context: InventoryContext): Promise<void> {
  const statuses = await context.store.range<AgentStatus>({ prefix: keys.agentStatus('') });
  const now = context.clock.now();
  const changes: Change[] = statuses
    .filter(({ value }) => value.connected)
    .map(({ key, value }) => ({ key, value: { ...value, connected: false, since: now } }));
  if (changes.length > 0) await context.store.commit(changes);
}
