import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { KduActionRequest, KduSchema, KduWithHistorySchema } from '#shared/api/kdus.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { id as brand, type NsInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KduDesired, KduRevision, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import { hideSecrets } from '#shared/seal/index.ts';
import { isVisible } from '../../context.ts';
import type { NsView, VnfView } from '../../lcm/lcm.ts';
import { parseKduFacts } from '../kdu-facts.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { Accepted, contextOf } from '../request.ts';
import { dateTime } from '../sol013/date-time.ts';

const root = '/skerry/v1/ns_instances/:nsInstanceId';
const tags = ['kdus'];

interface ById {
  Params: { nsInstanceId: string };
}
interface ByKdu {
  Params: { nsInstanceId: string; vnf: string; kdu: string };
}

/** KDUs of an NS: actions, and what is wanted and known of them. */
export function registerKdus(app: NorthboundApp, { lcm, queries, inventory, clock }: NorthboundDependencies): void {
  const read = { permission: 'ns:read' } as const;

  async function kdusOf(
    request: FastifyRequest<ById>,
  ): Promise<{ vnf: VnfDesired; kdu: KduDesired; view: JsonObject }[]> {
    const { nsInstanceId } = request.params;
    const view = await queries.ns(brand<NsInstanceId>(nsInstanceId));
    if (!isVisible(request.principal, view.ns))
      throw new SkerryError('NotFound', `NS instance ${nsInstanceId} does not exist`, {
        remedy: 'List the NS instances.',
      });
    const wanted = (view.ns.desired?.vnfs ?? []).flatMap((vnf) => vnf.kdus.map((kdu) => ({ vnf, kdu })));
    return await Promise.all(
      wanted.map(async ({ vnf, kdu }) => {
        const elsewhere = kdu.placement && (await inventory.infra(kdu.placement.infraId).catch(() => undefined));
        return { vnf, kdu, view: renderKdu(view, { vnf, kdu, infraName: elsewhere?.name }, clock) };
      }),
    );
  }

  app.post<ById>(
    `${root}/actions`,
    {
      config: { permission: 'ns:operate' },
      schema: { tags, body: KduActionRequest, response: { 202: Accepted } },
    },
    async (request, reply) => {
      const body = request.body as Parameters<typeof lcm.actOnKdu>[2];
      const operation = await lcm.actOnKdu(contextOf(request), brand(request.params.nsInstanceId), body);
      const location = `${request.baseUrl}/nslcm/v2/ns_lcm_op_occs/${operation.id}`;
      return reply.code(202).header('location', location).send();
    },
  );
  app.get<ById>(
    `${root}/kdus`,
    { config: read, schema: { tags, response: { 200: Type.Array(KduSchema) } } },
    async (request) => (await kdusOf(request)).map(({ view }) => view) as never,
  );
  app.get<ByKdu>(
    `${root}/kdus/:vnf/:kdu`,
    { config: read, schema: { tags, response: { 200: KduWithHistorySchema } } },
    async (request) => {
      const { vnf: vnfName, kdu: kduName } = request.params;
      const found = (await kdusOf(request as FastifyRequest<ById>)).find(
        ({ vnf, kdu }) => kdu.kduName === kduName && [vnf.vnfInstanceId, vnf.profileId, vnf.name].includes(vnfName),
      );
      if (found === undefined)
        throw new SkerryError('NotFound', `There is no KDU ${kduName} of VNF ${vnfName} in this NS`, {
          remedy: 'List them with `skerry ns kdus`.',
        });
      return { ...found.view, history: (found.kdu.revisions ?? []).map(renderRevision) } as never;
    },
  );
}

interface KduPlace {
  vnf: VnfDesired;
  kdu: KduDesired;
  /** Name of the infra when it is not the VNF's. */
  infraName: string | undefined;
}

function renderKdu(ns: NsView, { vnf, kdu, infraName }: KduPlace, clock: Clock): JsonObject {
  const view: VnfView | undefined = ns.vnfs.find((each) => each.vnf.id === vnf.vnfInstanceId);
  const unit = view?.units.find((each) => each.key === kdu.key);
  const [wanted] = kdu.revisions ?? [];
  const { release, ...facts } = parseKduFacts(unit?.facts);
  return {
    vnfInstanceId: vnf.vnfInstanceId,
    vnfName: vnf.name,
    vnfProfileId: vnf.profileId,
    name: kdu.kduName,
    kind: unit?.kind ?? 'helm-release',
    siteName: view?.siteName ?? '',
    ...(view?.isSiteConnected === undefined ? {} : { siteConnected: view.isSiteConnected }),
    infraName: infraName ?? view?.infraName ?? '',
    ...(wanted === undefined ? {} : { wanted: renderRevision(wanted) }),
    replicas: kdu.replicas,
    phase: unit?.phase ?? 'unknown',
    ready: unit?.ready ?? false,
    message: unit?.message ?? '',
    ...(unit?.ageMs === undefined ? {} : { reportedAt: dateTime(clock.now() - unit.ageMs) }),
    fresh: unit?.fresh ?? false,
    addresses: unit?.addresses ?? {},
    ...(release === undefined ? {} : { release }),
    ...facts,
  } as unknown as JsonObject;
}

function renderRevision({ at, operationId, values, ...revision }: KduRevision): JsonObject {
  return {
    ...revision,
    values: hideSecrets(values),
    at: dateTime(at),
    ...(operationId === '' ? {} : { operationId }),
  } as unknown as JsonObject;
}
