import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import { type FilterExpression, matchesFilter, parseFilter, parseLegacyFilter } from './attribute-filter.ts';
import { type AttributeSelector, parseSelector, type SelectorParameters, select } from './attribute-selector.ts';
import { isNotModified } from './entity-tag.ts';
import { cutPage, decodeMarker, nextLink } from './paging.ts';
import { RenderCache } from './render-cache.ts';
import type { Resource } from './resource.ts';

/** What to do with a collection that is larger than a page (ETSI GS NFV-SOL 013 clause 5.4.2: one or the other). */
export interface CollectionPolicy {
  pageSize: number;
  whenTooBig: 'page' | 'refuse';
  cache: RenderCache;
}

export function collectionPolicy(
  options: { pageSize?: number; whenTooBig?: 'page' | 'refuse' } = {},
): CollectionPolicy {
  return { pageSize: options.pageSize ?? 1000, whenTooBig: options.whenTooBig ?? 'page', cache: new RenderCache() };
}

/** Query parameters of a collection, for the OpenAPI document. Older attribute filters (`?attr=value`) come beside them. */
export const collectionParameters = [
  'filter',
  'all_fields',
  'fields',
  'exclude_fields',
  'exclude_default',
  'nextpage_opaque_marker',
] as const;
const reserved: ReadonlySet<string> = new Set(collectionParameters);

export interface CollectionQuery {
  filter: FilterExpression[];
  selector: AttributeSelector;
  after: string | undefined;
}

const plainQuery: CollectionQuery = { filter: [], selector: { kind: 'default' }, after: undefined };

/** @throws BadQuery for unknown parameters, attributes, operators and markers */
export function parseCollectionQuery<View>(resource: Resource<View>, query: unknown): CollectionQuery {
  const parameters = query as Record<string, string | string[]>;
  const names = Object.keys(parameters);
  if (names.length === 0) return plainQuery;
  for (const name of names) {
    if (Array.isArray(parameters[name])) {
      throw new SkerryError('BadQuery', `The query parameter ${name} is given more than once.`, {
        remedy: 'Give it once; join filter expressions with ";".',
      });
    }
  }
  const single = parameters as Record<string, string>;
  const filter = single['filter'] === undefined ? [] : parseFilter(single['filter'], resource.attributes);
  for (const name of names) {
    if (!reserved.has(name)) filter.push(parseLegacyFilter(name, single[name]!, resource.attributes));
  }
  const marker = single['nextpage_opaque_marker'];
  return {
    filter,
    selector: parseSelector(single as SelectorParameters, resource.attributes),
    after: marker === undefined ? undefined : decodeMarker(marker),
  };
}

/** Answers GET of a collection: filter, selectors, paging. The route's config says `query: 'any'`. */
export function sendCollection<View>(
  request: FastifyRequest,
  reply: FastifyReply,
  { resource, views, policy }: { resource: Resource<View>; views: readonly View[]; policy: CollectionPolicy },
): FastifyReply {
  const query = parseCollectionQuery(resource, request.query);
  const { baseUrl } = request;
  const matching =
    query.filter.length === 0
      ? views
      : views.filter((view) => matchesFilter(resource.render(view, baseUrl), query.filter));
  const sorted = matching
    .map((view) => ({ view, key: resource.sortKey(view) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ view }) => view);
  const { pageSize, whenTooBig, cache } = policy;
  if (whenTooBig === 'refuse' && sorted.length > pageSize) {
    throw new SkerryError('BadQuery', `The result holds ${sorted.length} items; at most ${pageSize} are sent.`, {
      remedy: 'Narrow the result with a filter.',
    });
  }
  const page = cutPage(sorted, resource.sortKey, { after: query.after, size: pageSize });
  if (page.next !== undefined) reply.header('link', nextLink(requestOrigin(request), request.url, page.next));
  const texts = page.items.map((view) => itemText(view, { resource, selector: query.selector, baseUrl, cache }));
  return reply.type('application/json; charset=utf-8').send(jsonArray(texts));
}

const [open, comma, close] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

function jsonArray(items: readonly Buffer[]): Buffer {
  const parts = items.flatMap((item, index) => (index === 0 ? [item] : [comma, item]));
  return Buffer.concat([open, ...parts, close]);
}

/** Scheme and authority: `request.url` holds the API root already. */
function requestOrigin(request: FastifyRequest): string {
  return request.baseUrl.slice(0, request.baseUrl.length - request.apiRoot.length);
}

function itemText<View>(
  view: View,
  context: { resource: Resource<View>; selector: AttributeSelector; baseUrl: string; cache: RenderCache },
): Buffer {
  const { resource, selector, baseUrl, cache } = context;
  if (selector.kind === 'default') return cache.text(resource, view, baseUrl).brief();
  if (selector.kind === 'all') return cache.text(resource, view, baseUrl).full();
  return Buffer.from(JSON.stringify(select(resource.render(view, baseUrl), selector, resource)));
}

/** Answers GET of one resource, with its ETag; 304 when the client has it. */
export function sendResource<View>(
  request: FastifyRequest,
  reply: FastifyReply,
  { resource, view, policy }: { resource: Resource<View>; view: View; policy: CollectionPolicy },
): FastifyReply {
  const text = policy.cache.text(resource, view, request.baseUrl);
  reply.header('etag', text.tag);
  if (isNotModified(request.headers['if-none-match'], text.tag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(text.fullText());
}
