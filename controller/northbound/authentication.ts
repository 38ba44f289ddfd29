import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import type { Principal } from '#shared/model/identity.ts';
import type { Identity } from '../identity/identity.ts';

const bearerPattern = /^[\w.~+/=-]{1,4096}$/;

/**
 * Bearer token of the Authorization header (RFC 6750; ETSI GS NFV-SOL 013 clause 8.3).
 *
 * @throws Unauthenticated without a header, BadRequest for another scheme or a malformed token
 */
export function bearerToken(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw new SkerryError('Unauthenticated', 'This resource needs a bearer token.', {
      remedy: 'Log in (POST /skerry/v1/tokens or POST /oauth2/token) and send Authorization: Bearer TOKEN.',
    });
  }
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, space).toLowerCase();
  const token = authorization.slice(space + 1).trim();
  if (scheme !== 'bearer' || !bearerPattern.test(token)) {
    throw new SkerryError('BadRequest', 'The Authorization header is not of the form "Bearer TOKEN".', {
      remedy: 'Send Authorization: Bearer TOKEN.',
    });
  }
  return token;
}

/** Resolves who asks and checks the route's permission; at once where the token is known. */
export function createAuthentication(identity: Identity) {
  return (request: FastifyRequest, { permission }: FastifyContextConfig, done: (error?: Error) => void): void => {
    if (permission === 'public') {
      done();
      return;
    }
    if (permission === undefined) throw new SkerryError('Internal', `The route ${request.url} has no permission.`);
    const admit = (principal: Principal) => {
      request.principal = principal;
      if (permission !== 'authenticated') identity.authorize(principal, permission);
    };
    const token = bearerToken(request);
    const known = identity.known?.(token);
    if (known === undefined) {
      identity
        .authenticate(token)
        .then(admit)
        .then(() => done(), done);
      return;
    }
    admit(known);
    done();
  };
}
