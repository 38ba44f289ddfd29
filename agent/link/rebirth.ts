import type { IntentObject, OperationResultBody } from '#shared/wire/frames.ts';
import type { LinkedIntentHolder } from '../intent/index.ts';
import type { LinkedOutbox } from '../report/index.ts';
import { type AgentStore, agentKeys, type Transaction } from '../store/index.ts';

/** What of `op/<opId>` is needed here. */
interface EndedOperation {
  opId: string;
  status: string;
  from?: OperationResultBody['incarnation'];
  result?: OperationResultBody['result'];
}

interface RebirthParts {
  store: AgentStore;
  holder: LinkedIntentHolder;
  outbox: LinkedOutbox;
}

/**
 * After a repair, before anything else is written: what is appended to a stream whose head was lost would take the place of
 * records that are still there.
 */
export async function rebirthIfDue(parts: RebirthParts): Promise<void> {
  const due = parts.store.get<{ damage: string[] }>(agentKeys.rebirthDue);
  if (due !== undefined) await rebirth(parts, due.damage[0] ?? 'the store was repaired');
}

/** The store takes a new identity: what must be delivered is carried over, workloads stay untouched, an alarm tells why. */
export function rebirth(parts: RebirthParts, reason: string): Promise<string> {
  return parts.store.transact((tx) => {
    const isRepaired = tx.get(agentKeys.rebirthDue) !== undefined;
    const storeId = parts.holder.renewStore(tx);
    parts.outbox.rebirth(tx);
    if (isRepaired) tellResultsAgain(parts, tx);
    parts.outbox.append(tx, 'alarms', {
      type: 'alarm',
      alarmId: `store-reborn/${storeId}`,
      key: 'agent',
      scope: '',
      severity: 'WARNING',
      eventType: 'PROCESSING_ERROR_ALARM',
      probableCause: `StoreReborn: ${reason}`.slice(0, 500),
      raised: true,
    });
    return storeId;
  });
}

/** A repair may have cost a result's record: told again, the controller takes the first of each operation. */
function tellResultsAgain({ holder, outbox }: RebirthParts, tx: Transaction): void {
  for (const [, { opId, status, from, result }] of tx.range<EndedOperation>(agentKeys.operationPrefix)) {
    const object = tx.get<IntentObject>(agentKeys.intent(`operation/${opId}`));
    if (status !== 'finished' || result === undefined || object === undefined) continue;
    const { lineage } = holder.head();
    const message = 'told again after the store was repaired';
    outbox.append(tx, 'results', {
      type: 'operation-result',
      lineage,
      opId,
      scope: object.scope,
      result,
      message,
      ...(from === undefined ? {} : { incarnation: from }),
    });
  }
}
