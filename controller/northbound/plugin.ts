import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Principal } from '#shared/model/identity.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { Catalog, CatalogModels } from '../catalog/catalog.ts';
import type { Identity, Permission } from '../identity/identity.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Lcm, LcmQueries } from '../lcm/lcm.ts';
import type { SubscriptionRegistry } from '../notify/subscription-registry.ts';
import type { ApiVersion } from './sol013/api-version.ts';
import type { CollectionPolicy } from './sol013/collection.ts';

export type NorthboundApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Everything that a plugin may use; what else it needs comes in by its own factory. */
export interface NorthboundDependencies {
  lcm: Lcm;
  queries: LcmQueries;
  inventory: Inventory;
  identity: Identity;
  /** With `vnfModel`, VNF instances show the descriptor facts of the very revision that they run. */
  catalog: Catalog & Partial<Pick<CatalogModels, 'vnfModel'>>;
  subscriptions: SubscriptionRegistry;
  clock: Clock;
  log: Logger;
  /** How collections are cut: paging or refusing. */
  collections: CollectionPolicy;
}

/** Registers routes. Runs once, inside the API root's scope, after the hooks for errors, authentication and versions. */
export type NorthboundPlugin = (app: NorthboundApp, dependencies: NorthboundDependencies) => void | Promise<void>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Checked before the body is read; `authenticated` asks for any valid token, `public` for none. Required on every route. */
    permission?: Permission | 'authenticated' | 'public';
    /** The ETSI API that the route belongs to: checks and echoes the Version header, adds the `api_versions` resources. */
    api?: ApiVersion;
    /** Query parameters that the route knows; others answer 400. `'any'` leaves the check to the handler (collections). */
    query?: readonly string[] | 'any';
    /** Media types that the route can answer, for the Accept header; JSON unless told. */
    produces?: readonly string[];
  }
  interface FastifyRequest {
    /** Who asks; set by the authentication hook, absent on public routes. */
    principal: Principal;
    /** `https://host:port` and the API root, without a trailing slash: prefix of every link. */
    baseUrl: string;
    /** Configured prefix of all paths: empty or `/prefix`. */
    apiRoot: string;
  }
}
