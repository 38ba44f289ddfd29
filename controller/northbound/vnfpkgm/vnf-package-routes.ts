import { Type } from 'typebox';
import type { VnfPackageId } from '#shared/model/ids.ts';
import { isVisible } from '../../context.ts';
import { CreateRequest, KeyValuePairs, KeyValuePatch, OperationalState } from '../catalog/catalog-schemas.ts';
import { ownView, registerContent } from '../catalog/content-routes.ts';
import type { FetchPolicy } from '../catalog/fetch-from-uri.ts';
import { registerSubscriptions } from '../catalog/subscription-routes.ts';
import { stringList, stringOrList } from '../catalog/subscription-schemas.ts';
import type { NorthboundApp, NorthboundDependencies, NorthboundPlugin } from '../plugin.ts';
import { CollectionQuerystring, contextOf } from '../request.ts';
import { type ApiVersion, apiVersion, requireMatch, sendCollection, sendResource } from '../sol013/index.ts';
import { registerUploadFromUri } from './upload-from-uri.ts';
import { type VnfPackageView, VnfPkgInfo, vnfPackageResource } from './vnf-package-resource.ts';

type IdRequest = { Params: { id: string } };

const VnfPkgInfoModifications = Type.Object(
  { operationalState: Type.Optional(OperationalState), userDefinedData: Type.Optional(KeyValuePatch) },
  { additionalProperties: false, minProperties: 1 },
);
const ModificationsAnswer = Type.Object({
  operationalState: Type.Optional(OperationalState),
  userDefinedData: Type.Optional(KeyValuePairs),
});

/** `PkgmNotificationsFilter` (ETSI GS NFV-SOL 005 clause 9.5.3.4). */
const filter = Type.Object(
  {
    notificationTypes: Type.Optional(stringOrList),
    vnfProductsFromProviders: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }))),
    vnfdId: Type.Optional(stringList),
    vnfPkgId: Type.Optional(stringList),
    operationalState: Type.Optional(stringList),
    usageState: Type.Optional(stringList),
    vnfmInfo: Type.Optional(stringList),
  },
  { additionalProperties: false },
);

/** VNF package management (ETSI GS NFV-SOL 005 clause 9): v2, and v1 for clients of V2.6.1. */
export function vnfPackagePlugin(fetchPolicy: FetchPolicy): NorthboundPlugin {
  return async (app, dependencies) => {
    for (const version of ['2.4.0', '1.2.0']) {
      const api = apiVersion('vnfpkgm', version);
      registerPackages(app, dependencies, api);
      await registerContent(app, dependencies, {
        api,
        kind: 'vnf-package',
        collection: 'vnf_packages',
        content: 'package_content',
        descriptor: 'vnfd',
        permissions: 'packages',
      });
      registerUploadFromUri(app, dependencies, { api, fetchPolicy });
      registerSubscriptions(app, dependencies, {
        api: { ...api, name: 'vnfpkgm' },
        name: 'PkgmSubscription',
        filter,
      });
    }
  };
}

function registerPackages(app: NorthboundApp, dependencies: NorthboundDependencies, api: ApiVersion): void {
  const { catalog, collections } = dependencies;
  const resource = vnfPackageResource(api);
  const root = `${api.prefix}/vnf_packages`;
  const tags = ['vnfpkgm'];
  const view = (request: Parameters<typeof ownView>[2]) =>
    ownView(catalog, 'vnf-package', request) as Promise<VnfPackageView>;

  app.get(
    root,
    {
      config: { api, permission: 'packages:read', query: 'any' },
      schema: { tags, querystring: CollectionQuerystring, response: { 200: Type.Array(VnfPkgInfo) } },
    },
    async (request, reply) => {
      const views = (await catalog.vnfPackages()).filter((record) => isVisible(request.principal, record));
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.post(
    root,
    {
      config: { api, permission: 'packages:write' },
      schema: { tags, body: CreateRequest, response: { 201: VnfPkgInfo } },
    },
    async (request, reply) => {
      const { id } = await catalog.createVnfPackage(contextOf(request), request.body?.userDefinedData);
      reply.code(201).header('location', `${request.baseUrl}${root}/${id}`);
      return sendResource(request, reply, { resource, view: await catalog.vnfPackage(id), policy: collections });
    },
  );
  app.get<IdRequest>(
    `${root}/:id`,
    { config: { api, permission: 'packages:read' }, schema: { tags, response: { 200: VnfPkgInfo } } },
    async (request, reply) =>
      sendResource(request, reply, { resource, view: await view(request), policy: collections }),
  );
  app.patch<IdRequest & { Body: { operationalState?: 'ENABLED' | 'DISABLED'; userDefinedData?: object } }>(
    `${root}/:id`,
    {
      config: { api, permission: 'packages:write' },
      schema: { tags, body: VnfPkgInfoModifications, response: { 200: ModificationsAnswer } },
    },
    async (request, reply) => {
      const before = await view(request);
      requireMatch(request.headers['if-match'], before.etag);
      const { operationalState, userDefinedData } = request.body;
      const after = await catalog.modifyVnfPackage(contextOf(request), before.id, {
        operationalState,
        userDefinedData: userDefinedData as Record<string, string | null> | undefined,
        ifMatch: request.headers['if-match'] === undefined ? undefined : before.etag,
      });
      reply.header('etag', `"${after.etag}"`);
      return {
        ...(operationalState === undefined ? {} : { operationalState: after.operationalState }),
        ...(userDefinedData === undefined ? {} : { userDefinedData: after.userDefinedData }),
      };
    },
  );
  app.delete<IdRequest>(
    `${root}/:id`,
    { config: { api, permission: 'packages:delete' }, schema: { tags } },
    async (request, reply) => {
      await view(request);
      await catalog.deleteVnfPackage(contextOf(request), request.params.id as VnfPackageId);
      return reply.code(204).send();
    },
  );
}
