import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  ApplicationSchema,
  CloneApplicationRequest,
  CreateApplicationRequest,
  MoveApplicationRequest,
  PutApplicationRequest,
  RetryApplicationRequest,
} from '#shared/api/skerry-clusters.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { Application, ApplicationRequest } from '#shared/model/clusters.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { applicationView } from './application-view.ts';

const root = '/skerry/v1/profiles/:profile/applications';
const tags = ['profiles'];
type OfProfile = { Params: { profile: string } };
type ByName = { Params: { profile: string; application: string } };

/** Applications of a profile: Helm charts and manifests, wanted at every cluster that it is attached to. */
export function registerApplications(
  app: NorthboundApp,
  { inventory, identity }: Pick<NorthboundDependencies, 'inventory' | 'identity'>,
  clusters: Clusters,
): void {
  const read = { config: { permission: 'inventory:read' } } as const;
  const write = { config: { permission: 'inventory:write' } } as const;
  const view = (request: FastifyRequest, application: Application) =>
    applicationView(application, maySeeSecrets(identity, request));

  app.get<OfProfile>(
    root,
    { ...read, schema: { tags, response: { 200: Type.Array(ApplicationSchema) } } },
    async (request) =>
      (await clusters.applications(request.params.profile)).map((application) => view(request, application)),
  );
  app.post<OfProfile & { Body: CreateApplicationRequest }>(
    root,
    { ...write, schema: { tags, body: CreateApplicationRequest, response: { 201: ApplicationSchema } } },
    async (request, reply) => {
      const { name, ...wish } = request.body;
      const options = { mustBeNew: true };
      const { application } = await clusters.putApplication(request.params.profile, name, wishOf(wish), options);
      return reply.code(201).header('location', addressOf(request, application)).send(application);
    },
  );
  app.get<ByName>(
    `${root}/:application`,
    { ...read, schema: { tags, response: { 200: ApplicationSchema } } },
    async (request) => view(request, await clusters.application(request.params.profile, request.params.application)),
  );
  app.put<ByName & { Body: PutApplicationRequest }>(
    `${root}/:application`,
    {
      ...write,
      schema: {
        tags,
        summary: 'Make it what is asked for; add it where there is none',
        body: PutApplicationRequest,
        response: { 200: ApplicationSchema, 201: ApplicationSchema },
      },
    },
    async (request, reply) => {
      const { profile, application: name } = request.params;
      const { application, outcome } = await clusters.putApplication(profile, name, wishOf(request.body));
      if (outcome === 'created') reply.code(201).header('location', addressOf(request, application));
      return reply.send(application);
    },
  );
  app.delete<ByName>(`${root}/:application`, { ...write, schema: { tags } }, async (request, reply) => {
    await clusters.removeApplication(request.params.profile, request.params.application);
    return reply.code(204).send();
  });
  app.post<ByName & { Body: CloneApplicationRequest }>(
    `${root}/:application/clone`,
    { ...write, schema: { tags, body: CloneApplicationRequest, response: { 201: ApplicationSchema } } },
    async (request, reply) => {
      const { profile, application } = request.params;
      const copy = await clusters.cloneApplication(profile, application, request.body);
      return reply.code(201).header('location', addressOf(request, copy)).send(copy);
    },
  );
  app.post<ByName & { Body: MoveApplicationRequest }>(
    `${root}/:application/move`,
    { ...write, schema: { tags, body: MoveApplicationRequest, response: { 200: ApplicationSchema } } },
    (request) => clusters.moveApplication(request.params.profile, request.params.application, request.body),
  );
  app.post<ByName & { Body: RetryApplicationRequest }>(
    `${root}/:application/retry`,
    { ...write, schema: { tags, summary: 'Try again what was given up', body: RetryApplicationRequest } },
    async (request, reply) => {
      const { cluster } = request.body;
      const infraId = cluster === undefined ? undefined : (await inventory.infra(cluster)).id;
      await clusters.retryApplication(request.params.profile, request.params.application, infraId);
      return reply.code(204).send();
    },
  );
}

function wishOf(body: PutApplicationRequest): ApplicationRequest {
  return body as ApplicationRequest;
}

function addressOf(request: FastifyRequest, { profileId, name }: Application): string {
  return `${request.baseUrl}/skerry/v1/profiles/${profileId}/applications/${name}`;
}

/** Values hold passwords more often than not: who may set them may read them. */
function maySeeSecrets(identity: NorthboundDependencies['identity'], request: FastifyRequest): boolean {
  try {
    identity.authorize(request.principal, 'inventory:write');
    return true;
  } catch (error) {
    if (isSkerryError(error) && error.code === 'Forbidden') return false;
    throw error;
  }
}
