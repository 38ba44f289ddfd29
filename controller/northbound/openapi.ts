import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { ProblemDetails } from '#shared/api/problem.ts';
import type { NorthboundApp } from './plugin.ts';

export const documentationPath = '/docs';

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
      schema: { ...schema, ...(route.config?.permission === 'public' ? { security: [] } : {}) },
      url,
    }),
    transformObject: (document) =>
      withProblems(('openapiObject' in document ? document.openapiObject : {}) as OpenApiLike) as never,
  });
  await app.register(swaggerUi, {
    routePrefix: documentationPath,
    staticCSP: true,
    uiConfig: { url: './../openapi.json', deepLinking: true },
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
