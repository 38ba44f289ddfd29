import { instantiateNs, networksOf, placeNs, unkeptDependencies, wishFor } from '#controller/decide/index.ts';
import type { NsInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsDesired, NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { InstantiateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { beginOperation, type Decision, newNames } from './begin-operation.ts';
import { infraCandidates, netMapsOf } from './infra-candidates.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModelsForNew } from './load-models.ts';

export function instantiate(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: InstantiateNsRequest,
): Promise<NsLcmOpOcc> {
  return beginOperation(context, {
    request,
    nsInstanceId,
    type: 'INSTANTIATE',
    params: body as JsonObject,
    decide: (ns) => decideInstantiate(context, ns, body),
  });
}

async function decideInstantiate(context: LcmContext, ns: NsInstance, body: InstantiateNsRequest): Promise<Decision> {
  const models = await loadModelsForNew(context.catalog, ns);
  const names = newNames(context);
  const wanted = instantiateNs(body, ns.name, models, names);
  if (!wanted.ok) throw wanted.error;
  const { flavourId, levelId, scaleLevels, params } = wanted.value;
  const candidates = await infraCandidates(context.store);
  const wish = (profileId: string) => wishFor(body, profileId);
  const vnfs = placeNs([], wanted.value.vnfs, { flavourId, models, candidates, wish });
  if (!vnfs.ok) throw vnfs.error;
  const networks = networksOf(vnfs.value, [], {
    flavourId,
    models,
    newKey: names.newKey,
    nets: netMapsOf(candidates),
  });
  const next: NsDesired = { flavourId, levelId, scaleLevels, vnfs: vnfs.value, networks, params };
  return {
    next,
    models,
    explanation: vnfs.value.flatMap((vnf) => vnf.placement.explanation),
    affectedVnfIds: vnfs.value.map((vnf) => vnf.vnfInstanceId),
    removedVnfIds: [],
    warnings: unkeptDependencies(
      models.ns.flavours.find((flavour) => flavour.id === flavourId),
      vnfs.value,
    ),
  };
}
