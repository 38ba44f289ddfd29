import { SkerryError } from '#shared/errors/index.ts';
import type { NsInstanceId, NsLcmOpOccId } from '#shared/model/ids.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Entry, Store } from '#shared/store/store.ts';
import { isVisible, type RequestContext } from '../context.ts';
import { keys } from '../keys.ts';

/** @throws NotFound, also for another project's: its existence is nobody's business. */
export async function readNs(store: Store, request: RequestContext, id: NsInstanceId): Promise<Entry<NsInstance>> {
  const entry = await store.get<NsInstance>(keys.ns(id));
  if (entry === undefined || !isVisible(request.principal, entry.value))
    throw new SkerryError('NotFound', `NS instance ${id} does not exist`, {
      remedy: 'List them with `skerry ns list`.',
    });
  return entry;
}

/** @throws NotFound */
export async function readOperation(
  store: Store,
  request: RequestContext,
  id: NsLcmOpOccId,
): Promise<Entry<NsLcmOpOcc>> {
  const entry = await store.get<NsLcmOpOcc>(keys.operation(id));
  if (entry === undefined || !isVisible(request.principal, entry.value))
    throw new SkerryError('NotFound', `NS LCM operation occurrence ${id} does not exist`, {
      remedy: 'List them with `skerry op list`.',
    });
  return entry;
}
