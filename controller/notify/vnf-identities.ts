import type { JsonObject } from '#shared/model/json.ts';
import type { VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import type { NotificationEvent } from './notifier.ts';

/**
 * Adds what AffectedVnf has to tell of each VNF (ETSI GS NFV-SOL 005 clause 6.5.3.2) and an operation does not hold. It is
 * read before the commit that the event is staged for, so that VNFs which this very commit removes are still known.
 */
export async function withVnfIdentities(store: Store, event: NotificationEvent): Promise<NotificationEvent> {
  const affected = event.facts['affectedVnf'];
  if (!Array.isArray(affected) || affected.length === 0) return event;
  const affectedVnf = await Promise.all(
    affected.map(async (one: JsonObject) => {
      const found = await store.get<VnfInstance>(keys.vnf(String(one['vnfInstanceId'])));
      const { vnfdId = '', profileId = '', name = '' } = found?.value ?? {};
      return { vnfdId, vnfProfileId: profileId, vnfName: name, ...one };
    }),
  );
  return { ...event, facts: { ...event.facts, affectedVnf } };
}
