import type { NsInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { TerminateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { beginOperation } from './begin-operation.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModels } from './load-models.ts';

/** Tombstones for everything at once: `terminationTime` may only say how long a graceful end may take, and none is needed. */
export function terminate(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: TerminateNsRequest,
): Promise<NsLcmOpOcc> {
  return beginOperation(context, {
    request,
    nsInstanceId,
    type: 'TERMINATE',
    params: body as JsonObject,
    decide: async (ns) => ({
      next: undefined,
      models: await loadModels(context.catalog, ns),
      explanation: [],
      affectedVnfIds: [],
      removedVnfIds: (ns.held ?? []).map((item) => item.vnfInstanceId),
      warnings: body.terminationTime === undefined ? [] : ['terminationTime is not waited for: removal began at once.'],
    }),
  });
}
