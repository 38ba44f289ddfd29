import { SkerryError } from '#shared/errors/index.ts';
import { id as brand } from '#shared/model/ids.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { Change, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { type CallbackClient, requireCallbackUri } from './callback-client.ts';
import type { SecretBox } from './secret-box.ts';
import { publicSubscription, type StoredSubscription, subscriptionPrefix } from './stored-subscription.ts';
import type {
  Subscription,
  SubscriptionAuthentication,
  SubscriptionInput,
  SubscriptionRegistry,
} from './subscription-registry.ts';

export interface RegistryDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  box: SecretBox;
  client: CallbackClient;
  /** Equal subscriptions: kept beside each other, or answered with the first one. */
  duplicates: 'allow' | 'refuse';
  maximumPerProject: number;
  /** What belongs into the commit that makes a subscription. */
  besides(stored: StoredSubscription): Promise<Change[]>;
  /** Called after each commit, before it is answered. */
  onChange(id: string, stored: StoredSubscription | undefined): void;
}

export function createSubscriptionRegistry(dependencies: RegistryDependencies): SubscriptionRegistry {
  const { store, clock, random, box, client, duplicates, maximumPerProject, onChange } = dependencies;

  async function all(): Promise<StoredSubscription[]> {
    const entries = await store.range<StoredSubscription>({ prefix: subscriptionPrefix });
    return entries.map((entry) => entry.value);
  }

  async function find(
    projectId: string,
    api: string,
    id: string,
  ): Promise<{ value: StoredSubscription; revision: number }> {
    const entry = await store.get<StoredSubscription>(keys.subscription(id));
    if (entry && entry.value.api === api && entry.value.projectId === projectId) return entry;
    throw new SkerryError('NotFound', `There is no subscription ${id}.`, { remedy: 'List the subscriptions.' });
  }

  async function testCallback(callbackUri: string, authentication: SubscriptionAuthentication | undefined) {
    requireCallbackUri('callbackUri', callbackUri);
    requireUsable(authentication);
    const outcome = await client.probe({ callbackUri, authentication }).catch((error: Error) => error.message);
    if (outcome === 204) return;
    const what = typeof outcome === 'number' ? `It answered ${outcome}.` : outcome;
    throw new SkerryError('Unprocessable', `The callback did not answer a GET with 204. ${what}`, {
      remedy: 'Let the callback answer GET with 204 No Content, then subscribe again.',
    });
  }

  function sealed(id: string, authentication: SubscriptionAuthentication | undefined): string | undefined {
    if (authentication === undefined) return undefined;
    return box.seal(authentication as unknown as JsonValue, keys.subscription(id));
  }

  return {
    async create({ principal }, input) {
      const { authentication, ...visible } = input;
      const own = (await all()).filter((subscription) => subscription.projectId === principal.projectId);
      const equal = duplicates === 'refuse' ? own.find((other) => isEqual(other, input)) : undefined;
      if (equal) return { subscription: publicSubscription(equal), isDuplicate: true };
      if (own.length >= maximumPerProject) {
        throw new SkerryError('Conflict', `The project has ${own.length} subscriptions already.`, {
          remedy: 'Delete subscriptions that are no longer used.',
        });
      }
      await testCallback(input.callbackUri, authentication);
      const id = random.uuid();
      const stored: StoredSubscription = {
        ...visible,
        id: brand(id),
        projectId: principal.projectId,
        createdAt: clock.now(),
        sealedAuthentication: sealed(id, authentication),
      };
      await store.commit([{ key: keys.subscription(id), value: stored }, ...(await dependencies.besides(stored))]);
      onChange(id, stored);
      return { subscription: publicSubscription(stored), isDuplicate: false };
    },
    async list({ principal }, api) {
      const own = (await all()).filter((one) => one.api === api && one.projectId === principal.projectId);
      return own.map(publicSubscription);
    },
    async get({ principal }, api, id) {
      return publicSubscription((await find(principal.projectId, api, id)).value);
    },
    async update({ principal }, { api, id }, patch) {
      const { value, revision } = await find(principal.projectId, api, id);
      const callbackUri = patch.callbackUri ?? value.callbackUri;
      const authentication =
        patch.authentication ??
        (value.sealedAuthentication === undefined
          ? undefined
          : (box.open(value.sealedAuthentication, keys.subscription(id)) as unknown as SubscriptionAuthentication));
      await testCallback(callbackUri, authentication);
      const stored: StoredSubscription = { ...value, callbackUri, sealedAuthentication: sealed(id, authentication) };
      await store.commit([{ key: keys.subscription(id), value: stored }], {
        expect: [{ key: keys.subscription(id), revision }],
      });
      onChange(id, stored);
      return publicSubscription(stored);
    },
    async delete({ principal }, api, id) {
      await find(principal.projectId, api, id);
      const waiting = await store.range({ prefix: keys.notification(id, '') });
      const isWatched = (await store.get(keys.capacityThreshold(id))) !== undefined;
      const changes = [keys.subscription(id), ...waiting.map((entry) => entry.key)];
      if (isWatched) changes.push(keys.capacityThreshold(id));
      await store.commit(changes.map((key) => ({ key, value: undefined })));
      onChange(id, undefined);
    },
  };
}

/** Same API, callback and filter, whatever the order of members (ETSI GS NFV-SOL 005 clause 6.4.16.3.1). */
function isEqual(existing: Subscription, input: SubscriptionInput): boolean {
  return (
    existing.api === input.api &&
    existing.major === input.major &&
    existing.callbackUri === input.callbackUri &&
    sorted(existing.filter) === sorted(input.filter)
  );
}

function sorted(value: unknown): string {
  return JSON.stringify(value ?? {}, (_, node) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([left], [right]) => (left < right ? -1 : 1)))
      : node,
  );
}

/** @throws Unprocessable */
function requireUsable(authentication: SubscriptionAuthentication | undefined): void {
  if (authentication === undefined) return;
  const { authType, paramsBasic, paramsOauth2ClientCredentials: oauth } = authentication;
  if (authType.includes('OAUTH2_CLIENT_CREDENTIALS')) {
    if (!oauth?.tokenEndpoint || !oauth.clientId) {
      throw new SkerryError('Unprocessable', 'OAUTH2_CLIENT_CREDENTIALS needs clientId and tokenEndpoint.', {
        remedy: 'Fill paramsOauth2ClientCredentials.',
      });
    }
    requireCallbackUri('tokenEndpoint', oauth.tokenEndpoint);
    return;
  }
  if (authType.includes('BASIC')) {
    if (paramsBasic?.userName) return;
    throw new SkerryError('Unprocessable', 'BASIC needs a userName.', { remedy: 'Fill paramsBasic.' });
  }
  throw new SkerryError('Unprocessable', `Of ${authType.join(', ')} nothing can be used towards subscribers.`, {
    remedy: 'Use BASIC or OAUTH2_CLIENT_CREDENTIALS.',
  });
}
