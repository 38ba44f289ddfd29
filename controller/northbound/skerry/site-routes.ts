import { Type } from 'typebox';
import { CreateSiteRequest, ModifySiteRequest, SiteSchema } from '#shared/api/skerry-inventory.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { contextOf } from '../request.ts';

const root = '/skerry/v1/sites';
const tags = ['sites'];
type ByName = { Params: { site: string } };

/** Sites: places with NFVI. A site is named by its id or its name. */
export function registerSites(app: NorthboundApp, { inventory }: NorthboundDependencies): void {
  const read = { config: { permission: 'inventory:read' } } as const;
  const write = { config: { permission: 'inventory:write' } } as const;
  app.get(root, { ...read, schema: { tags, response: { 200: Type.Array(SiteSchema) } } }, () => inventory.sites());
  app.post(
    root,
    { ...write, schema: { tags, body: CreateSiteRequest, response: { 201: SiteSchema } } },
    async (request, reply) => {
      const site = await inventory.createSite(contextOf(request), request.body);
      return reply.code(201).header('location', `${request.baseUrl}${root}/${site.id}`).send(site);
    },
  );
  app.get<ByName>(`${root}/:site`, { ...read, schema: { tags, response: { 200: SiteSchema } } }, (request) =>
    inventory.site(request.params.site),
  );
  app.patch<ByName & { Body: ModifySiteRequest }>(
    `${root}/:site`,
    { ...write, schema: { tags, body: ModifySiteRequest, response: { 200: SiteSchema } } },
    async (request) => {
      const { id } = await inventory.site(request.params.site);
      return inventory.updateSite(contextOf(request), id, request.body);
    },
  );
  app.delete<ByName>(
    `${root}/:site`,
    { config: { permission: 'inventory:delete' }, schema: { tags } },
    async (request, reply) => {
      const { id } = await inventory.site(request.params.site);
      await inventory.deleteSite(contextOf(request), id);
      return reply.code(204).send();
    },
  );
}
