import { nextOperationState, type Summary } from '#controller/decide/index.ts';
import type { NsInstance, NsLcmOpOcc, OneShotRecord, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Change, Entry } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { failuresOf, forget } from './failures.ts';
import type { LcmContext } from './lcm-context.ts';
import { changeLedger, heldAfter } from './ledger-change.ts';
import { operationEvent } from './operation-notification.ts';

export interface OpenOperation {
  ns: Entry<NsInstance>;
  operation: Entry<NsLcmOpOcc>;
}

/** What the summary found, made durable: state, error, NS, VNF instances, ledger, notification in one commit. */
export async function endOperation(context: LcmContext, open: OpenOperation, summary: Summary): Promise<void> {
  const event = summary.event;
  const state = event === undefined ? undefined : nextOperationState(open.operation.value.state, event);
  if (state === undefined) return;
  const ended: NsLcmOpOcc = {
    ...open.operation.value,
    state,
    stateEnteredAt: context.clock.now(),
    isCancelPending: false,
    error: summary.error,
  };
  if (state === 'FAILED_TEMP') await stopForNow(context, open, ended);
  else await settle(context, open, ended);
}

/** An operation that has ended goes nowhere any more: the states that it could go back to would only fill disk and memory. */
export function asHistory(ended: NsLcmOpOcc): NsLcmOpOcc {
  const { goal: _goal, ...operation } = ended;
  return { ...operation, before: null };
}

async function stopForNow(context: LcmContext, open: OpenOperation, ended: NsLcmOpOcc): Promise<void> {
  const notifications = await context.notifier.stage([operationEvent(open.ns.value, ended, context.clock.now())]);
  await context.store.commit([{ key: open.operation.key, value: ended }, ...notifications], {
    expect: expectations(open),
  });
}

/** All sites have reached what is wanted: what is gone is given back, what is there is INSTANTIATED. */
async function settle(context: LcmContext, open: OpenOperation, ended: NsLcmOpOcc): Promise<void> {
  const { store, book } = context;
  const { openOperationId: _open, unreached: _unreached, ...ns } = open.ns.value;
  const operation = asHistory(ended);
  const ledger = await changeLedger(store, ns.id, ns.held ?? [], heldAfter(ns.desired));
  const nextNs: NsInstance = {
    ...ns,
    state: ns.desired === undefined ? 'NOT_INSTANTIATED' : 'INSTANTIATED',
    flavourId: ns.desired?.flavourId,
    held: ledger.held,
    modifiedAt: context.clock.now(),
  };
  const actions = await finishedActions(context, operation);
  const failures = await failuresOf(context, ns);
  const changes: Change[] = [
    { key: open.ns.key, value: nextNs },
    { key: open.operation.key, value: operation },
    ...(await vnfChanges(context, open.ns.value, nextNs)),
    ...ledger.changes,
    ...forget(failures),
    ...actions.map((action) => ({ key: keys.oneShot(action.opId), value: undefined })),
    ...(await context.notifier.stage([operationEvent(nextNs, operation, context.clock.now())])),
  ];
  const expect = [...expectations(open), ...ledger.expect];
  if (actions.length === 0) {
    await store.commit(changes, { expect });
    return;
  }
  const agentIds = [...new Set(actions.map((action) => action.agentId))];
  const agents = agentIds.map((agentId) => ({
    agentId,
    upserts: [],
    tombstones: actions
      .filter((action) => action.agentId === agentId)
      .map((action) => ({ key: action.key, scope: ns.id, opId: operation.id })),
  }));
  await book.commit({ agents, changes: () => changes, expect });
}

function expectations(open: OpenOperation): { key: string; revision: number }[] {
  return [open.ns, open.operation].map(({ key, revision }) => ({ key, revision }));
}

async function finishedActions({ store, book }: LcmContext, operation: NsLcmOpOcc): Promise<NsLcmOpOcc['oneShots']> {
  const finished: NsLcmOpOcc['oneShots'] = [];
  for (const action of operation.oneShots) {
    const record = await store.get<OneShotRecord>(keys.oneShot(action.opId));
    const object = await book.object(action.agentId, action.key);
    if (record !== undefined && object !== undefined) finished.push(action);
  }
  return finished;
}

async function vnfChanges({ store }: LcmContext, before: NsInstance, after: NsInstance): Promise<Change[]> {
  const staying = new Set((after.held ?? []).map((item) => item.vnfInstanceId));
  const changes: Change[] = [];
  for (const vnfInstanceId of new Set((before.held ?? []).map((item) => item.vnfInstanceId))) {
    const key = keys.vnf(vnfInstanceId);
    if (!staying.has(vnfInstanceId)) {
      changes.push({ key, value: undefined });
      continue;
    }
    const vnf = await store.get<VnfInstance>(key);
    if (vnf?.value.state === 'NOT_INSTANTIATED') changes.push({ key, value: { ...vnf.value, state: 'INSTANTIATED' } });
  }
  return changes;
}
