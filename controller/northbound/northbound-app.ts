import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import { registerApiVersions } from './api-versions-routes.ts';
import { createAuthentication } from './authentication.ts';
import { negotiate } from './negotiation.ts';
import { documentationPath, registerOpenApi } from './openapi.ts';
import type { NorthboundApp, NorthboundDependencies, NorthboundPlugin } from './plugin.ts';
import { createErrorHandler } from './problem.ts';
import { registerProtection } from './protection.ts';
import { RouteTable } from './route-table.ts';
import type { ApiVersion } from './sol013/api-version.ts';

export interface TlsOptions {
  /** PEM. */
  key: string;
  cert: string;
}

export interface NorthboundAppOptions {
  dependencies: NorthboundDependencies;
  plugins: readonly NorthboundPlugin[];
  apiRoot: string;
  tls?: TlsOptions;
}

/** The Fastify instance with everything registered, not yet listening; tests use its `inject()`. */
export async function createNorthboundApp(options: NorthboundAppOptions): Promise<NorthboundApp> {
  const { dependencies, plugins, apiRoot } = options;
  const app = createServer(options);
  app.setErrorHandler(createErrorHandler(dependencies.log));
  app.setSerializerCompiler(() => JSON.stringify);
  acceptEmptyJson(app);
  const routes = new RouteTable();
  const apis = new Map<string, ApiVersion>();
  await registerProtection(app, dependencies.clock);
  addHooks(app, { dependencies, apiRoot, routes });
  app.addHook('onRoute', (route) => {
    routes.add(route.url, route.method);
    if (route.url.startsWith(`${apiRoot}${documentationPath}`)) {
      route.config = {
        ...route.config,
        permission: 'public',
        query: 'any',
        produces: ['text/html', 'application/json'],
      };
    }
    if (!route.config?.permission) throw new Error(`The route ${route.method} ${route.url} names no permission`);
    if (route.config.api) apis.set(route.config.api.prefix, route.config.api);
  });
  await app.register(
    async (scope: NorthboundApp) => {
      await registerOpenApi(scope);
      for (const plugin of plugins) {
        await plugin(scope, dependencies);
        await scope.after();
      }
      registerApiVersions(scope, apiRoot, apis.values());
    },
    { prefix: apiRoot },
  );
  await app.ready();
  return app;
}

function createServer({ tls, dependencies }: NorthboundAppOptions): NorthboundApp {
  const bootId = dependencies.clock.now().toString(36);
  let requestCount = 0;
  const options = {
    logger: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 15 * 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: false },
    genReqId: () => {
      requestCount += 1;
      return `${bootId}-${requestCount.toString(36)}`;
    },
    ajv: {
      customOptions: {
        ...{ removeAdditional: false, coerceTypes: false, useDefaults: true },
        ...{ allErrors: true, verbose: true, strict: false },
      },
    },
  } as const;
  const server = tls
    ? Fastify({ ...options, https: { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' } })
    : Fastify(options);
  return (server as unknown as NorthboundApp).withTypeProvider<TypeBoxTypeProvider>();
}

/** Clients send `Content-Type: application/json` on requests without a body (retry, rollback, DELETE). */
function acceptEmptyJson(app: NorthboundApp): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser<string>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string' },
    (request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else parse(request, body, done);
    },
  );
}

interface HookContext {
  dependencies: NorthboundDependencies;
  apiRoot: string;
  routes: RouteTable;
}

function addHooks(app: NorthboundApp, { dependencies, apiRoot, routes }: HookContext): void {
  const baseUrlOf = createBaseUrls(apiRoot);
  const authenticate = createAuthentication(dependencies.identity);
  app.decorateRequest('baseUrl', '');
  app.decorateRequest('apiRoot', apiRoot);
  // Set by the authentication hook before any handler runs.
  app.decorateRequest('principal', null as never);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) throw noSuchRoute(request, routes, (allow) => reply.header('allow', allow));
    request.baseUrl = baseUrlOf(request);
    // Taken once: Fastify makes the options anew whenever they are asked for.
    const { config } = request.routeOptions;
    negotiate(request, reply, config);
    authenticate(request, config, done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (request.method !== 'GET' && request.method !== 'HEAD' && !request.is404) {
      const fields = { requestId: request.id, user: request.principal?.username, status: reply.statusCode };
      dependencies.log.info(
        { ...fields, elapsedMs: Math.round(reply.elapsedTime) },
        `${request.method} ${request.url}`,
      );
    }
    done();
  });
  app.setNotFoundHandler((request) => {
    throw noSuchRoute(request, routes, () => {});
  });
}

function noSuchRoute(request: FastifyRequest, routes: RouteTable, setAllow: (allow: string) => void): SkerryError {
  const path = request.url.split('?', 1)[0]!;
  const allowed = routes.allowed(path);
  if (allowed.length > 0 && !allowed.includes(request.method)) {
    setAllow(allowed.join(', '));
    return new SkerryError('MethodNotAllowed', `${request.method} is not possible here.`, {
      remedy: `Possible: ${allowed.join(', ')}.`,
    });
  }
  return new SkerryError('NotFound', `There is no resource at ${path}.`, {
    remedy: 'See /openapi.json for the paths.',
  });
}

const hostPattern = /^[\w.-]{1,253}(:\d{1,5})?$|^\[[\da-fA-F:.]{2,45}\](:\d{1,5})?$/;

/** Prefix of links: from the request's own host (SOL013 clause 4.1), checked because it comes from outside. */
function createBaseUrls(apiRoot: string): (request: FastifyRequest) => string {
  const known = new Map<string, string>();
  return (request) => {
    const key = `${request.protocol}://${request.host}`;
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    if (!hostPattern.test(request.host)) {
      throw new SkerryError('BadRequest', 'The Host header is not a host name with an optional port.');
    }
    if (known.size >= 100) known.clear();
    known.set(key, `${key}${apiRoot}`);
    return `${key}${apiRoot}`;
  };
}
