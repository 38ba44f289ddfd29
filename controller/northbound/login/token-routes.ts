import { parse } from 'node:querystring';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IssuedToken as IssuedTokenSchema, TokenRequest } from '#shared/api/login.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { Identity, IssuedToken } from '../../identity/identity.ts';
import { bearerToken } from '../authentication.ts';
import type { NorthboundApp, NorthboundPlugin } from '../plugin.ts';
import { dateTime } from '../sol013/date-time.ts';

/** Anybody may send these: nothing large is even read. */
const maxLoginBytes = 16 * 1024;
/** Attempts to log in per client address and minute; Identity limits them per user as well. */
const loginLimit = { rateLimit: { max: 300, timeWindow: 60_000 } };

/** Bearer tokens: by JSON under `/skerry/v1/tokens`, by OAuth 2.0 (RFC 6749; ETSI GS NFV-SOL 013 clause 8.3) under `/oauth2/token`. */
export const tokenPlugin: NorthboundPlugin = async (app, { identity, clock }) => {
  const tags = ['login'];
  app.post(
    '/skerry/v1/tokens',
    {
      bodyLimit: maxLoginBytes,
      config: { permission: 'public', ...loginLimit },
      schema: { tags, body: TokenRequest, response: { 201: IssuedTokenSchema } },
    },
    async (request, reply) => {
      const issued = await identity.login({ ...request.body, address: request.ip });
      noStore(reply);
      return reply.code(201).send({ ...issued, expiresAt: dateTime(issued.expiresAt) });
    },
  );
  app.delete(
    '/skerry/v1/tokens/current',
    { config: { permission: 'authenticated' }, schema: { tags } },
    async (request, reply) => {
      await identity.logout(bearerToken(request));
      return reply.code(204).send();
    },
  );
  await app.register(async (scope) => registerTokenEndpoint(scope as NorthboundApp, identity, clock));
};

function registerTokenEndpoint(scope: NorthboundApp, identity: Identity, clock: Clock): void {
  scope.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: maxLoginBytes },
    (_request, body, done) => done(null, parse(body, '&', '=', { maxKeys: 20 })),
  );
  scope.post(
    '/oauth2/token',
    {
      config: { permission: 'public', ...loginLimit },
      schema: { tags: ['login'], summary: 'OAuth 2.0 token endpoint' },
    },
    async (request, reply) => {
      noStore(reply);
      try {
        return grantAnswer(await identity.login({ ...credentialsOf(request), address: request.ip }), clock);
      } catch (error) {
        return oauthError(reply, error);
      }
    },
  );
}

function grantAnswer(issued: IssuedToken, clock: Clock) {
  const expiresIn = Math.max(0, Math.floor((issued.expiresAt - clock.now()) / 1000));
  return { access_token: issued.token, token_type: 'Bearer', expires_in: expiresIn };
}

/** Users are the clients: client_id and client_secret (in the body or as Basic) or username and password. */
function credentialsOf(request: FastifyRequest): { username: string; password: string; project?: string } {
  const form = (request.body ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof form[name] === 'string' ? form[name] : undefined);
  const project = text('project');
  const scope = project === undefined ? {} : { project };
  const grant = text('grant_type');
  if (grant === 'password') {
    return {
      username: required('username', text('username')),
      password: required('password', text('password')),
      ...scope,
    };
  }
  if (grant !== 'client_credentials') {
    throw new SkerryError('BadRequest', 'grant_type has to be client_credentials or password.', {
      details: { oauth: 'unsupported_grant_type' },
    });
  }
  const basic = basicCredentials(request.headers.authorization);
  if (basic) return { ...basic, ...scope };
  const username = required('client_id', text('client_id'));
  return { username, password: required('client_secret', text('client_secret')), ...scope };
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '' && value.length <= 1024) return value;
  throw new SkerryError('BadRequest', `The parameter ${name} is missing.`, { details: { oauth: 'invalid_request' } });
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined; plain ones are taken as well. */
function basicCredentials(header: string | undefined): { username: string; password: string } | undefined {
  const encoded = /^basic ([\w+/=-]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { username: formDecoded(text.slice(0, colon)), password: formDecoded(text.slice(colon + 1)) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 6749 section 5.2, which has a shape of its own. */
function oauthError(reply: FastifyReply, error: unknown): FastifyReply {
  if (!isSkerryError(error)) throw error;
  const { code, details, message } = error;
  if (code === 'Unauthenticated') {
    reply.header('www-authenticate', 'Basic realm="skerry"');
    return reply.code(401).send({ error: 'invalid_client', error_description: message });
  }
  if (code === 'BadRequest' || code === 'Forbidden' || code === 'NotFound') {
    return reply.code(400).send({ error: details['oauth'] ?? 'invalid_grant', error_description: message });
  }
  throw error;
}

function noStore(reply: FastifyReply): void {
  reply.header('cache-control', 'no-store');
}
