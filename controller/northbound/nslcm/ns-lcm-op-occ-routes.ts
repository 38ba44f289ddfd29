import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CancelMode } from '#shared/api/ns-lcm-requests.ts';
import { NsLcmOpOcc } from '#shared/api/ns-lcm-resources.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { id as brand, type NsLcmOpOccId } from '#shared/model/ids.ts';
import { isVisible, visibleProject } from '../../context.ts';
import type { OperationView } from '../../lcm/lcm.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { Accepted, CollectionQuerystring, contextOf } from '../request.ts';
import type { ApiVersion } from '../sol013/api-version.ts';
import { sendCollection, sendResource } from '../sol013/collection.ts';
import type { VnfIdentityDirectory } from './affected-vnfs.ts';
import { accepted } from './ns-instance-routes.ts';
import { nsLcmOpOccResource } from './ns-lcm-op-occ-resource.ts';

interface ById {
  Params: { nsLcmOpOccId: string };
}

/** `ns_lcm_op_occs` and its tasks (ETSI GS NFV-SOL 005 clauses 6.4.9 to 6.4.15). */
export function registerNsLcmOpOccs(
  app: NorthboundApp,
  { lcm, queries, clock, collections }: NorthboundDependencies,
  { api, identities }: { api: ApiVersion; identities: VnfIdentityDirectory },
): void {
  const resource = nsLcmOpOccResource(api, { identities, clock });
  const root = `${api.prefix}/ns_lcm_op_occs`;
  const one = `${root}/:nsLcmOpOccId`;
  const tags = ['nslcm'];
  const read = { api, permission: 'ns:read' } as const;
  const operate = { api, permission: 'ns:operate' } as const;

  async function viewOf(request: FastifyRequest<ById>): Promise<OperationView> {
    const id = brand<NsLcmOpOccId>(request.params.nsLcmOpOccId);
    const view = await queries.operation(id);
    if (!isVisible(request.principal, view.operation)) {
      throw new SkerryError('NotFound', `Operation occurrence ${id} does not exist`);
    }
    await identities.load(view.operation);
    return view;
  }

  app.get(
    root,
    {
      config: { ...read, query: 'any' },
      schema: { tags, querystring: CollectionQuerystring, response: { 200: Type.Array(NsLcmOpOcc) } },
    },
    async (request, reply) => {
      const views = await queries.listOperations(visibleProject(request.principal));
      for (const { operation } of views) await identities.load(operation);
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.get<ById>(one, { config: read, schema: { tags, response: { 200: NsLcmOpOcc } } }, async (request, reply) =>
    sendResource(request, reply, { resource, view: await viewOf(request), policy: collections }),
  );
  for (const task of ['retry', 'rollback', 'continue'] as const) {
    app.post<ById>(
      `${one}/${task}`,
      { config: operate, schema: { tags, response: { 202: Accepted } } },
      async (request, reply) => {
        const operation = await lcm[task](contextOf(request), brand(request.params.nsLcmOpOccId));
        return accepted(request, reply, `${root}/${operation.id}`);
      },
    );
  }
  app.post<ById>(
    `${one}/fail`,
    { config: operate, schema: { tags, response: { 200: NsLcmOpOcc } } },
    async (request, reply) => {
      await lcm.fail(contextOf(request), brand(request.params.nsLcmOpOccId));
      return sendResource(request, reply, { resource, view: await viewOf(request), policy: collections });
    },
  );
  app.post<ById>(
    `${one}/cancel`,
    { config: operate, schema: { tags, body: CancelMode, response: { 202: Accepted } } },
    async (request, reply) => {
      const { cancelMode } = request.body as { cancelMode: 'GRACEFUL' | 'FORCEFUL' };
      const operation = await lcm.cancel(contextOf(request), brand(request.params.nsLcmOpOccId), cancelMode);
      return accepted(request, reply, `${root}/${operation.id}`);
    },
  );
}
