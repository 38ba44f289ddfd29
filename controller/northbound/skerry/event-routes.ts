import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type EventTopic, eventTopics } from '#shared/api/skerry-events.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { Permission } from '../../identity/identity.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { securityHeaders } from '../protection.ts';
import { EventConnection } from './event-connection.ts';
import { EventSource } from './event-source.ts';

const maxClients = 200;
const maxIds = 100;
const permissions: Record<EventTopic, Permission> = {
  ns: 'ns:read',
  op: 'ns:read',
  site: 'inventory:read',
  agent: 'agents:read',
  infra: 'inventory:read',
  profile: 'inventory:read',
  cluster: 'inventory:read',
  application: 'inventory:read',
};
interface EventQuery {
  topics?: string;
  id?: string;
}

/**
 * `GET /skerry/v1/events`: server-sent events of what changes. Ids are revisions of the store: a client that comes back with
 * Last-Event-ID misses nothing. Events are hints with a summary; the resource itself is the truth.
 */
export function registerEvents(app: NorthboundApp, dependencies: NorthboundDependencies, store: Store): void {
  const { identity, clock, log } = dependencies;
  const connections = new Set<EventConnection>();
  app.addHook('preClose', async () => {
    for (const connection of connections) connection.end();
  });
  app.get<{ Querystring: EventQuery }>(
    '/skerry/v1/events',
    {
      exposeHeadRoute: false,
      config: { permission: 'authenticated', query: ['topics', 'id'], produces: ['text/event-stream'] },
      schema: {
        tags: ['events'],
        summary: 'Server-sent events',
        querystring: Type.Object({
          topics: Type.Optional(Type.String({ maxLength: 100, description: `Of ${eventTopics.join(',')}` })),
          id: Type.Optional(Type.String({ maxLength: 4000, description: 'Ids of resources, separated by commas' })),
        }),
      },
    },
    (request, reply) => {
      if (connections.size >= maxClients) {
        throw new SkerryError('TooManyRequests', `There are ${maxClients} clients of the event stream already`);
      }
      const from = lastEventId(request);
      const topics = topicsOf(request, dependencies);
      const ids = new Set((request.query.id ?? '').split(',').filter((one) => one !== ''));
      if (ids.size > maxIds) throw new SkerryError('BadQuery', `At most ${maxIds} ids can be asked for`);
      const source = new EventSource(dependencies, { topics, ids, principal: request.principal });
      const bearer = (request.headers.authorization ?? '').replace(/^bearer\s+/i, '');
      reply.hijack();
      const output = reply.raw;
      output.writeHead(200, {
        ...securityHeaders,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const stillAllowed = () => identity.authenticate(bearer);
      const connection = new EventConnection({ store, clock, source, output, stillAllowed });
      connections.add(connection);
      output.on('close', () => connection.end());
      output.on('error', () => connection.end());
      connection
        .run(from)
        .catch((error: unknown) => log.warn({ error: String(error) }, 'event stream ended with an error'))
        .finally(() => connections.delete(connection));
    },
  );
}

function lastEventId(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  const revision = Number(header);
  if (Number.isSafeInteger(revision) && revision >= 0) return revision;
  throw new SkerryError('BadRequest', 'Last-Event-ID is not an id of this stream', {
    remedy: 'leave it out and read the state again',
  });
}

/** Topics that were asked for; without, all that the caller may read. */
function topicsOf(
  request: FastifyRequest<{ Querystring: EventQuery }>,
  { identity }: NorthboundDependencies,
): ReadonlySet<EventTopic> {
  const asked = request.query.topics?.split(',');
  const unknown = asked?.find((topic) => !(eventTopics as readonly string[]).includes(topic));
  if (unknown !== undefined) {
    throw new SkerryError('BadQuery', `There is no topic ${unknown}`, { remedy: `Topics: ${eventTopics.join(', ')}` });
  }
  const mayRead = (topic: EventTopic) => {
    try {
      identity.authorize(request.principal, permissions[topic]);
      return true;
    } catch (error) {
      if (asked !== undefined || !isSkerryError(error)) throw error;
      return false;
    }
  };
  return new Set(((asked as EventTopic[] | undefined) ?? eventTopics).filter(mayRead));
}
