import { Type } from 'typebox';
import type { NsdInfoId } from '#shared/model/ids.ts';
import { isVisible } from '../../context.ts';
import { CreateRequest, KeyValuePairs, KeyValuePatch, OperationalState } from '../catalog/catalog-schemas.ts';
import { ownView, registerContent } from '../catalog/content-routes.ts';
import { registerSubscriptions } from '../catalog/subscription-routes.ts';
import { stringList, stringOrList } from '../catalog/subscription-schemas.ts';
import type { NorthboundApp, NorthboundDependencies, NorthboundPlugin } from '../plugin.ts';
import { CollectionQuerystring, contextOf } from '../request.ts';
import { type ApiVersion, apiVersion, requireMatch, sendCollection, sendResource } from '../sol013/index.ts';
import { NsdInfoSchema, type NsdView, nsdResource } from './nsd-resource.ts';

type IdRequest = { Params: { id: string } };
type Pairs = Record<string, string | null>;
interface NsdInfoModificationsBody {
  nsdOperationalState?: 'ENABLED' | 'DISABLED';
  userDefinedData?: Pairs | Pairs[];
}

/** The table of the standard has a list of pairs where every other resource has a map: both are taken. */
const NsdInfoModifications = Type.Object(
  {
    nsdOperationalState: Type.Optional(OperationalState),
    userDefinedData: Type.Optional(Type.Union([KeyValuePatch, Type.Array(KeyValuePatch, { maxItems: 100 })])),
  },
  { additionalProperties: false, minProperties: 1 },
);
const ModificationsAnswer = Type.Object({
  nsdOperationalState: Type.Optional(OperationalState),
  userDefinedData: Type.Optional(Type.Union([KeyValuePairs, Type.Array(KeyValuePairs)])),
});

/** `NsdmNotificationsFilter` (ETSI GS NFV-SOL 005 clause 5.5.3.2). */
const filterMembers = [
  'nsdInfoId',
  'nsdId',
  'nsdName',
  'nsdVersion',
  'nsdDesigner',
  'nsdInvariantId',
  'vnfPkgIds',
  'pnfdInfoIds',
  'nestedNsdInfoIds',
  'nsdOnboardingState',
  'nsdOperationalState',
  'nsdUsageState',
  'pnfdId',
  'pnfdName',
  'pnfdVersion',
  'pnfdProvider',
  'pnfdInvariantId',
  'pnfdOnboardingState',
  'pnfdUsageState',
];
const filter = Type.Object(
  {
    notificationTypes: Type.Optional(stringOrList),
    ...Object.fromEntries(filterMembers.map((member) => [member, Type.Optional(stringList)])),
  },
  { additionalProperties: false },
);

/** NSD management (ETSI GS NFV-SOL 005 clause 5): v2, and v1 for clients of V2.6.1. */
export function nsdPlugin(): NorthboundPlugin {
  return async (app, dependencies) => {
    for (const version of ['2.3.0', '1.2.0']) {
      const api = apiVersion('nsd', version);
      registerNsds(app, dependencies, api);
      await registerContent(app, dependencies, {
        api,
        kind: 'nsd',
        collection: 'ns_descriptors',
        content: 'nsd_content',
        descriptor: 'nsd',
        permissions: 'nsds',
      });
      registerSubscriptions(app, dependencies, { api: { ...api, name: 'nsd' }, name: 'NsdmSubscription', filter });
    }
  };
}

function registerNsds(app: NorthboundApp, dependencies: NorthboundDependencies, api: ApiVersion): void {
  const { catalog, collections } = dependencies;
  const resource = nsdResource(api);
  const root = `${api.prefix}/ns_descriptors`;
  const tags = ['nsd'];
  const view = (request: Parameters<typeof ownView>[2]) => ownView(catalog, 'nsd', request) as Promise<NsdView>;

  app.get(
    root,
    {
      config: { api, permission: 'nsds:read', query: 'any' },
      schema: { tags, querystring: CollectionQuerystring, response: { 200: Type.Array(NsdInfoSchema) } },
    },
    async (request, reply) => {
      const views = (await catalog.nsds()).filter((record) => isVisible(request.principal, record));
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.post(
    root,
    {
      config: { api, permission: 'nsds:write' },
      schema: { tags, body: CreateRequest, response: { 201: NsdInfoSchema } },
    },
    async (request, reply) => {
      const { id } = await catalog.createNsd(contextOf(request), request.body?.userDefinedData);
      reply.code(201).header('location', `${request.baseUrl}${root}/${id}`);
      return sendResource(request, reply, { resource, view: await catalog.nsd(id), policy: collections });
    },
  );
  app.get<IdRequest>(
    `${root}/:id`,
    { config: { api, permission: 'nsds:read' }, schema: { tags, response: { 200: NsdInfoSchema } } },
    async (request, reply) =>
      sendResource(request, reply, { resource, view: await view(request), policy: collections }),
  );
  app.patch<IdRequest & { Body: NsdInfoModificationsBody }>(
    `${root}/:id`,
    {
      config: { api, permission: 'nsds:write' },
      schema: { tags, body: NsdInfoModifications, response: { 200: ModificationsAnswer } },
    },
    async (request, reply) => {
      const before = await view(request);
      requireMatch(request.headers['if-match'], before.etag);
      const { nsdOperationalState, userDefinedData } = request.body;
      const after = await catalog.modifyNsd(contextOf(request), before.id, {
        operationalState: nsdOperationalState,
        userDefinedData: Array.isArray(userDefinedData) ? Object.assign({}, ...userDefinedData) : userDefinedData,
        ifMatch: request.headers['if-match'] === undefined ? undefined : before.etag,
      });
      reply.header('etag', `"${after.etag}"`);
      const isList = Array.isArray(userDefinedData);
      return {
        ...(nsdOperationalState === undefined ? {} : { nsdOperationalState: after.operationalState }),
        ...(userDefinedData === undefined
          ? {}
          : { userDefinedData: isList ? [after.userDefinedData] : after.userDefinedData }),
      };
    },
  );
  app.delete<IdRequest>(
    `${root}/:id`,
    { config: { api, permission: 'nsds:delete' }, schema: { tags } },
    async (request, reply) => {
      await view(request);
      await catalog.deleteNsd(contextOf(request), request.params.id as NsdInfoId);
      return reply.code(204).send();
    },
  );
}
