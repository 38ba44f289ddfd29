import {
  type NsModels,
  networksOf,
  placeNs,
  scaleNs,
  scaleVnfs,
  unprocessable,
  wishFor,
  withAmounts,
} from '#controller/decide/index.ts';
import type { NsInstanceId, NsLcmOpOccId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsDesired, NsInstance, NsLcmOpOcc, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { ScaleNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { beginOperation, checkState, type Decision, desiredOf, newNames } from './begin-operation.ts';
import { infraCandidates, netMapsOf } from './infra-candidates.ts';
import { type KduCharts, kduCharts, withFirstRevisions } from './kdu-charts.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModels, loadModelsForNew } from './load-models.ts';
import { readNs } from './read-ns.ts';

export async function scale(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: ScaleNsRequest,
): Promise<NsLcmOpOcc> {
  const charts = await fetchCharts(context, request, nsInstanceId, body);
  return await beginOperation(context, {
    request,
    nsInstanceId,
    type: 'SCALE',
    params: body as unknown as JsonObject,
    decide: (ns, operationId) =>
      body.scaleType === 'SCALE_NS'
        ? decideScaleNs(context, ns, body, { charts, operationId })
        : decideScaleVnf(context, ns, body),
  });
}

/** Repositories are asked before anybody has to wait for this decision. */
async function fetchCharts(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: ScaleNsRequest,
): Promise<KduCharts> {
  if (context.charts === undefined || body.scaleNsData === undefined) return kduCharts(context);
  const ns = (await readNs(context.store, request, nsInstanceId)).value;
  checkState(ns, 'SCALE');
  const desired = desiredOf(ns);
  const charts = kduCharts(context, desired);
  const models = await loadModelsForNew(context.catalog, ns);
  const scaled = scaleNs(desired, body.scaleNsData, ns.name, { models, names: newNames(context) });
  if (!scaled.ok) throw scaled.error;
  const operationId = '' as NsLcmOpOccId;
  await withFirstRevisions(scaled.value.added, { context, models, charts, operationId });
  return charts;
}

async function decideScaleVnf(context: LcmContext, ns: NsInstance, body: ScaleNsRequest): Promise<Decision> {
  const desired = desiredOf(ns);
  const models = await loadModels(context.catalog, ns);
  const scaled = scaleVnfs(desired, body.scaleVnfData ?? [], models, newNames(context).newKey);
  if (!scaled.ok) throw scaled.error;
  return decisionOf(desired, { ...scaled.value, vnfs: withAmounts(scaled.value.vnfs, models) }, models);
}

async function decideScaleNs(
  context: LcmContext,
  ns: NsInstance,
  body: ScaleNsRequest,
  use: { charts: KduCharts; operationId: NsLcmOpOccId },
): Promise<Decision> {
  const desired = desiredOf(ns);
  if (body.scaleNsData === undefined) throw unprocessable('scaleNsData is missing', 'scaleNsData').error;
  const models = await loadModelsForNew(context.catalog, ns);
  const names = newNames(context);
  const scaled = scaleNs(desired, body.scaleNsData, ns.name, { models, names });
  if (!scaled.ok) throw scaled.error;
  const { kept } = scaled.value;
  const added = await withFirstRevisions(scaled.value.added, { context, models, ...use });
  const { flavourId } = desired;
  const wish = (profileId: string) => wishFor({ additionalParamsForNs: desired.params }, profileId);
  const candidates = await infraCandidates(context.store);
  const placed = placeNs(kept.vnfs, added, { flavourId, models, candidates, wish });
  if (!placed.ok) throw placed.error;
  const vnfs = [...kept.vnfs, ...placed.value];
  const networks = networksOf(vnfs, desired.networks, {
    flavourId,
    models,
    newKey: names.newKey,
    nets: netMapsOf(candidates),
  });
  return decisionOf(desired, { ...kept, vnfs, networks }, models);
}

function decisionOf(before: NsDesired, next: NsDesired, models: NsModels): Decision {
  const old = new Map(before.vnfs.map((vnf) => [vnf.vnfInstanceId, vnf]));
  const affected = next.vnfs.filter((vnf) => isResized(old.get(vnf.vnfInstanceId), vnf));
  const staying = new Set(next.vnfs.map((vnf) => vnf.vnfInstanceId));
  const removed = before.vnfs.filter((vnf) => !staying.has(vnf.vnfInstanceId));
  return {
    next,
    models,
    explanation: affected.flatMap((vnf) => explainResize(old.get(vnf.vnfInstanceId), vnf)),
    affectedVnfIds: affected.map((vnf) => vnf.vnfInstanceId),
    removedVnfIds: removed.map((vnf) => vnf.vnfInstanceId),
    warnings: affected.length + removed.length === 0 ? ['Everything is at this level already.'] : [],
  };
}

function isResized(before: VnfDesired | undefined, after: VnfDesired): boolean {
  return JSON.stringify([before?.vnfcs, before?.kdus]) !== JSON.stringify([after.vnfcs, after.kdus]);
}

function explainResize(before: VnfDesired | undefined, after: VnfDesired): string[] {
  if (before === undefined) return after.placement.explanation;
  return [`${after.name}: ${before.vnfcs.length} → ${after.vnfcs.length} VNFC instances, where it is.`];
}
