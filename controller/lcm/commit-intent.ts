import { type CompiledIntent, compileNs, diffScope, type NewObject, type NsModels } from '#controller/decide/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId, NsInstanceId } from '#shared/model/ids.ts';
import type { Agent } from '#shared/model/inventory.ts';
import type { NsDesired, NsInstance, NsLcmOpOcc, OperationTarget, VnfInstance } from '#shared/model/ns-lcm.ts';
import type { Change, Entry, Expectation } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { actionObject, type OneShot, presentActions } from './actions.ts';
import type { LcmContext } from './lcm-context.ts';
import { changeLedger, heldDuring } from './ledger-change.ts';
import { operationEvent } from './operation-notification.ts';

/** One step of an operation: what is wanted from now on, and the documents that tell of it. */
export interface IntentMove {
  /** As read; the commit expects that it is still so. */
  ns: Entry<NsInstance>;
  nsChanges?: Partial<NsInstance>;
  /** As it shall be, but for its targets. */
  operation: NsLcmOpOcc;
  /** 0: it is new. */
  operationRevision: number;
  next: NsDesired | undefined;
  models: NsModels;
  newActions?: { action: OneShot; cause: string }[];
  isActionCancelled?: (opId: string) => boolean;
  /** Targets that go on to count where this step changes nothing. */
  carried: readonly OperationTarget[];
  extraChanges?: Change[];
  /** False where nobody is told (a pending cancel is no change of state). */
  isAnnounced?: boolean;
}

interface AgentPart {
  agentId: AgentId;
  upserts: NewObject[];
  tombstones: ReturnType<typeof diffScope>['tombstones'];
  objectCount: number;
  finished: string[];
}

/**
 * Intent, ledger, VNF instances, NS, operation and notification in one commit: a crash leaves all of it or none.
 *
 * @throws RevisionConflict, NoPlacement (no room), Unprocessable (cannot be compiled)
 */
export async function commitIntent(context: LcmContext, move: IntentMove): Promise<NsLcmOpOcc> {
  const { value: ns, key, revision } = move.ns;
  const parts = await agentParts(context, move);
  const ledger = await changeLedger(context.store, ns.id, ns.held ?? [], heldDuring(ns.held ?? [], move.next));
  const siteOf = await sitesOf(context, parts);
  const announced = move.isAnnounced === false ? [] : [operationEvent(ns, move.operation, context.clock.now())];
  const notifications = await context.notifier.stage(announced);
  const nextNs: NsInstance = {
    ...ns,
    ...move.nsChanges,
    desired: move.next,
    openOperationId: move.operation.id,
    held: ledger.held,
    agentIds: [...new Set([...(ns.agentIds ?? []), ...parts.map((part) => part.agentId)])],
    modifiedAt: context.clock.now(),
  };
  let operation = move.operation;
  const changes = (generations: ReadonlyMap<AgentId, number>): Change[] => {
    operation = { ...move.operation, targets: targetsOf(move.carried, parts, generations, siteOf) };
    return [
      { key, value: nextNs },
      { key: keys.operation(operation.id), value: operation },
      ...newVnfs(move, context.clock.now()),
      ...ledger.changes,
      ...parts.flatMap((part) => part.finished.map((opId) => ({ key: keys.oneShot(opId), value: undefined }))),
      ...(move.extraChanges ?? []),
      ...notifications,
    ];
  };
  const expect: Expectation[] = [
    { key, revision },
    { key: keys.operation(operation.id), revision: move.operationRevision },
    ...ledger.expect,
  ];
  const changed = parts.filter(isChanged).map(({ agentId, upserts, tombstones }) => ({ agentId, upserts, tombstones }));
  if (changed.length === 0) await context.store.commit(changes(new Map()), { expect });
  else await context.book.commit({ agents: changed, changes, expect });
  return operation;
}

function isChanged(part: AgentPart): boolean {
  return part.upserts.length > 0 || part.tombstones.length > 0;
}

async function agentParts(context: LcmContext, move: IntentMove): Promise<AgentPart[]> {
  const ns = move.ns.value;
  const compiled = compile(ns, move);
  const newActions = move.newActions ?? [];
  const counted = new Set(move.operation.oneShots.map((action) => action.opId));
  const isCounted = (opId: string) => move.next !== undefined && counted.has(opId);
  const agentIds = new Set([
    ...(ns.agentIds ?? []),
    ...compiled.keys(),
    ...newActions.map((item) => item.action.agentId),
  ]);
  return await Promise.all(
    [...agentIds].map(async (agentId) => {
      const present = await context.book.scope(agentId, ns.id);
      const actions = await presentActions(context, present, isCounted, move.isActionCancelled ?? (() => false));
      const added = newActions
        .filter((item) => item.action.agentId === agentId)
        .map((item) => actionObject(ns.id, item.action, item.cause));
      // Without the NS there is nothing left to act on.
      const kept = move.next === undefined ? [] : [...actions.kept, ...added];
      const wanted = [...(compiled.get(agentId) ?? []), ...kept];
      const { upserts, tombstones } = diffScope(ns.id, present, wanted, move.operation.id);
      const objectCount = wanted.length > 0 ? wanted.length : tombstones.length;
      return { agentId, upserts, tombstones, objectCount, finished: actions.finished };
    }),
  );
}

function compile(ns: NsInstance, move: IntentMove): CompiledIntent {
  if (move.next === undefined) return new Map();
  const compiled = compileNs({ id: ns.id, name: ns.name }, move.next, move.models);
  if (!compiled.ok) throw compiled.error;
  return compiled.value;
}

async function sitesOf(context: LcmContext, parts: readonly AgentPart[]): Promise<Map<AgentId, Agent['siteId']>> {
  const sites = new Map<AgentId, Agent['siteId']>();
  for (const { agentId } of parts) {
    const agent = await context.store.get<Agent>(keys.agent(agentId));
    if (agent === undefined)
      throw new SkerryError('Conflict', `Agent ${agentId} is gone`, {
        remedy: 'Enrol it again, or fail the operation.',
      });
    sites.set(agentId, agent.value.siteId);
  }
  return sites;
}

function targetsOf(
  carried: readonly OperationTarget[],
  parts: readonly AgentPart[],
  generations: ReadonlyMap<AgentId, number>,
  siteOf: ReadonlyMap<AgentId, Agent['siteId']>,
): OperationTarget[] {
  const targets = new Map(carried.map((target) => [target.agentId, target]));
  for (const part of parts.filter(isChanged)) {
    const { agentId, objectCount } = part;
    targets.set(agentId, {
      agentId,
      siteId: siteOf.get(agentId)!,
      generation: generations.get(agentId) ?? 0,
      objectCount,
    });
  }
  return [...targets.values()];
}

/** VNF instances get their document with the intent that asks for them; those that go lose it when they are gone. */
function newVnfs({ ns, next, models }: IntentMove, now: number): Change[] {
  const known = new Set((ns.value.held ?? []).map((item) => item.vnfInstanceId));
  return (next?.vnfs ?? [])
    .filter((vnf) => !known.has(vnf.vnfInstanceId))
    .map((vnf) => {
      const model = models.vnfs.get(`${vnf.vnfPackageId}/${vnf.vnfPackageRevision}`)?.model;
      const value: VnfInstance = {
        id: vnf.vnfInstanceId,
        nsInstanceId: ns.value.id,
        projectId: ns.value.projectId,
        name: vnf.name,
        vnfdId: model?.vnfdId ?? '',
        vnfPackageId: vnf.vnfPackageId,
        profileId: vnf.profileId,
        state: 'NOT_INSTANTIATED',
        createdAt: now,
      };
      return { key: keys.vnf(vnf.vnfInstanceId), value };
    });
}

/** Every object key that the NS has in some agent's intent. */
export async function presentKeys(context: LcmContext, ns: NsInstance): Promise<Set<string>> {
  const scope: NsInstanceId = ns.id;
  const lists = await Promise.all((ns.agentIds ?? []).map((agentId) => context.book.scope(agentId, scope)));
  return new Set(lists.flat().map((object) => object.key));
}
