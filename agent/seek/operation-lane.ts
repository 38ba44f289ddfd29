import type { UnitAction, UnitRef } from '#shared/connector/index.ts';
import { type Incarnation, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import { uuidV5 } from '#shared/wire/digest.ts';
import type { OperationResultBody } from '#shared/wire/frames.ts';
import type { JournalRecord } from '../journal/index.ts';
import { applyRecordStep, type UnitPlan } from '../plan/index.ts';
import { agentKeys, type Transaction } from '../store/agent-store.ts';
import type { OperationIntent } from './intent-index.ts';
import { callPlatform, isWithoutEffect, messageOf } from './platform-call.ts';
import type { SeekContext } from './seek-context.ts';
import { nameSpace } from './unit-effects.ts';

/** `op/<opId>`: what became of a one-shot operation. Kept after its result is acknowledged: it never runs again. */
export interface OperationRecord {
  opId: string;
  target: ObjectKey;
  status: 'begun' | 'finished';
  /** The incarnation that it was begun on. */
  from?: Incarnation;
  bootId: string;
  result?: OperationResultBody['result'];
}

type Verdict = { result: OperationResultBody['result']; message: string; incarnation?: Incarnation };

/** One-shot operations, in the lane of the unit that they aim at: exactly one terminal result each, with its end in one batch. */
export class OperationLane {
  readonly #context: SeekContext;
  /** Calls of this life that nobody knows the end of. */
  readonly #doubtful = new Set<string>();

  constructor(context: SeekContext) {
    this.#context = context;
  }

  isOpen(operation: OperationIntent): boolean {
    return this.#record(operation)?.status !== 'finished';
  }

  /** Moves the oldest open operation on `key` by one step. True: something changed, plan anew. */
  async advance(key: ObjectKey, plan: UnitPlan | undefined, signal: AbortSignal): Promise<boolean> {
    const operation = (this.#context.index().operationsOn.get(key) ?? []).find((each) => this.isOpen(each));
    if (operation === undefined) return false;
    const record = this.#record(operation);
    if (!this.#context.index().units.has(key))
      return this.#finish(operation, { result: 'failed', message: `${key} is not wanted here` });
    if (record === undefined) return this.#begin(operation, plan, signal);
    if (operation.body.verb === 'heal') return this.#concludeHeal(operation, record, plan);
    return this.#resume(operation, record, plan, signal);
  }

  #record(operation: OperationIntent): OperationRecord | undefined {
    return this.#context.store.get<OperationRecord>(agentKeys.operation(operation.body.opId));
  }

  async #begin(operation: OperationIntent, plan: UnitPlan | undefined, signal: AbortSignal): Promise<boolean> {
    const { verb, notAfter, precondition, cancelled } = operation.body;
    if (cancelled) return this.#finish(operation, { result: 'cancelled', message: 'cancelled before it began' });
    if (notAfter > 0 && this.#context.controllerNow() > notAfter)
      return this.#finish(operation, { result: 'expired', message: 'its time had passed when it could begin' });
    const current = plan?.record?.current;
    // What is in doubt is resolved first: until then nobody knows what is current.
    if (plan === undefined || current?.status === 'LOGGED') return false;
    if (precondition.incarnation !== undefined && precondition.incarnation !== current?.incarnation)
      return this.#finish(operation, {
        result: 'stale',
        message: 'the incarnation that it names had been replaced',
        incarnation: current?.incarnation,
      });
    if (verb === 'heal') return this.#beginHeal(operation, current?.incarnation);
    if (current === undefined || plan.observed === undefined)
      return this.#finish(operation, { result: 'failed', message: 'nothing runs that it could act on' });
    return this.#beginAction(operation, plan, signal);
  }

  /** Condemns what runs; the plan does the rest. */
  async #beginHeal(operation: OperationIntent, from: Incarnation | undefined): Promise<boolean> {
    const { journal } = this.#context;
    await this.#context.store.transact((tx) => {
      if (from !== undefined)
        journal.change(tx, operation.body.target, (record) => condemnForHeal(record, from, this.#context.boot.bootId));
      this.#put(tx, operation, { status: 'begun', from });
    });
    return true;
  }

  async #concludeHeal(
    operation: OperationIntent,
    record: OperationRecord,
    plan: UnitPlan | undefined,
  ): Promise<boolean> {
    const current = plan?.record?.current;
    const { target } = operation.body;
    if (plan?.isReady === true && current !== undefined && current.incarnation !== record.from)
      return this.#finish(operation, { result: 'done', message: '', incarnation: current.incarnation });
    const unit = this.#context.index().units.get(target);
    const hasFailed = unit !== undefined && this.#context.journal.record(target)?.failedRevision === unit.revision;
    if (!hasFailed || current !== undefined) return false;
    return this.#finish(operation, { result: 'failed', message: this.#context.memory(target).failure });
  }

  async #beginAction(operation: OperationIntent, plan: UnitPlan, signal: AbortSignal): Promise<boolean> {
    const { verb, target } = operation.body;
    const from = plan.record?.current?.incarnation;
    await this.#context.store.transact((tx) => {
      this.#put(tx, operation, { status: 'begun', from });
      // Before the call: what stops on purpose must not be taken for dead.
      if (verb === 'stop') this.#context.journal.change(tx, target, (record) => ({ ...record, isStopped: true }));
    });
    await this.#act(operation, plan, signal);
    return true;
  }

  /** Begun in an earlier life, or in doubt: starting and stopping may be repeated, a reboot may not. */
  async #resume(
    operation: OperationIntent,
    record: OperationRecord,
    plan: UnitPlan | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { opId, verb } = operation.body;
    const { boot, clock } = this.#context;
    const isDoubtful = record.bootId !== boot.bootId || this.#doubtful.has(opId);
    if (!isDoubtful || plan === undefined) return false;
    if (plan.record?.current?.incarnation !== record.from || plan.observed === undefined)
      return this.#finish(operation, { result: 'failed', message: 'what it acted on is gone' });
    if (verb === 'reboot')
      return this.#finish(operation, {
        result: 'failed',
        message: 'in doubt: the answer of the platform was lost; look at the unit before ordering it again',
      });
    if (this.#context.memory(operation.body.target).notBeforeMono > clock.mono()) return false;
    await this.#act(operation, plan, signal);
    return true;
  }

  async #act(operation: OperationIntent, plan: UnitPlan, signal: AbortSignal): Promise<void> {
    const { opId, verb, target, args } = operation.body;
    const context = this.#context;
    const record = plan.record!;
    const lane = context.infras.lane(record.infraId);
    const { connector } = lane ?? {};
    if (lane === undefined || connector?.act === undefined) {
      await this.#finish(operation, { result: 'failed', message: `this infra cannot ${verb} a unit` });
      return;
    }
    const incarnation = record.current!.incarnation;
    const ref: UnitRef = {
      key: target,
      kind: record.kind,
      owner: id<OwnerId>(context.agentId),
      incarnation,
      name: uuidV5(nameSpace, `${context.siteId}/${target}/${incarnation}`),
    };
    lane.touch(target);
    try {
      const action: UnitAction = { verb: verb as UnitAction['verb'], args };
      await callPlatform(context, signal, (call) => connector.act!(call, ref, action));
    } catch (error) {
      if (isWithoutEffect(error)) await this.#finish(operation, { result: 'failed', message: messageOf(error) });
      else {
        this.#doubtful.add(opId);
        context.memory(target).notBeforeMono = context.clock.mono() + context.limits.backoff.minMs;
        if (signal.aborted) throw error;
      }
      return;
    } finally {
      lane.touch(target);
    }
    await lane.look().catch(() => undefined);
    await this.#finish(operation, { result: 'done', message: '', incarnation });
  }

  async #finish(operation: OperationIntent, verdict: Verdict): Promise<true> {
    const { store, holder, outbox, journal } = this.#context;
    const { opId, verb, target } = operation.body;
    await store.transact((tx) => {
      if (tx.get<OperationRecord>(agentKeys.operation(opId))?.status === 'finished') return;
      this.#put(tx, operation, { status: 'finished', result: verdict.result, from: verdict.incarnation });
      const isRunningAgain = verb !== 'heal' && verdict.result === (verb === 'stop' ? 'failed' : 'done');
      if (isRunningAgain && tx.get(agentKeys.journal(target)) !== undefined)
        journal.change(tx, target, ({ isStopped: _, ...record }) => record);
      outbox.append(tx, 'results', {
        type: 'operation-result',
        lineage: holder.head().lineage,
        opId,
        scope: operation.scope,
        ...verdict,
      });
    });
    this.#doubtful.delete(opId);
    this.#context.wakeScope(operation.scope);
    return true;
  }

  #put(
    tx: Transaction,
    operation: OperationIntent,
    change: Partial<OperationRecord> & Pick<OperationRecord, 'status'>,
  ) {
    const { opId, target } = operation.body;
    const { bootId } = this.#context.boot;
    tx.put(agentKeys.operation(opId), { opId, target, bootId, ...change } satisfies OperationRecord);
  }
}

function condemnForHeal(record: JournalRecord, incarnation: Incarnation, bootId: string): JournalRecord {
  return applyRecordStep(record, { do: 'condemn', incarnation, reason: 'heal' }, bootId) ?? record;
}
