import { Type } from 'typebox';
import {
  AgentSchema,
  CreateJoinTokenRequest,
  IssuedJoinTokenSchema,
  JoinTokenSchema,
} from '#shared/api/skerry-inventory.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId } from '#shared/model/ids.ts';
import type { JoinToken } from '#shared/model/inventory.ts';
import type { Enrolment } from '../../identity/certificates.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { contextOf } from '../request.ts';

/** Newest measurements of an agent, kept in memory by whoever takes them in. */
export interface TelemetryQueries {
  latest(agentId: AgentId): Promise<object | undefined>;
}

/** What an operator may decide about the sessions of agents. */
export interface AgentDecisions {
  /** @throws SkerryError Conflict */
  nameTrueStore(agentId: AgentId, storeId: string): Promise<void>;
}

const TrueStoreRequest = Type.Object(
  { storeId: Type.String({ minLength: 1, maxLength: 100, description: 'Store of the copy that is the true one' }) },
  { additionalProperties: false },
);

const agents = '/skerry/v1/agents';
const tokens = '/skerry/v1/join-tokens';
type ByName = { Params: { agent: string } };

/** Agents and the join tokens that let new ones in. An agent is named by its id or its name. */
export function registerAgents(
  app: NorthboundApp,
  { inventory }: NorthboundDependencies,
  {
    enrolment,
    telemetry,
    decisions,
  }: { enrolment: Enrolment; telemetry: TelemetryQueries; decisions?: AgentDecisions | undefined },
): void {
  const read = { config: { permission: 'agents:read' } } as const;
  const tags = ['agents'];
  app.get(agents, { ...read, schema: { tags, response: { 200: Type.Array(AgentSchema) } } }, () => inventory.agents());
  app.get<ByName>(`${agents}/:agent`, { ...read, schema: { tags, response: { 200: AgentSchema } } }, (request) =>
    inventory.agent(request.params.agent),
  );
  app.get<ByName>(`${agents}/:agent/telemetry`, { ...read, schema: { tags } }, async (request) => {
    const { id } = await inventory.agent(request.params.agent);
    const latest = await telemetry.latest(id);
    if (latest !== undefined) return latest;
    throw new SkerryError('NotFound', `The agent ${request.params.agent} has sent no telemetry since this start`);
  });
  app.post<ByName>(
    `${agents}/:agent/revoke`,
    { config: { permission: 'agents:delete' }, schema: { tags } },
    async (request, reply) => {
      const { id } = await inventory.agent(request.params.agent);
      await enrolment.revokeAgent(contextOf(request), id);
      return reply.code(204).send();
    },
  );
  if (decisions === undefined) return;
  app.post<ByName & { Body: { storeId: string } }>(
    `${agents}/:agent/true-store`,
    { config: { permission: 'agents:delete' }, schema: { tags, body: TrueStoreRequest } },
    async (request, reply) => {
      const { id } = await inventory.agent(request.params.agent);
      await decisions.nameTrueStore(id, request.body.storeId);
      return reply.code(204).send();
    },
  );
}

export function registerJoinTokens(
  app: NorthboundApp,
  { inventory }: NorthboundDependencies,
  { enrolment }: { enrolment: Enrolment },
): void {
  const config = { permission: 'agents:enroll' } as const;
  const tags = ['agents'];
  app.get(tokens, { config, schema: { tags, response: { 200: Type.Array(JoinTokenSchema) } } }, async () =>
    (await enrolment.tokens()).map(shown),
  );
  app.post(
    tokens,
    { config, schema: { tags, body: CreateJoinTokenRequest, response: { 201: IssuedJoinTokenSchema } } },
    async (request, reply) => {
      const { siteId, agentName, validForMs } = request.body;
      const site = await inventory.site(siteId);
      const input = { siteId: site.id, agentName, ttlMs: validForMs };
      const { token, record } = await enrolment.createToken(contextOf(request), input);
      reply.code(201).header('cache-control', 'no-store');
      return reply.send({ ...shown(record), token });
    },
  );
  app.delete<{ Params: { id: string } }>(`${tokens}/:id`, { config, schema: { tags } }, async (request, reply) => {
    await enrolment.revokeToken(contextOf(request), request.params.id);
    return reply.code(204).send();
  });
}

function shown({ used, ...record }: Omit<JoinToken, 'secretHash'>) {
  return { ...record, ...(used === undefined ? {} : { used: { agentId: used.agentId, at: used.at } }) };
}
