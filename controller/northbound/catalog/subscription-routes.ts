import type { TSchema } from 'typebox';
import type { JsonObject } from '#shared/model/json.ts';
import type { Subscription, SubscriptionAuthentication } from '../../notify/subscription-registry.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { CollectionQuerystring, contextOf } from '../request.ts';
import { type ApiVersion, byCreation, defineResource, sendCollection, sendResource } from '../sol013/index.ts';
import { SubscriptionSchema, subscriptionRequest } from './subscription-schemas.ts';

interface SubscriptionBody {
  filter?: JsonObject;
  callbackUri: string;
  authentication?: SubscriptionAuthentication;
}

/** `subscriptions` of the two catalogue APIs (ETSI GS NFV-SOL 005 clauses 5.4.8, 5.4.9, 9.4.8, 9.4.9). */
export function registerSubscriptions(
  app: NorthboundApp,
  { subscriptions, collections }: NorthboundDependencies,
  { api, name, filter }: { api: ApiVersion & { name: 'nsd' | 'vnfpkgm' }; name: string; filter: TSchema },
): void {
  const root = `${api.prefix}/subscriptions`;
  const tags = [api.name];
  const resource = defineResource<Subscription>({
    name: `${name} ${api.major}`,
    schema: SubscriptionSchema,
    excludedByDefault: [],
    id: (view) => view.id,
    sortKey: (view) => byCreation(view.createdAt, view.id),
    revision: (view) => view.id,
    render: (view, baseUrl) => ({
      id: view.id,
      ...(view.filter === undefined ? {} : { filter: view.filter }),
      callbackUri: view.callbackUri,
      _links: { self: { href: `${baseUrl}${root}/${view.id}` } },
    }),
  });

  app.get(
    root,
    {
      config: { api, permission: 'subscriptions:read', query: 'any' },
      schema: { tags, querystring: CollectionQuerystring },
    },
    async (request, reply) => {
      const views = await subscriptions.list(contextOf(request), api.name);
      return sendCollection(request, reply, { resource, views, policy: collections });
    },
  );
  app.post(
    root,
    { config: { api, permission: 'subscriptions:write' }, schema: { tags, body: subscriptionRequest(filter) } },
    async (request, reply) => {
      const input = {
        api: api.name,
        major: api.major,
        baseUrl: request.baseUrl,
        ...(request.body as SubscriptionBody),
      };
      const { subscription, isDuplicate } = await subscriptions.create(contextOf(request), input);
      reply.header('location', `${request.baseUrl}${root}/${subscription.id}`);
      if (isDuplicate) return reply.code(303).send();
      return reply.code(201).send(resource.render(subscription, request.baseUrl));
    },
  );
  app.get<{ Params: { subscriptionId: string } }>(
    `${root}/:subscriptionId`,
    { config: { api, permission: 'subscriptions:read' }, schema: { tags } },
    async (request, reply) => {
      const view = await subscriptions.get(contextOf(request), api.name, request.params.subscriptionId);
      return sendResource(request, reply, { resource, view, policy: collections });
    },
  );
  app.delete<{ Params: { subscriptionId: string } }>(
    `${root}/:subscriptionId`,
    { config: { api, permission: 'subscriptions:delete' }, schema: { tags } },
    async (request, reply) => {
      await subscriptions.delete(contextOf(request), api.name, request.params.subscriptionId);
      return reply.code(204).send();
    },
  );
}
