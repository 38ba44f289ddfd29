import {
  contentOf,
  findKdu,
  isSameContent,
  type KduContent,
  type KduInVnf,
  type NsModels,
  rollbackRevision,
  unprocessable,
  upgradedContent,
  withRevision,
} from '#controller/decide/index.ts';
import type { NsInstanceId, NsLcmOpOccId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KduDesired, KduRevision, NsDesired, NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { KduActionRequest } from '#shared/model/ns-lcm-requests.ts';
import type { RequestContext } from '../context.ts';
import { beginOperation, checkState, type Decision, desiredOf } from './begin-operation.ts';
import { failuresOf } from './failures.ts';
import { type KduCharts, kduCharts } from './kdu-charts.ts';
import type { LcmContext } from './lcm-context.ts';
import { loadModels } from './load-models.ts';
import { withAttempts } from './operation-tasks.ts';
import { readNs } from './read-ns.ts';

/** Upgrade and rollback of one KDU: a change of what is wanted, like every operation. */
export async function actOnKdu(
  context: LcmContext,
  request: RequestContext,
  nsInstanceId: NsInstanceId,
  body: KduActionRequest,
): Promise<NsLcmOpOcc> {
  const charts = kduCharts(context);
  const ns = (await readNs(context.store, request, nsInstanceId)).value;
  checkState(ns, 'UPDATE');
  // Repositories are asked before anybody has to wait for this decision.
  const subject = await read(context, ns, body);
  await wantedContent(subject, body, charts);
  return await beginOperation(context, {
    request,
    nsInstanceId,
    type: 'UPDATE',
    params: paramsOf(subject, body),
    decide: (now, operationId) => decideAction(context, now, body, { charts, operationId }),
  });
}

interface Subject extends KduInVnf {
  desired: NsDesired;
  models: NsModels;
  present: KduContent;
}

async function read(context: LcmContext, ns: NsInstance, body: KduActionRequest): Promise<Subject> {
  const desired = desiredOf(ns);
  const found = findKdu(desired, body);
  if (!found.ok) throw found.error;
  const models = await loadModels(context.catalog, ns);
  const { vnf, kdu } = found.value;
  const present = contentOf(models, vnf, kdu);
  if (present === undefined) throw unprocessable(`KDU ${kdu.kduName} has nothing to be deployed from`, 'kdu').error;
  return { desired, models, vnf, kdu: withHistory(kdu, present, ns), present };
}

/** A KDU from before there was a history begins it with what runs. */
function withHistory(kdu: KduDesired, present: KduContent, ns: NsInstance): KduDesired {
  if (kdu.revisions !== undefined) return kdu;
  const first: KduRevision = {
    ...present,
    revision: 1,
    cause: 'instantiate',
    replicas: kdu.replicas,
    at: ns.createdAt,
    operationId: '' as NsLcmOpOccId,
  };
  return { ...kdu, revisions: [first] };
}

async function wantedContent(subject: Subject, body: KduActionRequest, charts: KduCharts): Promise<KduContent> {
  const params = body.params ?? {};
  const wanted =
    body.action === 'rollback'
      ? rollbackRevision(subject.kdu, params)
      : upgradedContent(subject.present, subject.kdu, params);
  if (!wanted.ok) throw wanted.error;
  return body.action === 'rollback' ? wanted.value : await charts.resolve(wanted.value, subject.kdu);
}

async function decideAction(
  context: LcmContext,
  ns: NsInstance,
  body: KduActionRequest,
  use: { charts: KduCharts; operationId: NsLcmOpOccId },
): Promise<Decision> {
  const subject = await read(context, ns, body);
  const { desired, models, vnf, kdu, present } = subject;
  const content = await wantedContent(subject, body, use.charts);
  const isSame = isSameContent(content, present);
  const next = isSame
    ? await triedAgain(context, ns, kdu, desired)
    : changed(context, subject, content, { body, ...use });
  return {
    next,
    models,
    explanation: [sentence(subject, content, body)],
    affectedVnfIds: [vnf.vnfInstanceId],
    removedVnfIds: [],
    warnings: isSame ? [`KDU ${kdu.kduName} of ${vnf.name} is asked to be like this already.`] : [],
  };
}

function changed(
  context: LcmContext,
  { desired, vnf, kdu }: Subject,
  content: KduContent,
  use: { body: KduActionRequest; operationId: NsLcmOpOccId },
): NsDesired {
  const { chart, repository, version, appVersion, digest, values, timeoutS } = content;
  const parts = JSON.parse(
    JSON.stringify({ repository, version, appVersion, digest, timeoutS }),
  ) as Partial<KduRevision>;
  const { body, operationId } = use;
  const present = vnf.kdus.find((candidate) => candidate.kduName === kdu.kduName)!;
  const remembered = { ...vnf, kdus: vnf.kdus.map((each) => (each === present ? kdu : each)) };
  const vnfs = desired.vnfs.map((each) => (each === vnf ? remembered : each));
  const next = { ...parts, chart, values, cause: body.action, at: context.clock.now(), operationId };
  return withRevision({ ...desired, vnfs }, { vnf: remembered, kdu }, next);
}

/** What a site has given up is tried once more when it is asked for again. */
async function triedAgain(
  context: LcmContext,
  ns: NsInstance,
  kdu: KduDesired,
  desired: NsDesired,
): Promise<NsDesired> {
  const failures = await failuresOf(context, ns);
  const isFailed = failures.some((failure) => failure.isCurrent && failure.key === kdu.key);
  return (isFailed ? withAttempts(desired, [kdu.key]) : desired) ?? desired;
}

function sentence({ vnf, kdu, present }: Subject, content: KduContent, { action, params }: KduActionRequest): string {
  const name = `KDU ${kdu.kduName} of ${vnf.name}`;
  const before = chartName(present);
  const after = chartName(content);
  const charts = before === after ? `stays ${after}` : `goes from ${before} to ${after}`;
  if (action === 'upgrade') return `${name} is upgraded: its chart ${charts}.`;
  const revision = params?.revision ?? kdu.revisions?.[1]?.revision;
  return `${name} goes back to revision ${revision}: its chart ${charts}.`;
}

function chartName({ chart, version }: KduContent): string {
  return version === undefined || chart.endsWith(`:${version}`) ? chart : `${chart} ${version}`;
}

/** UpdateNsRequest (ETSI GS NFV-SOL 005 clause 6.5.2.12) as far as it can say it. */
function paramsOf({ vnf }: Subject, body: KduActionRequest): JsonObject {
  return {
    updateType: 'MODIFY_VNF_INFORMATION',
    modifyVnfInfoData: [{ vnfInstanceId: vnf.vnfInstanceId }],
    _skerry: body as unknown as JsonObject,
  };
}
