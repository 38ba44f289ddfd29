import type { ProjectId, SubscriptionId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { RequestContext } from '../context.ts';
import type { NotificationApi } from './notifier.ts';

/** `SubscriptionAuthentication` (ETSI GS NFV-SOL 013 clause 8.3.4), the types that Skerry can use towards a subscriber. */
export interface SubscriptionAuthentication {
  authType: ('BASIC' | 'OAUTH2_CLIENT_CREDENTIALS' | 'TLS_CERT')[];
  paramsBasic?: { userName?: string; password?: string };
  paramsOauth2ClientCredentials?: { clientId?: string; clientPassword?: string; tokenEndpoint?: string };
}

/** `subscription/<id>` as others see it: without credentials. */
export interface Subscription {
  id: SubscriptionId;
  api: NotificationApi;
  /** Major version of the API that it was made through; its notifications speak that version. */
  major: string;
  projectId: ProjectId;
  callbackUri: string;
  /** As given; which members count depends on the API. */
  filter?: JsonObject;
  verbosity?: 'FULL' | 'SHORT';
  /** Prefix of the links in its notifications: what the subscriber used. */
  baseUrl: string;
  createdAt: number;
}

export interface SubscriptionInput {
  api: NotificationApi;
  major: string;
  baseUrl: string;
  callbackUri: string;
  filter?: JsonObject;
  authentication?: SubscriptionAuthentication;
  verbosity?: 'FULL' | 'SHORT';
}

export interface SubscriptionRegistry {
  /**
   * Tests the callback with one GET that has to answer 204, then keeps the subscription.
   * With duplicates refused, an equal one (filter, callback, project) comes back with `isDuplicate`: answer 303.
   *
   * @throws Unprocessable when the callback is no http(s) URL or does not answer 204; Conflict when there are too many
   */
  create(
    context: RequestContext,
    input: SubscriptionInput,
  ): Promise<{ subscription: Subscription; isDuplicate: boolean }>;
  /** Those of the caller's project. */
  list(context: RequestContext, api: NotificationApi): Promise<Subscription[]>;
  /** @throws NotFound */
  get(context: RequestContext, api: NotificationApi, id: string): Promise<Subscription>;
  /**
   * Another callback or other credentials (capacity thresholds); tests the callback again.
   *
   * @throws NotFound, Unprocessable
   */
  update(
    context: RequestContext,
    reference: { api: NotificationApi; id: string },
    patch: { callbackUri?: string; authentication?: SubscriptionAuthentication },
  ): Promise<Subscription>;
  /** Drops what is still to be delivered. @throws NotFound */
  delete(context: RequestContext, api: NotificationApi, id: string): Promise<void>;
}
