import type { JsonObject } from '#shared/model/json.ts';
import { keys } from '../keys.ts';
import type { CallbackTarget } from './callback-client.ts';
import type { SecretBox } from './secret-box.ts';
import type { Subscription, SubscriptionAuthentication } from './subscription-registry.ts';

/** `subscription/<id>` */
export interface StoredSubscription extends Subscription {
  sealedAuthentication?: string;
}

/** `notification/<subscriptionId>/<sequence>` */
export interface StoredNotification {
  subscriptionId: string;
  type: string;
  body: JsonObject;
  /** Controller's clock when it was staged. */
  stagedAt: number;
}

export const subscriptionPrefix = keys.subscription('');
export const notificationPrefix = 'notification/';

/** Without what nobody outside may see. */
export function publicSubscription(stored: StoredSubscription): Subscription {
  const { sealedAuthentication: _, ...subscription } = stored;
  return subscription;
}

export function targetOf(stored: StoredSubscription, box: SecretBox): CallbackTarget {
  const { callbackUri, sealedAuthentication: sealed, id } = stored;
  const authentication = sealed === undefined ? undefined : box.open(sealed, keys.subscription(id));
  return { callbackUri, authentication: authentication as unknown as SubscriptionAuthentication | undefined };
}
