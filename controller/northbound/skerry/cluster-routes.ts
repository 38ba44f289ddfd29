import { Type } from 'typebox';
import {
  AttachedProfileSchema,
  ClusterDetailsSchema,
  ClusterSchema,
  CreateClusterRequest,
  DeregisterQuery,
  DetachQuery,
} from '#shared/api/skerry-clusters.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import type { InfraView } from '../../inventory/inventory.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { contextOf } from '../request.ts';
import { withoutSecrets } from './infra-routes.ts';

const root = '/skerry/v1/clusters';
const tags = ['clusters'];
const kind = 'kubernetes';
type ByName = { Params: { cluster: string } };
type WithProfile = { Params: { cluster: string; profile: string } };

/** Clusters: infras of kind `kubernetes`, with the profiles that are attached to them. Named by id or name. */
export function registerClusters(
  app: NorthboundApp,
  { inventory }: Pick<NorthboundDependencies, 'inventory'>,
  clusters: Clusters,
): void {
  const read = { config: { permission: 'inventory:read' } } as const;
  const view = async (infra: InfraView) => {
    const deregistration = await clusters.deregistration(infra.id);
    const profiles = await clusters.attachedProfiles(infra.id);
    return { ...withoutSecrets(infra), profiles, ...(deregistration === undefined ? {} : { deregistration }) };
  };
  const find = async (idOrName: string): Promise<InfraView> => {
    const infra = await inventory.infra(idOrName);
    if (infra.kind === kind) return infra;
    throw new SkerryError('NotFound', `${infra.name} is of kind ${infra.kind}, no cluster`, {
      remedy: 'List clusters with `skerry cluster list`.',
    });
  };

  app.get(root, { ...read, schema: { tags, response: { 200: Type.Array(ClusterSchema) } } }, async () =>
    Promise.all((await inventory.infras()).filter((infra) => infra.kind === kind).map(view)),
  );
  app.get<ByName>(
    `${root}/:cluster`,
    { ...read, schema: { tags, response: { 200: ClusterDetailsSchema } } },
    async (request) => {
      const infra = await find(request.params.cluster);
      return { ...(await view(infra)), applications: await clusters.clusterStatus(infra.id) };
    },
  );
  app.post<{ Body: CreateClusterRequest }>(
    root,
    {
      config: { permission: 'inventory:write' },
      schema: { tags, summary: 'Register', body: CreateClusterRequest, response: { 201: ClusterSchema } },
    },
    async (request, reply) => {
      const { agentId, settings, ...rest } = request.body;
      const agent = await inventory.agent(agentId);
      const input = { ...rest, kind, agentId: agent.id, settings: settings as JsonObject | undefined };
      const { id } = await inventory.createInfra(contextOf(request), input);
      const made = await view(await inventory.infra(id));
      return reply.code(201).header('location', `${request.baseUrl}${root}/${id}`).send(made);
    },
  );
  app.delete<ByName & { Querystring: DeregisterQuery }>(
    `${root}/:cluster`,
    {
      config: { permission: 'inventory:delete', query: ['workloads'] },
      schema: {
        tags,
        summary: 'Deregister; removes nothing that runs unless it is told to',
        querystring: DeregisterQuery,
        response: { 202: ClusterSchema, 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const infra = await find(request.params.cluster);
      const workloads = request.query.workloads ?? 'keep';
      const outcome = await clusters.deregister(contextOf(request), infra.id, workloads);
      if (outcome === 'deregistered') return reply.code(204).send();
      return reply.code(202).send(await view(await inventory.infra(infra.id)));
    },
  );
  app.put<WithProfile>(
    `${root}/:cluster/profiles/:profile`,
    {
      config: { permission: 'inventory:write' },
      schema: { tags, summary: 'Attach a profile', response: { 200: AttachedProfileSchema } },
    },
    async (request) => clusters.attach((await find(request.params.cluster)).id, request.params.profile),
  );
  app.delete<WithProfile & { Querystring: DetachQuery }>(
    `${root}/:cluster/profiles/:profile`,
    {
      config: { permission: 'inventory:write', query: ['keep'] },
      schema: {
        tags,
        summary: 'Detach a profile',
        querystring: DetachQuery,
        response: { 202: Type.Null({ description: 'Ends when the site says that all is gone' }), 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = await find(request.params.cluster);
      const keep = request.query.keep === 'true';
      const outcome = await clusters.detach(id, request.params.profile, { keep });
      return reply.code(outcome === 'detached' ? 204 : 202).send();
    },
  );
}
