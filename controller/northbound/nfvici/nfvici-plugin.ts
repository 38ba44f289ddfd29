import { Type } from 'typebox';
import { capacityMeasures } from '#shared/api/capacity-measurements.ts';
import {
  CapacityThreshold,
  CapacityThresholdModifications,
  CreateCapacityThresholdRequest,
  NfviCapacityInfo,
} from '#shared/api/nfvi-capacity.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { CapacityCriteria } from '../../notify/capacity-crossing.ts';
import type { Subscription, SubscriptionAuthentication } from '../../notify/subscription-registry.ts';
import type { NorthboundPlugin } from '../plugin.ts';
import { CollectionQuerystring, contextOf } from '../request.ts';
import { apiVersion } from '../sol013/api-version.ts';
import { sendCollection, sendResource } from '../sol013/collection.ts';
import { byCreation, defineResource } from '../sol013/resource.ts';
import { nfviCapacityInfos } from './nfvi-capacity-info.ts';

const api = apiVersion('nfvici', '1.1.0');
const thresholds = `${api.prefix}/capacity_thresholds`;
const tags = ['nfvici'];

/** A threshold is a subscription whose filter holds what it watches. */
const capacityThresholds = defineResource<Subscription>({
  name: 'CapacityThreshold',
  schema: CapacityThreshold,
  excludedByDefault: [],
  id: (view) => view.id,
  sortKey: (view) => byCreation(view.createdAt, view.id),
  revision: (view) => `${view.id}-${view.callbackUri}`,
  render: (view, baseUrl) => ({
    id: view.id,
    ...(view.filter as JsonObject),
    callbackUri: view.callbackUri,
    _links: {
      self: { href: `${baseUrl}${thresholds}/${view.id}` },
      object: { href: `${baseUrl}${api.prefix}/nfvi_capacity_infos/${view.filter?.['objectInstanceId']}` },
    },
  }),
});

interface ThresholdBody {
  callbackUri: string;
  authentication?: SubscriptionAuthentication;
  objectInstanceId: string;
  [member: string]: unknown;
}

/** NFVI capacity information (ETSI GS NFV-SOL 005 clause 10). */
export const nfviciPlugin: NorthboundPlugin = (app, { inventory, subscriptions, collections: policy }) => {
  const querystring = CollectionQuerystring;
  const read = { api, permission: 'inventory:read' } as const;
  const infos = `${api.prefix}/nfvi_capacity_infos`;
  app.get(
    infos,
    {
      config: { ...read, query: 'any' },
      schema: { tags, querystring, response: { 200: Type.Array(NfviCapacityInfo) } },
    },
    async (request, reply) =>
      sendCollection(request, reply, { resource: nfviCapacityInfos, views: await inventory.infras(), policy }),
  );
  app.get<{ Params: { vimId: string } }>(
    `${infos}/:vimId`,
    { config: read, schema: { tags } },
    async (request, reply) => {
      const view = await inventory.infra(request.params.vimId);
      return sendResource(request, reply, { resource: nfviCapacityInfos, view, policy });
    },
  );

  type ById = { Params: { id: string } };
  const config = (verb: 'read' | 'write' | 'delete') => ({ api, permission: `subscriptions:${verb}` }) as const;
  app.get(
    thresholds,
    { config: { ...config('read'), query: 'any' }, schema: { tags, querystring } },
    async (request, reply) => {
      const views = await subscriptions.list(contextOf(request), 'nfvici');
      return sendCollection(request, reply, { resource: capacityThresholds, views, policy });
    },
  );
  app.post(
    thresholds,
    { config: config('write'), schema: { tags, body: CreateCapacityThresholdRequest } },
    async (request, reply) => {
      const { callbackUri, authentication, ...filter } = request.body as ThresholdBody;
      await inventory.infra(filter.objectInstanceId);
      requireMeasurable(filter);
      const input = { api: 'nfvici', major: api.major, baseUrl: request.baseUrl, callbackUri, authentication } as const;
      const made = await subscriptions.create(contextOf(request), { ...input, filter: filter as JsonObject });
      reply.header('location', `${request.baseUrl}${thresholds}/${made.subscription.id}`);
      if (made.isDuplicate) return reply.code(303).send();
      return reply.code(201).send(capacityThresholds.render(made.subscription, request.baseUrl));
    },
  );
  app.get<ById>(`${thresholds}/:id`, { config: config('read'), schema: { tags } }, async (request, reply) => {
    const view = await subscriptions.get(contextOf(request), 'nfvici', request.params.id);
    return sendResource(request, reply, { resource: capacityThresholds, view, policy });
  });
  app.patch<ById>(
    `${thresholds}/:id`,
    { config: config('write'), schema: { tags, body: CapacityThresholdModifications } },
    async (request) => {
      const patch = request.body as Pick<ThresholdBody, 'authentication'> & { callbackUri?: string };
      await subscriptions.update(contextOf(request), { api: 'nfvici', id: request.params.id }, patch);
      return patch.callbackUri === undefined ? {} : { callbackUri: patch.callbackUri };
    },
  );
  app.delete<ById>(`${thresholds}/:id`, { config: config('delete'), schema: { tags } }, async (request, reply) => {
    await subscriptions.delete(contextOf(request), 'nfvici', request.params.id);
    return reply.code(204).send();
  });
};

/** @throws Unprocessable for a threshold that could never be crossed, because nothing like it is measured */
function requireMeasurable(input: Record<string, unknown>): void {
  const { capacityMetric: metric, simpleThresholdDetails: details } = input['criteria'] as CapacityCriteria;
  const { resourceType, capacityMeasurementName: name } = metric;
  if (!capacityMeasures.some((one) => one.resourceType === resourceType && one.name === name)) {
    throw new SkerryError('Unprocessable', `${resourceType} has no measurement ${name}.`, {
      remedy: `Measured: ${capacityMeasures.map((one) => `${one.resourceType} ${one.name} (${one.unit})`).join(', ')}.`,
    });
  }
  if (details === undefined || details.length === 0) {
    throw new SkerryError('Unprocessable', 'A threshold of the type SIMPLE needs simpleThresholdDetails.', {
      remedy: 'Give at least one thresholdValue with its hysteresis.',
    });
  }
  if (input['subObjectInstanceIds'] !== undefined) {
    throw new SkerryError('Unprocessable', 'The resource zones of an infra are not watched one by one.', {
      remedy: 'Leave subObjectInstanceIds out: the threshold then watches the whole infra.',
    });
  }
}
