import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { RequestContext } from '../context.ts';

/** Who asks, for the commands of the engines. */
export function contextOf(request: FastifyRequest): RequestContext {
  return { principal: request.principal, requestId: request.id };
}

/** For the OpenAPI document: what tasks answer. */
export const Accepted: TSchema = Type.Null({ description: 'Accepted; Location names what to watch' });

const parameter = (description: string) => Type.Optional(Type.String({ description }));

/** Query parameters of a collection (ETSI GS NFV-SOL 013 clauses 5.2 to 5.4); older filters (`?attribute=value`) come beside them. */
export const CollectionQuerystring = Type.Object(
  {
    filter: parameter('(operator,attribute/path,value)[;(…)]; operators eq neq gt lt gte lte in nin cont ncont'),
    all_fields: parameter('Flag: every attribute'),
    fields: parameter('Attributes to show, separated by commas'),
    exclude_fields: parameter('Attributes to leave out'),
    exclude_default: parameter('Flag: leave out the default set, as without a selector'),
    nextpage_opaque_marker: parameter('From the Link header of the page before'),
  },
  { additionalProperties: true },
);
