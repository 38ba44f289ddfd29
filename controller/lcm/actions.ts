import type { HealTarget, NewObject } from '#controller/decide/index.ts';
import { type AgentId, type Incarnation, id, type ObjectKey } from '#shared/model/ids.ts';
import type { NsLcmOpOcc, OneShotRecord, ReachedRecord } from '#shared/model/ns-lcm.ts';
import type { IntentObject, OperationObject, UnitState } from '#shared/wire/frames.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import type { LcmContext } from './lcm-context.ts';

export type OneShot = NsLcmOpOcc['oneShots'][number];

/** A one-shot per unit, naming the incarnation that is condemned as far as it is known. */
export async function planActions(
  context: LcmContext,
  scope: string,
  targets: readonly HealTarget[],
): Promise<OneShot[]> {
  return await Promise.all(
    targets.map(async ({ agentId, key }) => {
      const opId = context.random.uuid();
      const incarnation = await currentIncarnation(context, { agentId, key, scope });
      return {
        opId,
        agentId,
        key: actionKey(opId),
        target: key,
        ...(incarnation === undefined ? {} : { incarnation }),
      };
    }),
  );
}

async function currentIncarnation(
  { store }: LcmContext,
  unit: { agentId: AgentId; key: ObjectKey; scope: string },
): Promise<Incarnation | undefined> {
  const state = await store.get<StateRecord>(keys.state(unit.agentId, unit.key));
  const observed = (state?.value.body as UnitState | undefined)?.observed?.incarnation;
  if (observed !== undefined) return observed;
  const reached = await store.get<ReachedRecord>(keys.reached(unit.agentId, unit.scope));
  return reached?.value.objects.find((object) => object.key === unit.key)?.incarnation;
}

export function actionKey(opId: string): ObjectKey {
  return id<ObjectKey>(`operation/${opId}`);
}

export function actionObject(scope: string, action: OneShot, cause: string): NewObject {
  const body: OperationObject = {
    type: 'operation',
    opId: action.opId,
    verb: 'heal',
    target: action.target,
    precondition: action.incarnation === undefined ? {} : { incarnation: action.incarnation },
    args: cause === '' ? {} : { cause },
    notAfter: 0,
    cancelled: false,
  };
  return { key: action.key, scope, body, dependsOn: [] };
}

export interface PresentActions {
  /** Still wanted: unfinished, perhaps cancelled by this change. */
  kept: NewObject[];
  /** Their result is stored: object and record can go. */
  finished: string[];
}

/**
 * One-shots end only when their terminal result is stored; until then they stay in the intent. Those that the operation still
 * counts (`isCounted`) stay with their results until it ends: its summary reads them.
 */
export async function presentActions(
  { store }: LcmContext,
  present: readonly IntentObject[],
  isCounted: (opId: string) => boolean,
  isCancelled: (opId: string) => boolean,
): Promise<PresentActions> {
  const kept: NewObject[] = [];
  const finished: string[] = [];
  for (const { key, scope, body, dependsOn } of present) {
    if (body.type !== 'operation') continue;
    const record = await store.get<OneShotRecord>(keys.oneShot(body.opId));
    const cancelled = body.cancelled || (record === undefined && isCancelled(body.opId));
    if (record !== undefined && !isCounted(body.opId)) finished.push(body.opId);
    else kept.push({ key, scope, dependsOn, body: { ...body, cancelled } });
  }
  return { kept, finished };
}
