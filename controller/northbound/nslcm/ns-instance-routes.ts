import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  CreateNsRequest,
  HealNsRequest,
  InstantiateNsRequest,
  ScaleNsRequest,
  TerminateNsRequest,
  UpdateNsRequest,
} from '#shared/api/ns-lcm-requests.ts';
import { NsInstance } from '#shared/api/ns-lcm-resources.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { id as brand, type NsInstanceId } from '#shared/model/ids.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type * as Requests from '#shared/model/ns-lcm-requests.ts';
import { isVisible, visibleProject } from '../../context.ts';
import type { NsView } from '../../lcm/lcm.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { Accepted, CollectionQuerystring, contextOf } from '../request.ts';
import type { ApiVersion } from '../sol013/api-version.ts';
import { sendCollection, sendResource } from '../sol013/collection.ts';
import { requireMatch } from '../sol013/entity-tag.ts';
import { nsInstanceResource } from './ns-instance-resource.ts';
import { normaliseHeal, normaliseTerminate, refuseUpdate, requireStartNow } from './requests.ts';
import type { VnfFactsDirectory } from './vnf-facts.ts';

interface ById {
  Params: { nsInstanceId: string };
}

/** `ns_instances` and its tasks (ETSI GS NFV-SOL 005 clauses 6.4.2 to 6.4.8). */
export function registerNsInstances(
  app: NorthboundApp,
  { lcm, queries, clock, collections }: NorthboundDependencies,
  { api, directory }: { api: ApiVersion; directory: VnfFactsDirectory },
): void {
  const resource = nsInstanceResource(api, { directory, clock });
  const root = `${api.prefix}/ns_instances`;
  const one = `${root}/:nsInstanceId`;
  const tags = ['nslcm'];
  const read = { api, permission: 'ns:read' } as const;

  async function viewOf(request: FastifyRequest<ById>): Promise<NsView> {
    const view = await queries.ns(brand<NsInstanceId>(request.params.nsInstanceId));
    if (!isVisible(request.principal, view.ns)) throw notFound(request.params.nsInstanceId);
    await directory.load(view.ns, view.vnfs);
    return view;
  }

  app.get(
    root,
    {
      config: { ...read, query: 'any' },
      schema: { tags, querystring: CollectionQuerystring, response: { 200: Type.Array(NsInstance) } },
    },
    async (request, reply) => {
      const views = await queries.listNs(visibleProject(request.principal));
      for (const { ns, vnfs } of views) await directory.load(ns, vnfs);
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.get<ById>(one, { config: read, schema: { tags, response: { 200: NsInstance } } }, async (request, reply) =>
    sendResource(request, reply, { resource, view: await viewOf(request), policy: collections }),
  );
  app.post(
    root,
    {
      config: { api, permission: 'ns:write' },
      schema: { tags, body: CreateNsRequest, response: { 201: NsInstance } },
    },
    async (request, reply) => {
      const body = request.body as Requests.CreateNsRequest;
      const ns = await lcm.createNs(contextOf(request), body);
      reply.header('location', `${request.baseUrl}${root}/${ns.id}`);
      return reply.code(201).send(resource.render({ ns, etag: '', vnfs: [] }, request.baseUrl) as never);
    },
  );
  app.delete<ById>(one, { config: { api, permission: 'ns:delete' }, schema: { tags } }, async (request, reply) => {
    if (request.headers['if-match'] !== undefined) {
      requireMatch(request.headers['if-match'], resource.revision(await viewOf(request)));
    }
    await lcm.deleteNs(contextOf(request), brand(request.params.nsInstanceId));
    return reply.code(204).send();
  });

  function task<Body>(
    name: string,
    schema: object,
    begin: (request: FastifyRequest, id: NsInstanceId, body: Body) => Promise<NsLcmOpOcc>,
  ): void {
    const options = {
      config: { api, permission: 'ns:operate' },
      schema: { tags, body: schema, response: { 202: Accepted } },
    } as const;
    // A body is optional where nothing in it is mandatory; the schema then sees an empty one.
    const preValidation = async (request: FastifyRequest) => {
      if (request.body === undefined) request.body = {};
    };
    app.post<ById>(`${one}/${name}`, { ...options, preValidation }, async (request, reply) => {
      const operation = await begin(request, brand(request.params.nsInstanceId), request.body as Body);
      return accepted(request, reply, `${api.prefix}/ns_lcm_op_occs/${operation.id}`);
    });
  }
  task<Requests.InstantiateNsRequest & { startTime?: string }>(
    'instantiate',
    InstantiateNsRequest,
    async (r, id, body) => {
      requireStartNow(clock, 'startTime', body.startTime);
      return lcm.instantiate(contextOf(r), id, body);
    },
  );
  task<Requests.ScaleNsRequest & { scaleTime?: string }>('scale', ScaleNsRequest, async (r, id, body) => {
    requireStartNow(clock, 'scaleTime', body.scaleTime);
    return lcm.scale(contextOf(r), id, body);
  });
  task<Requests.HealNsRequest>('heal', HealNsRequest, async (r, id, body) =>
    lcm.heal(contextOf(r), id, normaliseHeal(body)),
  );
  task<Requests.TerminateNsRequest>('terminate', TerminateNsRequest, async (r, id, body) => {
    requireStartNow(clock, 'terminationTime', body.terminationTime);
    return lcm.terminate(contextOf(r), id, normaliseTerminate(body));
  });
  app.post<ById>(
    `${one}/update`,
    { config: { api, permission: 'ns:operate' }, schema: { tags, body: UpdateNsRequest } },
    async (request) => {
      await viewOf(request);
      refuseUpdate((request.body as { updateType: string }).updateType);
    },
  );
}

/** 202 with the absolute Location of the operation occurrence (ETSI GS NFV-SOL 013 clause 5.6). */
export function accepted(request: FastifyRequest, reply: FastifyReply, path: string): FastifyReply {
  return reply.code(202).header('location', `${request.baseUrl}${path}`).send();
}

function notFound(id: string): SkerryError {
  return new SkerryError('NotFound', `NS instance ${id} does not exist`, { remedy: 'List the NS instances.' });
}
