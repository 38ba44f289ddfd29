import { healTargets, unprocessable } from '#controller/decide/index.ts';
import type { NsInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { HealNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { planActions } from './actions.ts';
import { beginOperation, type Decision, desiredOf } from './begin-operation.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModels } from './load-models.ts';

export function heal(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: HealNsRequest,
): Promise<NsLcmOpOcc> {
  return beginOperation(context, {
    request,
    nsInstanceId,
    type: 'HEAL',
    params: body as JsonObject,
    decide: (ns) => decideHeal(context, ns, body),
  });
}

/** What is wanted stays as it is; each unit gets a one-shot that names the incarnation to be replaced. */
async function decideHeal(context: LcmContext, ns: NsInstance, body: HealNsRequest): Promise<Decision> {
  const desired = desiredOf(ns);
  const models = await loadModels(context.catalog, ns);
  const targets = healTargets(desired, body);
  if (!targets.ok) throw targets.error;
  if (targets.value.length === 0) throw unprocessable('there is nothing to heal', 'healVnfData').error;
  const actions = await planActions(context, ns.id, targets.value);
  const healed = new Set(targets.value.map((target) => target.key));
  const affected = desired.vnfs.filter((vnf) => [...vnf.vnfcs, ...vnf.kdus].some((part) => healed.has(part.key)));
  return {
    next: desired,
    models,
    newActions: actions.map((action, index) => ({ action, cause: targets.value[index]?.cause ?? '' })),
    explanation: affected.map((vnf) => `${vnf.name} is healed where it is.`),
    affectedVnfIds: affected.map((vnf) => vnf.vnfInstanceId),
    removedVnfIds: [],
    warnings: [],
  };
}
