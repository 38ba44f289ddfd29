import type { SkerryError } from '#shared/errors/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import type { JournalRecord } from '../journal/index.ts';
import { type DesiredState, emptyRecord, type UnitPlan } from '../plan/index.ts';
import { agentKeys, type Transaction } from '../store/agent-store.ts';
import { messageOf } from './platform-call.ts';
import type { SeekContext } from './seek-context.ts';

/** The state slot of a unit as it is now. `message` says what is done or waited for. */
export function unitState(
  context: SeekContext,
  unit: { key: ObjectKey; desired: DesiredState; plan: UnitPlan },
  message: string,
): UnitState {
  const { key, desired, plan } = unit;
  return {
    type: 'unit',
    scope: desired.scope,
    generation: context.holder.head().generation,
    revision: desired.revision,
    ready: plan.isReady,
    observed: plan.observed ?? null,
    message,
    attempts: context.memory(key).attempts,
  };
}

/**
 * Puts the slot into the transaction, unless nothing changed since the last time. The generation alone is no news: else each
 * change of the document would send every unit again.
 */
export function reportState(context: SeekContext, tx: Transaction, key: ObjectKey, state: UnitState | null): void {
  const memory = context.memory(key);
  context.outbox.state(tx, key, state);
  tx.onDurable(() => {
    memory.reported = fingerprint(state);
  });
}

export function isNews(context: SeekContext, key: ObjectKey, state: UnitState | null): boolean {
  return context.memory(key).reported !== fingerprint(state);
}

function fingerprint(state: UnitState | null): string {
  return canonicalJson(state === null ? null : { ...state, generation: 0 });
}

/** `unit-failed`, once per revision: this revision cannot be made for a reason that repeating will not change. */
export function reportFailure(
  context: SeekContext,
  tx: Transaction,
  failed: { key: ObjectKey; desired: DesiredState; error: SkerryError },
): void {
  const { key, desired, error } = failed;
  const record = tx.get<JournalRecord>(agentKeys.journal(key)) ?? emptyRecord(desired);
  if (record.failedRevision === desired.revision) return;
  tx.put(agentKeys.journal(key), { ...record, failedRevision: desired.revision });
  const { lineage, generation } = context.holder.head();
  context.outbox.append(tx, 'results', {
    type: 'unit-failed',
    lineage,
    generation,
    scope: desired.scope,
    key,
    revision: desired.revision,
    code: error.code,
    message: messageOf(error),
  });
}
