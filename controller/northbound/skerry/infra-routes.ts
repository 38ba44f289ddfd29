import { Type } from 'typebox';
import { CreateInfraRequest, InfraSchema, ModifyInfraRequest } from '#shared/api/skerry-inventory.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { hideSecrets } from '#shared/seal/index.ts';
import type { InfraView } from '../../inventory/inventory.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { contextOf } from '../request.ts';

const root = '/skerry/v1/infras';
const tags = ['infras'];
type ByName = { Params: { infra: string } };

/** Infras: VIMs, clusters and controllers that agents reach. An infra is named by its id or its name. */
export function registerInfras(app: NorthboundApp, { inventory }: NorthboundDependencies): void {
  const read = { config: { permission: 'inventory:read' } } as const;
  app.get(root, { ...read, schema: { tags, response: { 200: Type.Array(InfraSchema) } } }, async () =>
    (await inventory.infras()).map(withoutSecrets),
  );
  app.get<ByName>(`${root}/:infra`, { ...read, schema: { tags, response: { 200: InfraSchema } } }, async (request) =>
    withoutSecrets(await inventory.infra(request.params.infra)),
  );
  app.post(
    root,
    {
      config: { permission: 'inventory:write' },
      schema: { tags, body: CreateInfraRequest, response: { 201: InfraSchema } },
    },
    async (request, reply) => {
      const { agentId, settings, ...rest } = request.body;
      const agent = await inventory.agent(agentId);
      const input = { ...rest, agentId: agent.id, settings: settings as JsonObject | undefined };
      const { id } = await inventory.createInfra(contextOf(request), input);
      const view = withoutSecrets(await inventory.infra(id));
      return reply.code(201).header('location', `${request.baseUrl}${root}/${id}`).send(view);
    },
  );
  app.patch<ByName & { Body: ModifyInfraRequest }>(
    `${root}/:infra`,
    {
      config: { permission: 'inventory:write' },
      schema: { tags, body: ModifyInfraRequest, response: { 200: InfraSchema } },
    },
    async (request) => {
      const { id } = await inventory.infra(request.params.infra);
      const { settings, ...rest } = request.body;
      const patch = { ...rest, ...(settings !== undefined && { settings: settings as JsonObject }) };
      await inventory.updateInfra(contextOf(request), id, patch);
      return withoutSecrets(await inventory.infra(id));
    },
  );
  app.delete<ByName>(
    `${root}/:infra`,
    { config: { permission: 'inventory:delete' }, schema: { tags } },
    async (request, reply) => {
      const { id } = await inventory.infra(request.params.infra);
      await inventory.deleteInfra(contextOf(request), id);
      return reply.code(204).send();
    },
  );
}

/** What is secret goes in and never comes out. */
export function withoutSecrets(view: InfraView): InfraView {
  return { ...view, settings: hideSecrets(view.settings) };
}
