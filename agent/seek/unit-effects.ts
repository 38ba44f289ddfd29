import type { CallContext, DesiredUnit, ObservedUnit, UnitRef } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { type Incarnation, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import { uuidV5 } from '#shared/wire/digest.ts';
import type { DesiredState, UnitPlan, UnitSituation } from '../plan/index.ts';
import type { Transaction } from '../store/agent-store.ts';
import type { InfraLane } from './infra-lane.ts';
import { keepPlan } from './keep-plan.ts';
import { callPlatform, isWithoutEffect, messageOf } from './platform-call.ts';
import type { SeekContext } from './seek-context.ts';
import { reportFailure, reportState, unitState } from './unit-reports.ts';

/** Namespace of the names that we give to platform objects (RFC 9562, version 5). */
export const nameSpace = '8f6d1f6e-3f0e-5c57-9a53-2f0b6b1d7c11';

export interface EffectTask {
  key: ObjectKey;
  situation: UnitSituation;
  plan: UnitPlan;
  lane: InfraLane;
  signal: AbortSignal;
}

/**
 * Effects on a platform, each with its write-ahead record: log, call, done. None of them throws for what the platform does:
 * failures become back-off, doubt or a report, and the lane plans again.
 */
export class UnitEffects {
  readonly #context: SeekContext;

  constructor(context: SeekContext) {
    this.#context = context;
  }

  async create(task: EffectTask): Promise<void> {
    const { key, situation, plan } = task;
    const desired = situation.desired!;
    const complaint = this.#complaint(task);
    if (complaint !== undefined) return this.#failed(task, complaint);
    const { store, journal, outbox } = this.#context;
    const logged = await store.transact((tx) => {
      if (this.#isOutdated(key, desired)) return undefined;
      keepPlan(this.#context, tx, key, plan);
      const created = journal.logCreate(tx, key, desired);
      if (created.healing !== undefined)
        outbox.append(tx, 'decisions', {
          type: 'healed',
          key,
          scope: desired.scope,
          from: created.healing.from,
          to: created.current.incarnation,
          cause: created.healing.cause,
        });
      return created.current;
    });
    if (logged === undefined) return;
    await this.#ensure(task, logged.incarnation, false);
  }

  async update(task: EffectTask, incarnation: Incarnation): Promise<void> {
    const { key, situation, plan } = task;
    const complaint = this.#complaint(task);
    if (complaint !== undefined) return this.#failed(task, complaint);
    const isLogged = await this.#context.store.transact((tx) => {
      if (this.#isOutdated(key, situation.desired!)) return false;
      keepPlan(this.#context, tx, key, plan);
      this.#context.journal.logUpdate(tx, key, situation.desired!);
      return true;
    });
    if (isLogged) await this.#ensure(task, incarnation, true);
  }

  /** The condemnation on disk is the log of a removal; removing may be repeated. */
  async remove(task: EffectTask, incarnation: Incarnation): Promise<void> {
    const { key, plan, lane } = task;
    const memory = this.#context.memory(key);
    await keepPlanIfChanged(this.#context, key, plan);
    const ref = this.#ref(task, incarnation);
    try {
      await this.#call(task, (context) => lane.connector.remove(context, ref));
      await lane.look();
    } catch (error) {
      return this.#backOff(key, error);
    }
    const left = lane.view(key)?.units.find((unit) => unit.incarnation === incarnation);
    if (left !== undefined && left.phase !== 'removing')
      return this.#backOff(key, new SkerryError('PlatformUnavailable', 'it is still there after its removal'));
    memory.attempts = 0;
    memory.notBeforeMono = 0;
    this.#context.wakeForCapacity(lane.infraId);
  }

  #ref(task: EffectTask, incarnation: Incarnation): UnitRef {
    const { siteId, agentId } = this.#context;
    const { key, situation, plan } = task;
    return {
      key,
      kind: situation.desired?.kind ?? plan.record!.kind,
      owner: id<OwnerId>(agentId),
      incarnation,
      name: uuidV5(nameSpace, `${siteId}/${key}/${incarnation}`),
    };
  }

  async #ensure(task: EffectTask, incarnation: Incarnation, mustExist: boolean): Promise<void> {
    const { key, situation, lane } = task;
    const desired = situation.desired!;
    const unit: DesiredUnit = {
      ...this.#ref(task, incarnation),
      spec: this.#context.index().units.get(key)?.body.spec ?? {},
      specDigest: desired.specDigest,
      revision: desired.revision,
      mustExist,
      dependencies: this.#dependencies(desired),
    };
    const memory = this.#context.memory(key);
    let observed: ObservedUnit;
    try {
      observed = await this.#call(task, (context) => lane.connector.ensure(context, unit));
    } catch (error) {
      if (!isWithoutEffect(error)) return this.#inDoubt(key, error);
      return this.#refused(task, error);
    }
    // Until `done` is on disk, the effect is in doubt like any other.
    memory.doubtSinceMono = this.#context.clock.mono();
    lane.patch(key, observed);
    await this.#context.store.transact((tx) => {
      const record = this.#context.journal.done(tx, key, observed.specDigest);
      const isReady =
        observed.phase === 'ready' &&
        !observed.drifted &&
        observed.isStepDue !== true &&
        observed.specDigest === desired.specDigest &&
        record.condemned.length === 0;
      const plan = { steps: [], record, observed, isReady, isGone: false };
      memory.attempts = 0;
      const state = unitState(
        this.#context,
        { key, desired, plan },
        isReady ? '' : (observed.message ?? 'is being made'),
      );
      reportState(this.#context, tx, key, state);
    });
    memory.doubtSinceMono = undefined;
    memory.notBeforeMono = 0;
    memory.failure = '';
  }

  async #call<T>(task: EffectTask, call: (context: CallContext) => Promise<T>): Promise<T> {
    task.lane.touch(task.key);
    try {
      return await callPlatform(this.#context, task.signal, call);
    } finally {
      task.lane.touch(task.key);
    }
  }

  #dependencies(desired: DesiredState): Record<ObjectKey, ObservedUnit> {
    const found: Record<ObjectKey, ObservedUnit> = {};
    for (const key of desired.dependsOn) {
      const observed = this.#context.memory(key).plan?.observed;
      if (observed !== undefined) found[key] = observed;
    }
    return found;
  }

  #complaint(task: EffectTask): SkerryError | undefined {
    const unit = this.#context.index().units.get(task.key);
    if (unit === undefined) return undefined;
    const { kind, spec } = unit.body;
    if (!task.lane.connector.manifest.units.includes(kind))
      return new SkerryError('PlatformRefused', `This infra makes no ${kind}`, {
        remedy: 'Place the unit on an infra of another kind.',
      });
    const parsed = task.lane.connector.parseSpec(kind, spec);
    return parsed.ok ? undefined : parsed.error;
  }

  /** The intent may have changed while the transaction waited for its turn. */
  #isOutdated(key: ObjectKey, desired: DesiredState): boolean {
    return this.#context.holder.object(key)?.revision !== desired.revision;
  }

  async #refused(task: EffectTask, error: SkerryError): Promise<void> {
    const { key, situation } = task;
    const memory = this.#context.memory(key);
    if (error.details['needsReplacement'] === true) {
      memory.replaceForDigest = situation.desired?.specDigest;
      await this.#context.store.transact((tx) => this.#giveBack(tx, task));
      return;
    }
    await this.#failed(task, error, (tx) => this.#giveBack(tx, task));
    // Refused because it is not there: the next look decides.
    if (error.code === 'NotFound') await task.lane.look().catch(() => undefined);
  }

  #giveBack(tx: Transaction, task: EffectTask): void {
    const { key, plan, situation } = task;
    const before =
      plan.observed ?? situation.look?.units.find((u) => u.incarnation === plan.record?.current?.incarnation);
    this.#context.journal.refused(tx, key, before?.specDigest);
  }

  async #failed(task: EffectTask, error: SkerryError, also?: (tx: Transaction) => void): Promise<void> {
    const { key, situation, plan } = task;
    const desired = situation.desired!;
    const memory = this.#context.memory(key);
    this.#backOff(key, error);
    const { capacityAttempts } = this.#context.limits;
    const isOutOfRoom = error.code === 'PlatformCapacity' && memory.attempts >= capacityAttempts;
    await this.#context.store.transact((tx) => {
      also?.(tx);
      if (error.retry === 'never' || isOutOfRoom) reportFailure(this.#context, tx, { key, desired, error });
      reportState(this.#context, tx, key, unitState(this.#context, { key, desired, plan }, error.message));
    });
    this.#context.wakeScope(desired.scope);
  }

  /** The call may have acted, or may act yet: only looking tells. */
  #inDoubt(key: ObjectKey, error: unknown): void {
    this.#context.memory(key).doubtSinceMono = this.#context.clock.mono();
    this.#backOff(key, error);
    this.#context.log.warn({ key, error }, 'A platform call is in doubt; looking for what it did.');
  }

  #backOff(key: ObjectKey, error: unknown): void {
    const { limits, clock, random } = this.#context;
    const memory = this.#context.memory(key);
    memory.attempts += 1;
    memory.failure = messageOf(error);
    const isKnown = error instanceof SkerryError;
    memory.lastCode = isKnown ? error.code : undefined;
    const { minMs, maxMs } = limits.backoff;
    const isFinal = isKnown && error.retry === 'never';
    const ceilingMs = isFinal ? maxMs : Math.min(maxMs, minMs * 2 ** Math.min(memory.attempts - 1, 20));
    const wantedMs = isKnown && typeof error.retry === 'object' ? error.retry.afterMs : ceilingMs;
    memory.notBeforeMono = clock.mono() + wantedMs * (0.5 + 0.5 * random.next());
  }
}

async function keepPlanIfChanged(context: SeekContext, key: ObjectKey, plan: UnitPlan): Promise<void> {
  if (plan.steps.length > 1) await context.store.transact((tx) => keepPlan(context, tx, key, plan));
}
