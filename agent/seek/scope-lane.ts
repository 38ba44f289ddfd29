import type { InfraId } from '#shared/model/ids.ts';
import type { ReconcileOutcome } from '#shared/reconcile/index.ts';
import { isReachedOwed, planReached, planUnit, type ReachedRecord, type ScopeSituation } from '../plan/index.ts';
import { agentKeys } from '../store/agent-store.ts';
import type { ScopeIntent } from './intent-index.ts';
import type { OperationLane } from './operation-lane.ts';
import type { SeekContext } from './seek-context.ts';
import { infraIdOf, situationOf } from './unit-situations.ts';

/** Says `reached` for a scope: first what the lanes remember, then one fresh look over all of it. */
export class ScopeLane {
  readonly #context: SeekContext;
  readonly #operations: OperationLane;

  constructor(context: SeekContext, operations: OperationLane) {
    this.#context = context;
    this.#operations = operations;
  }

  /** Is a report owed for what the scope asks now? */
  isOwed(scope: string): boolean {
    return isReachedOwed(this.#frame(scope, this.#context.index().scope(scope)));
  }

  async reconcile(scope: string): Promise<ReconcileOutcome> {
    const intent = this.#context.index().scope(scope);
    if (!this.isOwed(scope) || !this.#looksReached(scope, intent)) return { kind: 'settled' };
    await this.#look(intent);
    const situation = this.#situation(scope, intent, true);
    const body = planReached(situation);
    if (body === undefined) {
      // Something moved between two looks: its lane is told by the look itself.
      for (const { key } of [...intent.units, ...intent.tombstones]) this.#context.wake(key);
      return { kind: 'settled' };
    }
    const { store, holder, outbox } = this.#context;
    const isReported = await store.transact((tx) => {
      const head = holder.head();
      if (head.generation !== body.generation || head.lineage !== body.lineage) return false;
      outbox.append(tx, 'results', body);
      holder.bury(tx, body.removed);
      const isEmpty = body.objects.length === 0 && situation.otherRevisions.length === 0;
      if (isEmpty) tx.delete(agentKeys.reached(scope));
      else
        tx.put(agentKeys.reached(scope), {
          lineage: body.lineage,
          generation: body.generation,
        } satisfies ReachedRecord);
      return true;
    });
    return isReported ? { kind: 'settled' } : { kind: 'again', afterMs: 0 };
  }

  #frame(scope: string, intent: ScopeIntent) {
    const { lineage, generation } = this.#context.holder.head();
    return {
      scope,
      head: { lineage, generation },
      last: this.#context.store.get<ReachedRecord>(agentKeys.reached(scope)),
      otherRevisions: intent.otherRevisions,
      units: intent.units,
      tombstones: intent.tombstones,
    };
  }

  /** Cheap: asks what the lanes found last. */
  #looksReached(scope: string, intent: ScopeIntent): boolean {
    return planReached(this.#situation(scope, intent, false)) !== undefined;
  }

  #situation(scope: string, intent: ScopeIntent, isFresh: boolean): ScopeSituation {
    const planOf = (key: (typeof intent.units)[number]['key']) => {
      const remembered = this.#context.memory(key).plan;
      const situation = isFresh ? situationOf(this.#context, key) : undefined;
      return situation === undefined ? remembered : planUnit(situation);
    };
    const none = { steps: [], record: undefined, observed: undefined, isReady: false, isGone: false };
    return {
      ...this.#frame(scope, intent),
      units: intent.units.map(({ key, revision }) => ({ key, revision, plan: planOf(key) ?? none })),
      tombstones: intent.tombstones.map(({ key, revision }) => ({
        key,
        revision,
        isGone: planOf(key)?.isGone ?? false,
      })),
      openOperations: intent.operations.filter((operation) => this.#operations.isOpen(operation)).length,
    };
  }

  async #look(intent: ScopeIntent): Promise<void> {
    const infraIds = new Set<InfraId | undefined>(
      intent.units.map(({ key }) => infraIdOf(this.#context, key, this.#context.journal.record(key))),
    );
    await Promise.all(
      [...infraIds].map((infraId) => (infraId === undefined ? undefined : this.#context.infras.lane(infraId)?.look())),
    );
  }
}
