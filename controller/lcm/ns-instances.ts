import { SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo } from '#shared/model/catalog.ts';
import { type AgentId, id, type NsInstanceId } from '#shared/model/ids.ts';
import type { NsInstance } from '#shared/model/ns-lcm.ts';
import type { CreateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { Change } from '#shared/store/store.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import { type RequestContext, visibleProject } from '../context.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import { retryConflicts } from '../retry-conflicts.ts';
import { failuresOf, forget } from './failures.ts';
import type { LcmContext } from './lcm-context.ts';
import { nsIdentifierEvent } from './operation-notification.ts';
import { readNs } from './read-ns.ts';

/**
 * The commit expects the NSD as it was read: it cannot be disabled, and then deleted, in between.
 *
 * @throws NotFound (no such NSD), Conflict (it is disabled)
 */
export function createNs(context: LcmContext, request: RequestContext, body: CreateNsRequest): Promise<NsInstance> {
  return retryConflicts(() => createOnce(context, request, body));
}

async function createOnce(context: LcmContext, request: RequestContext, body: CreateNsRequest): Promise<NsInstance> {
  const { id: nsdInfoId } = await context.catalog.resolveNsd(body.nsdId, visibleProject(request.principal));
  const entry = await context.store.get<NsdInfo>(keys.nsd(nsdInfoId));
  if (entry === undefined) throw new SkerryError('NotFound', `There is no NSD ${body.nsdId}`);
  const nsd = entry.value;
  if (nsd.operationalState !== 'ENABLED')
    throw new SkerryError('Conflict', `NSD ${body.nsdId} is disabled`, { remedy: 'Enable it first.' });
  const now = context.clock.now();
  const ns: NsInstance = {
    id: id<NsInstanceId>(context.random.uuid()),
    projectId: request.principal.projectId,
    name: body.nsName,
    description: body.nsDescription ?? '',
    nsdInfoId: nsd.id,
    nsdRevision: nsd.revision,
    nsdId: nsd.nsdId ?? body.nsdId,
    state: 'NOT_INSTANTIATED',
    generation: 0,
    createdAt: now,
    modifiedAt: now,
  };
  const notifications = await context.notifier.stage([nsIdentifierEvent('Creation', ns, now)]);
  const key = keys.ns(ns.id);
  await context.store.commit([{ key, value: ns }, ...notifications], {
    expect: [
      { key, revision: 0 },
      { key: entry.key, revision: entry.revision },
    ],
  });
  return ns;
}

/** Removes the NS and every record that only it gives a meaning to; its operations stay as history. */
export function deleteNs(context: LcmContext, request: RequestContext, nsInstanceId: NsInstanceId): Promise<void> {
  return retryConflicts(async () => {
    const entry = await readNs(context.store, request, nsInstanceId);
    const ns = entry.value;
    if (ns.openOperationId !== undefined)
      throw new SkerryError(
        'OperationInProgress',
        `NS instance ${ns.name} is busy with operation ${ns.openOperationId}`,
      );
    if (ns.state !== 'NOT_INSTANTIATED')
      throw new SkerryError('Conflict', `NS instance ${ns.name} is INSTANTIATED`, { remedy: 'Terminate it first.' });
    const changes: Change[] = [{ key: entry.key, value: undefined }, ...forget(await failuresOf(context, ns))];
    for (const agentId of ns.agentIds ?? []) {
      changes.push({ key: keys.reached(agentId, ns.id), value: undefined });
      changes.push(...(await stateRecords(context, agentId, ns.id)));
    }
    for (const item of ns.held ?? []) changes.push({ key: keys.vnf(item.vnfInstanceId), value: undefined });
    changes.push(...(await context.notifier.stage([nsIdentifierEvent('Deletion', ns, context.clock.now())])));
    await context.store.commit(changes, { expect: [{ key: entry.key, revision: entry.revision }] });
  });
}

async function stateRecords({ store }: LcmContext, agentId: AgentId, scope: string): Promise<Change[]> {
  const states = await store.range<StateRecord>({ prefix: keys.state(agentId, '') });
  return states
    .filter(({ value }) => value.body.type === 'unit' && (value.body as UnitState).scope === scope)
    .map(({ key }) => ({ key, value: undefined }));
}
