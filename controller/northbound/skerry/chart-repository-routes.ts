import { Type } from 'typebox';
import {
  ChartRepositorySchema,
  CreateChartRepositoryRequest,
  ListedChartSchema,
  ModifyChartRepositoryRequest,
} from '#shared/api/skerry-charts.ts';
import { type ChartRoom, viewOf } from '../../charts/index.ts';
import type { NorthboundApp } from '../plugin.ts';

const root = '/skerry/v1/chart_repositories';
const tags = ['chart repositories'];
type ByName = { Params: { repository: string } };

/** Helm repositories and OCI registries of charts. A repository is named by its id or its name; passwords never come out. */
export function registerChartRepositories(app: NorthboundApp, charts: ChartRoom): void {
  const { repositories } = charts;
  const read = { config: { permission: 'inventory:read' } } as const;
  const write = { config: { permission: 'inventory:write' } } as const;
  const one = { 200: ChartRepositorySchema };
  app.get(root, { ...read, schema: { tags, response: { 200: Type.Array(ChartRepositorySchema) } } }, async () =>
    (await repositories.all()).map(viewOf),
  );
  app.get<ByName>(`${root}/:repository`, { ...read, schema: { tags, response: one } }, async (request) =>
    viewOf(await repositories.one(request.params.repository)),
  );
  app.get<ByName & { Querystring: { name?: string } }>(
    `${root}/:repository/charts`,
    {
      ...read,
      schema: {
        tags,
        querystring: Type.Object(
          { name: Type.Optional(Type.String({ maxLength: 250 })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Array(ListedChartSchema) },
      },
    },
    async (request) => {
      const { name } = request.query;
      const listed = await charts.list(await repositories.one(request.params.repository));
      return name === undefined ? listed : listed.filter((chart) => chart.name.includes(name));
    },
  );
  app.post<{ Body: CreateChartRepositoryRequest }>(
    root,
    { ...write, schema: { tags, body: CreateChartRepositoryRequest, response: { 201: ChartRepositorySchema } } },
    async (request, reply) => {
      const made = await repositories.create(request.body);
      return reply.code(201).header('location', `${request.baseUrl}${root}/${made.id}`).send(viewOf(made));
    },
  );
  app.patch<ByName & { Body: ModifyChartRepositoryRequest }>(
    `${root}/:repository`,
    { ...write, schema: { tags, body: ModifyChartRepositoryRequest, response: one } },
    async (request) => viewOf(await repositories.update(request.params.repository, request.body)),
  );
  app.delete<ByName>(
    `${root}/:repository`,
    { config: { permission: 'inventory:delete' }, schema: { tags } },
    async (request, reply) => {
      await repositories.remove(request.params.repository);
      return reply.code(204).send();
    },
  );
}
