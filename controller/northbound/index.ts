/**
 * The northbound: Fastify, one plugin per API, HTTP to commands and queries and no decisions.
 *
 * A plugin is `(app, dependencies) => void | Promise<void>`; what else it needs comes by its own factory:
 *
 * ```ts
 * const nsd = apiVersion('nsd', '2.3.0');                       // prefix /nsd/v2; api_versions resources come by themselves
 * const nsDescriptors = defineResource<NsdInfo & { etag: string }>({
 *   name: 'NsdInfo', schema: NsdInfoSchema,                     // typebox; gives the attributes that filters may name
 *   excludedByDefault: ['userDefinedData', 'onboardingFailureDetails'],
 *   id: (view) => view.id, revision: (view) => view.etag, sortKey: (view) => byCreation(view.createdAt, view.id),
 *   render: (view, baseUrl) => ({ id: view.id, …, _links: { self: { href: `${baseUrl}${nsd.prefix}/ns_descriptors/${view.id}` } } }),
 * });
 * export const nsdPlugin: NorthboundPlugin = (app, { catalog, collections }) => {
 *   app.get(`${nsd.prefix}/ns_descriptors`, {
 *     config: { api: nsd, permission: 'nsds:read', query: 'any' },            // 'any': sendCollection checks the query
 *     schema: { tags: ['nsd'], querystring: CollectionQuerystring, response: { 200: Type.Array(NsdInfoSchema) } },
 *   }, async (request, reply) =>
 *     sendCollection(request, reply, { resource: nsDescriptors, views: await catalog.nsds(), policy: collections }));
 *   app.get(`${nsd.prefix}/ns_descriptors/:nsdInfoId`, { config: { api: nsd, permission: 'nsds:read' } }, async (request, reply) =>
 *     sendResource(request, reply, { resource: nsDescriptors, view: await catalog.nsd(request.params.nsdInfoId), policy: collections }));
 * };
 * ```
 *
 * - `config.permission` is required (a permission, `'authenticated'` or `'public'`); start-up fails without it.
 * - `config.query` names the query parameters of the route; any other answers 400. `config.produces` the media types it can answer.
 * - Commands take `contextOf(request)`. Throw SkerryError: it becomes problem details. `details.errors` (path, message, remedy) is shown as `errors[]`.
 * - `reply.header('location', `${request.baseUrl}${path}`)` is absolute. `requireMatch(request.headers['if-match'], etag)` answers 412.
 * - Responses are not serialised by schema: send objects or JSON text. Response schemas are for the OpenAPI document.
 * - Request schemas say `additionalProperties: false`: a typo answers 400 with the nearest known member.
 * - Other content types: `app.register(async (scope) => { scope.addContentTypeParser(…); scope.put(…) })`.
 * - Long-lived answers (server-sent events): `reply.hijack()` and `exposeHeadRoute: false`; connections are closed at stop.
 */
export { createNorthbound, type Northbound, type NorthboundOptions, ownPlugins } from './northbound.ts';
export { createNorthboundApp, type NorthboundAppOptions, type TlsOptions } from './northbound-app.ts';
export type { NorthboundApp, NorthboundDependencies, NorthboundPlugin } from './plugin.ts';
export { toProblem } from './problem.ts';
export { CollectionQuerystring, contextOf } from './request.ts';
export * from './sol013/index.ts';
