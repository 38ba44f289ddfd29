import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import { negotiateVersion } from './sol013/api-version.ts';

const json = ['application/json'] as const;

/** Checks what is the same for every route before its body is read: Version, Accept, unknown query parameters. */
export function negotiate(request: FastifyRequest, reply: FastifyReply, config: FastifyContextConfig): void {
  if (config.api) reply.header('version', negotiateVersion(config.api, request.headers['version']));
  const { accept } = request.headers;
  if (accept !== undefined && accept !== '*/*' && accept !== 'application/json') {
    requireAcceptable(accept, config.produces ?? json);
  }
  if (config.query !== 'any') refuseUnknownParameters(request.query, config.query ?? []);
}

/** @throws NotAcceptable. Problem details count as JSON's companion, so they alone are not enough to refuse. */
function requireAcceptable(accept: string, produces: readonly string[]): void {
  for (const part of accept.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    const [type, subtype] = range.split('/');
    const matches = (media: string) =>
      range === media || range === '*/*' || (subtype === '*' && media.startsWith(`${type}/`));
    if (produces.some(matches)) return;
  }
  throw new SkerryError('NotAcceptable', 'None of the media types in Accept can be sent.', {
    remedy: `This resource answers ${produces.join(', ')}.`,
  });
}

function refuseUnknownParameters(query: unknown, known: readonly string[]): void {
  for (const name in query as object) {
    if (known.includes(name)) continue;
    throw new SkerryError('BadQuery', `The query parameter "${name}" is not known here.`, {
      remedy: known.length === 0 ? 'This resource takes none.' : `Known: ${known.join(', ')}.`,
    });
  }
}
