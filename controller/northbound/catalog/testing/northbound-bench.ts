import { SkerryError } from '#shared/errors/index.ts';
import { id } from '#shared/model/ids.ts';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import { principal, startCatalog } from '../../../catalog/testing/catalog-bench.ts';
import type { Identity } from '../../../identity/identity.ts';
import type { SubscriptionInput, SubscriptionRegistry } from '../../../notify/subscription-registry.ts';
import {
  collectionPolicy,
  createNorthboundApp,
  type NorthboundDependencies,
  type NorthboundPlugin,
} from '../../index.ts';

const identity = {
  authenticate: async (token: string) => {
    if (token === 'good') return principal;
    if (token === 'stranger') return { ...principal, projectId: id('elsewhere') };
    throw new SkerryError('Unauthenticated', 'The token is not valid.');
  },
  authorize: () => {},
} as unknown as Identity;

function memorySubscriptions(): SubscriptionRegistry {
  const all: (SubscriptionInput & { id: string })[] = [];
  const view = (found: SubscriptionInput & { id: string }) =>
    ({ ...found, authentication: undefined, projectId: principal.projectId, createdAt: 1 }) as never;
  return {
    create: async (_context, input) => {
      const found = { ...input, id: `s${all.length}` };
      all.push(found);
      return { subscription: view(found), isDuplicate: false };
    },
    list: async (_context, api) => all.filter((one) => one.api === api).map(view),
    get: async (_context, _api, wanted) => {
      const found = all.find((one) => one.id === wanted);
      if (found === undefined) throw new SkerryError('NotFound', 'no subscription');
      return view(found);
    },
    update: async () => {
      throw new SkerryError('NotImplemented', 'not part of these tests');
    },
    delete: async (_context, _api, wanted) =>
      void all.splice(
        all.findIndex((one) => one.id === wanted),
        1,
      ),
  };
}

/** A northbound with a real catalogue over a memory store; what else a plugin needs is given. */
export async function startNorthbound(
  plugins: NorthboundPlugin[],
  more: Partial<NorthboundDependencies> = {},
  catalogOptions: Parameters<typeof startCatalog>[0] = {},
) {
  const bench = await startCatalog(catalogOptions);
  const dependencies = {
    identity,
    catalog: bench.catalog,
    subscriptions: memorySubscriptions(),
    clock: systemClock,
    log: silentLogger,
    collections: collectionPolicy(),
    ...more,
  } as NorthboundDependencies;
  const app = await createNorthboundApp({ dependencies, plugins, apiRoot: '' });
  return {
    ...bench,
    app,
    async call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, options: CallOptions = {}) {
      const { body, headers, token = 'good' } = options;
      const response = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { payload: body as string | object }),
      });
      const isJson = /json/.test(String(response.headers['content-type'] ?? ''));
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.payload,
        json: isJson && response.payload !== '' ? JSON.parse(response.payload) : undefined,
      };
    },
    async stop() {
      await app.close();
      await bench.stop();
    },
  };
}

interface CallOptions {
  body?: string | object | Buffer;
  headers?: Record<string, string>;
  token?: string;
}
export type NorthboundBench = Awaited<ReturnType<typeof startNorthbound>>;
