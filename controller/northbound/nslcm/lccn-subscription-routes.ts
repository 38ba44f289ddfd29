import { Type } from 'typebox';
import { LccnSubscriptionRequest } from '#shared/api/ns-lcm-requests.ts';
import { LccnSubscription } from '#shared/api/ns-lcm-resources.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Subscription, SubscriptionAuthentication } from '../../notify/subscription-registry.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { CollectionQuerystring, contextOf } from '../request.ts';
import type { ApiVersion } from '../sol013/api-version.ts';
import { sendCollection, sendResource } from '../sol013/collection.ts';
import { byCreation, defineResource } from '../sol013/resource.ts';

interface SubscriptionBody {
  filter?: JsonObject;
  callbackUri: string;
  authentication?: SubscriptionAuthentication;
  verbosity?: 'FULL' | 'SHORT';
}

interface ById {
  Params: { subscriptionId: string };
}

/** `subscriptions` of NS lifecycle management (ETSI GS NFV-SOL 005 clauses 6.4.16, 6.4.17). */
export function registerLccnSubscriptions(
  app: NorthboundApp,
  { subscriptions, collections }: NorthboundDependencies,
  api: ApiVersion,
): void {
  const root = `${api.prefix}/subscriptions`;
  const one = `${root}/:subscriptionId`;
  const tags = ['nslcm'];
  const resource = defineResource<Subscription>({
    name: `LccnSubscription ${api.major}`,
    schema: LccnSubscription,
    excludedByDefault: [],
    id: (view) => view.id,
    sortKey: (view) => byCreation(view.createdAt, view.id),
    revision: (view) => view.id,
    render: (view, baseUrl) => ({
      id: view.id,
      ...(view.filter !== undefined && { filter: view.filter }),
      callbackUri: view.callbackUri,
      ...(view.verbosity !== undefined && { verbosity: view.verbosity }),
      _links: { self: { href: `${baseUrl}${root}/${view.id}` } },
    }),
  });

  app.get(
    root,
    {
      config: { api, permission: 'subscriptions:read', query: 'any' },
      schema: { tags, querystring: CollectionQuerystring, response: { 200: Type.Array(LccnSubscription) } },
    },
    async (request, reply) => {
      const views = await subscriptions.list(contextOf(request), 'nslcm');
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.post(
    root,
    {
      config: { api, permission: 'subscriptions:write' },
      schema: { tags, body: LccnSubscriptionRequest, response: { 201: LccnSubscription, 303: Type.Null() } },
    },
    async (request, reply) => {
      const body = request.body as SubscriptionBody;
      const input = { api: 'nslcm', major: api.major, baseUrl: request.baseUrl, ...body } as const;
      const { subscription, isDuplicate } = await subscriptions.create(contextOf(request), input);
      reply.header('location', `${request.baseUrl}${root}/${subscription.id}`);
      if (isDuplicate) return reply.code(303).send(null);
      return reply.code(201).send(resource.render(subscription, request.baseUrl) as never);
    },
  );
  app.get<ById>(
    one,
    { config: { api, permission: 'subscriptions:read' }, schema: { tags, response: { 200: LccnSubscription } } },
    async (request, reply) => {
      const view = await subscriptions.get(contextOf(request), 'nslcm', request.params.subscriptionId);
      return sendResource(request, reply, { resource, view, policy: collections });
    },
  );
  app.delete<ById>(
    one,
    { config: { api, permission: 'subscriptions:delete' }, schema: { tags } },
    async (request, reply) => {
      await subscriptions.delete(contextOf(request), 'nslcm', request.params.subscriptionId);
      return reply.code(204).send();
    },
  );
}
