import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { ProblemDetails } from '#shared/api/problem.ts';
import type { NorthboundApp } from './plugin.ts';

export const documentationPath = '/docs';

/** Everything from here and nothing from elsewhere; the UI sets styles of its own elements. */
const documentationPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ');

/** What every route tells of itself without saying so: which permission it needs, and that a DELETE answers nothing. */
function documented(permission: string | undefined, route: { method: string | string[]; response: unknown }): object {
  const isDelete = route.method === 'DELETE' && route.response === undefined;
  return {
    ...(permission === 'public'
      ? { security: [], description: 'Needs no token.' }
      : { description: `Permission: ${permission}.` }),
    ...(isDelete && { response: { 204: { type: 'null', description: 'Deleted' } } }),
  };
}

/** OpenAPI 3.1 of all routes: `/openapi.json`, with a locally served UI at `/docs`. Before any route is registered. */
export async function registerOpenApi(app: NorthboundApp): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Skerry northbound',
        version: '0.1.0',
        description: 'ETSI GS NFV-SOL 005 (V3.7.1 and, for older clients, v1) and the APIs of Skerry itself.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          password: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/oauth2/token', scopes: {} } } },
        },
      },
      security: [{ bearer: [] }],
    },
    transform: ({ schema, url, route }) => ({
      schema: {
        ...documented(route.config?.permission, { method: route.method, response: schema?.response }),
        ...schema,
      },
      url: url.replace(/\*$/, ':artifactPath'),
    }),
    transformObject: (document) =>
      withProblems(('openapiObject' in document ? document.openapiObject : {}) as OpenApiLike) as never,
  });
  await app.register(swaggerUi, {
    routePrefix: documentationPath,
    staticCSP: documentationPolicy,
    uiConfig: { deepLinking: true },
  });
  app.get('/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, (_request, reply) => {
    reply.type('application/json; charset=utf-8').send(documentText(app));
  });
}

const documents = new WeakMap<object, string>();

function documentText(app: NorthboundApp): string {
  const known = documents.get(app) ?? JSON.stringify(app.swagger());
  documents.set(app, known);
  return known;
}

interface OpenApiLike {
  components?: { schemas?: Record<string, unknown> };
  paths?: Record<string, Record<string, { responses?: Record<string, unknown> }>>;
}

/** Every operation can answer with problem details. */
function withProblems(document: OpenApiLike): OpenApiLike {
  const problem = {
    description: 'Problem details',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDetails' } } },
  };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ProblemDetails },
  };
  for (const operations of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(operations))
      operation.responses = { ...operation.responses, default: problem };
  }
  return document;
}
