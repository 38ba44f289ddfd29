import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { ReconcileOutcome } from '#shared/reconcile/index.ts';
import { isRecordStep, planUnit, type Step, type UnitPlan, type UnitSituation } from '../plan/index.ts';
import { keepPlan } from './keep-plan.ts';
import type { OperationLane } from './operation-lane.ts';
import type { SeekContext } from './seek-context.ts';
import { UnitEffects } from './unit-effects.ts';
import { isNews, reportFailure, reportState, unitState } from './unit-reports.ts';
import { infraIdOf, situationOf } from './unit-situations.ts';

/** Steps of one run; more only if the platform changes faster than we look. */
const stepsPerRun = 24;

const settled: ReconcileOutcome = { kind: 'settled' };
/** Plan again, in the same run. */
const next = undefined;

/** Brings one unit to where intent wants it: look, plan, one step, and again until the plan is empty or has to wait. */
export class UnitLane {
  readonly #context: SeekContext;
  readonly #operations: OperationLane;
  readonly #effects: UnitEffects;

  constructor(context: SeekContext, operations: OperationLane) {
    this.#context = context;
    this.#operations = operations;
    this.#effects = new UnitEffects(context);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileOutcome> {
    for (let count = 0; count < stepsPerRun; count += 1) {
      if (signal.aborted) throw signal.reason;
      const outcome = await this.#round(key, signal);
      if (outcome !== next) return outcome;
    }
    return { kind: 'again', afterMs: 100 };
  }

  async #round(key: ObjectKey, signal: AbortSignal): Promise<ReconcileOutcome | undefined> {
    const context = this.#context;
    const memory = context.memory(key);
    const situation = situationOf(context, key);
    if (situation === undefined) return (await this.#operations.advance(key, undefined, signal)) ? next : settled;
    if (memory.lookDueMono !== undefined && memory.lookDueMono <= context.clock.mono()) {
      const failure = await this.#look(key);
      if (failure !== undefined) return failure;
      return next;
    }
    const plan = planUnit(situation);
    this.#remember(key, plan);
    const isClean = !plan.steps.some(isRecordStep);
    if (isClean && (await this.#operations.advance(key, plan, signal))) return next;
    return this.#follow(key, situation, plan, signal);
  }

  /** What waits for this unit is woken when its readiness turns. */
  #remember(key: ObjectKey, plan: UnitPlan): void {
    const memory = this.#context.memory(key);
    const former = memory.plan;
    memory.plan = plan;
    if (former?.isReady !== plan.isReady)
      for (const dependent of this.#context.index().dependents.get(key) ?? []) this.#context.wake(dependent);
  }

  async #follow(
    key: ObjectKey,
    situation: UnitSituation,
    plan: UnitPlan,
    signal: AbortSignal,
  ): Promise<ReconcileOutcome | undefined> {
    const context = this.#context;
    const step = plan.steps.find((candidate) => !isRecordStep(candidate));
    if (step === undefined) return this.#finish(key, situation, plan);
    if (step.do === 'fail') return this.#fail(key, situation, plan, step.why);
    if (step.do === 'wait' || step.do === 'look') {
      await this.#record(key, situation, plan, this.#why(key, situation, step.why));
      return step.do === 'wait' ? waitFor(step.afterMs) : this.#lookLater(key, step);
    }
    const memory = context.memory(key);
    const restMs = memory.notBeforeMono - context.clock.mono();
    if (restMs > 0) {
      await this.#record(key, situation, plan, memory.failure);
      return { kind: 'again', afterMs: restMs };
    }
    const infraId = infraIdOf(context, key, plan.record) ?? situation.look?.infraId;
    const lane = infraId === undefined ? undefined : context.infras.lane(infraId);
    if (lane === undefined) {
      await this.#record(key, situation, plan, `infra ${infraId} is not available`);
      return settled;
    }
    const task = { key, situation, plan, lane, signal };
    if (step.do === 'create') await this.#effects.create(task);
    else if (step.do === 'update') await this.#effects.update(task, step.incarnation);
    else await this.#effects.remove(task, step.incarnation);
    return next;
  }

  /** Given up by the platform: the operator says what happens next; a later revision is tried at once. */
  async #fail(key: ObjectKey, situation: UnitSituation, plan: UnitPlan, why: string): Promise<ReconcileOutcome> {
    const desired = situation.desired!;
    await this.#record(key, situation, plan, why);
    if (this.#context.journal.record(key)?.failedRevision !== desired.revision) {
      const error = new SkerryError('PlatformRefused', why);
      await this.#context.store.transact((tx) => reportFailure(this.#context, tx, { key, desired, error }));
    }
    this.#context.memory(key).attempts = 0;
    this.#context.wakeScope(desired.scope);
    return settled;
  }

  #why(key: ObjectKey, situation: UnitSituation, why: string): string {
    if (situation.look !== undefined) return why;
    const infraId = infraIdOf(this.#context, key, situation.record);
    const isOpen = infraId !== undefined && this.#context.infras.lane(infraId) !== undefined;
    return isOpen ? why : `infra ${infraId} is not available`;
  }

  async #finish(key: ObjectKey, situation: UnitSituation, plan: UnitPlan): Promise<ReconcileOutcome | undefined> {
    const context = this.#context;
    const memory = context.memory(key);
    await this.#record(key, situation, plan, '');
    // What it stood on may go now, and must not see its record any more.
    if (plan.isGone) for (const dependency of situation.record?.dependsOn ?? []) context.wake(dependency);
    this.#leaveInfra(plan);
    memory.attempts = 0;
    memory.lookDueMono = undefined;
    if (plan.isReady && plan.steps.length > 0) return next;
    const scope = situation.desired?.scope ?? context.index().tombstones.get(key)?.scope;
    if (scope !== undefined) context.wakeScope(scope);
    return plan.isReady ? this.#closeDeaths(key, plan) : settled;
  }

  /** What is kept was perhaps the last that held an infra open that the intent has left: no look tells of it. */
  #leaveInfra({ record }: UnitPlan): void {
    const { infras } = this.#context.index();
    if (record?.isKept && !infras.has(record.infraId)) void this.#context.infras.follow(infras);
  }

  /** A unit that has lived long enough has no history of deaths any more, and no alarm about them. */
  async #closeDeaths(key: ObjectKey, plan: UnitPlan): Promise<ReconcileOutcome> {
    const { policy, store, journal, outbox } = this.#context;
    const deaths = plan.record?.deaths;
    if (deaths === undefined) return settled;
    const recovery = policy.judgeRecovery(deaths);
    if (!recovery.isOver) return { kind: 'again', afterMs: recovery.afterMs };
    await store.transact((tx) => {
      journal.change(tx, key, ({ deaths: _, ...record }) => record);
      if (deaths.isAlarmed) outbox.append(tx, 'alarms', policy.flappingAlarm(key, plan.record!.scope, false));
    });
    return settled;
  }

  /** Makes record steps and the state slot durable in one transaction, if there is anything new. */
  async #record(key: ObjectKey, situation: UnitSituation, plan: UnitPlan, message: string): Promise<void> {
    const context = this.#context;
    const { desired, tombstone } = situation;
    const hasSteps = plan.steps.some(isRecordStep);
    const state = desired === undefined ? null : unitState(context, { key, desired, plan }, message);
    // An orphan's slot stays as it was: nothing is known to be gone.
    const isSlotOurs = desired !== undefined || (tombstone !== undefined && plan.isGone);
    const hasNews = isSlotOurs && isNews(context, key, state);
    if (!hasSteps && !hasNews) return;
    await context.store.transact((tx) => {
      keepPlan(context, tx, key, plan);
      if (hasNews) reportState(context, tx, key, state);
    });
  }

  #lookLater(key: ObjectKey, step: Extract<Step, { do: 'look' }>): Promise<ReconcileOutcome | undefined> {
    const { clock } = this.#context;
    if (step.afterMs <= 0) return this.#look(key);
    this.#context.memory(key).lookDueMono = clock.mono() + step.afterMs;
    return Promise.resolve({ kind: 'again', afterMs: step.afterMs });
  }

  /** A platform that cannot be looked at leaves everything as it is known. */
  async #look(key: ObjectKey): Promise<ReconcileOutcome | undefined> {
    const context = this.#context;
    const memory = context.memory(key);
    memory.lookDueMono = undefined;
    const infraId = infraIdOf(context, key, context.journal.record(key));
    const lane = infraId === undefined ? undefined : context.infras.lane(infraId);
    if (infraId !== undefined && lane === undefined) return settled;
    const lanes = lane === undefined ? context.infras.lanes() : [lane];
    try {
      await Promise.all(lanes.map((each) => each.look()));
      // Without an infra of its own it needs them all; those that are not open yet will wake us.
      return infraId === undefined && !context.infras.isComplete ? settled : next;
    } catch (error) {
      if (isSkerryError(error) && error.code === 'StoreClosed') throw error;
      memory.attempts += 1;
      const { minMs, maxMs } = context.limits.backoff;
      const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(memory.attempts - 1, 20));
      memory.lookDueMono = context.clock.mono() + ceilingMs;
      memory.failure = error instanceof SkerryError ? error.message : String(error);
      return { kind: 'again', afterMs: ceilingMs };
    }
  }
}

function waitFor(afterMs: number | undefined): ReconcileOutcome {
  return afterMs === undefined ? settled : { kind: 'again', afterMs };
}
