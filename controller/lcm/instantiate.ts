import { instantiateNs, networksOf, placeNs, unkeptDependencies, wishFor } from '#controller/decide/index.ts';
import type { NsInstanceId, NsLcmOpOccId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsDesired, NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { InstantiateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { beginOperation, checkState, type Decision, newNames } from './begin-operation.ts';
import { infraCandidates, netMapsOf } from './infra-candidates.ts';
import { type KduCharts, kduCharts, withFirstRevisions } from './kdu-charts.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModelsForNew } from './load-models.ts';
import { readNs } from './read-ns.ts';

export async function instantiate(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: InstantiateNsRequest,
): Promise<NsLcmOpOcc> {
  const charts = kduCharts(context);
  if (context.charts !== undefined) await fetchCharts(context, request, nsInstanceId, { body, charts });
  return await beginOperation(context, {
    request,
    nsInstanceId,
    type: 'INSTANTIATE',
    params: body as JsonObject,
    decide: (ns, operationId) => decideInstantiate(context, ns, body, { charts, operationId }),
  });
}

/** Repositories are asked before anybody has to wait for this decision. */
async function fetchCharts(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  { body, charts }: { body: InstantiateNsRequest; charts: KduCharts },
): Promise<void> {
  const ns = (await readNs(context.store, request, nsInstanceId)).value;
  checkState(ns, 'INSTANTIATE');
  const models = await loadModelsForNew(context.catalog, ns);
  const wanted = instantiateNs(body, ns.name, models, newNames(context));
  if (!wanted.ok) throw wanted.error;
  await withFirstRevisions(wanted.value.vnfs, { context, models, charts, operationId: '' as NsLcmOpOccId });
}

async function decideInstantiate(
  context: LcmContext,
  ns: NsInstance,
  body: InstantiateNsRequest,
  use: { charts: KduCharts; operationId: NsLcmOpOccId },
): Promise<Decision> {
  const models = await loadModelsForNew(context.catalog, ns);
  const names = newNames(context);
  const wanted = instantiateNs(body, ns.name, models, names);
  if (!wanted.ok) throw wanted.error;
  const { flavourId, levelId, scaleLevels, params } = wanted.value;
  const candidates = await infraCandidates(context.store);
  const wish = (profileId: string) => wishFor(body, profileId);
  const added = await withFirstRevisions(wanted.value.vnfs, { context, models, ...use });
  const vnfs = placeNs([], added, { flavourId, models, candidates, wish });
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
