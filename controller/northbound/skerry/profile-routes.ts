import { Type } from 'typebox';
import {
  CreateProfileRequest,
  ModifyProfileRequest,
  ProfileSchema,
  ProfileStatusSchema,
  StatusQuery,
} from '#shared/api/skerry-clusters.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import type { NorthboundApp } from '../plugin.ts';

const root = '/skerry/v1/profiles';
const tags = ['profiles'];
const pageSize = 500;
type ByName = { Params: { profile: string } };

/** Profiles: named sets of applications. Named by id or name. */
export function registerProfiles(app: NorthboundApp, clusters: Clusters): void {
  const read = { config: { permission: 'inventory:read' } } as const;
  const write = { config: { permission: 'inventory:write' } } as const;
  app.get(root, { ...read, schema: { tags, response: { 200: Type.Array(ProfileSchema) } } }, () => clusters.profiles());
  app.post<{ Body: CreateProfileRequest }>(
    root,
    { ...write, schema: { tags, body: CreateProfileRequest, response: { 201: ProfileSchema } } },
    async (request, reply) => {
      const profile = await clusters.createProfile(request.body);
      return reply.code(201).header('location', `${request.baseUrl}${root}/${profile.id}`).send(profile);
    },
  );
  app.get<ByName>(`${root}/:profile`, { ...read, schema: { tags, response: { 200: ProfileSchema } } }, (request) =>
    clusters.profile(request.params.profile),
  );
  app.patch<ByName & { Body: ModifyProfileRequest }>(
    `${root}/:profile`,
    { ...write, schema: { tags, body: ModifyProfileRequest, response: { 200: ProfileSchema } } },
    (request) => clusters.updateProfile(request.params.profile, request.body),
  );
  app.delete<ByName>(
    `${root}/:profile`,
    { config: { permission: 'inventory:delete' }, schema: { tags } },
    async (request, reply) => {
      await clusters.deleteProfile(request.params.profile);
      return reply.code(204).send();
    },
  );
  app.get<ByName & { Querystring: StatusQuery }>(
    `${root}/:profile/status`,
    {
      config: { permission: 'inventory:read', query: ['after', 'limit'] },
      schema: {
        tags,
        summary: 'Every application at every cluster',
        querystring: StatusQuery,
        response: { 200: ProfileStatusSchema },
      },
    },
    (request) => {
      const { after, limit } = request.query;
      const page = { limit: limit === undefined ? pageSize : Number(limit), ...(after === undefined ? {} : { after }) };
      return clusters.profileStatus(request.params.profile, page);
    },
  );
}
