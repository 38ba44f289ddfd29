import type { LinkedIntentHolder } from '../intent/index.ts';
import type { LinkedOutbox } from '../report/index.ts';
import type { AgentStore } from '../store/index.ts';

/** The store takes a new identity: what must be delivered is carried over, workloads stay untouched, an alarm tells why. */
export function rebirth(
  parts: { store: AgentStore; holder: LinkedIntentHolder; outbox: LinkedOutbox },
  reason: string,
): Promise<string> {
  return parts.store.transact((tx) => {
    const storeId = parts.holder.renewStore(tx);
    parts.outbox.rebirth(tx);
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
