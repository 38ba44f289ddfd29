import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import type { ProblemDetails } from '#shared/api/problem.ts';
import { type ErrorCode, errorCatalogue, isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import { describeViolations } from './schema-violation.ts';

/** The one place where errors become HTTP answers (RFC 9457; ETSI GS NFV-SOL 013 clause 6.3). */
export function createErrorHandler(log: Logger) {
  return (error: FastifyError | SkerryError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const known = isSkerryError(error) ? error : translate(error as FastifyError, request);
    const { status } = errorCatalogue[known.code];
    if (known.code === 'Internal') {
      log.error(
        { requestId: request.id, method: request.method, url: request.url, error: error.stack },
        'Request failed',
      );
    }
    const { retry } = known;
    if (typeof retry === 'object') reply.header('retry-after', String(Math.ceil(retry.afterMs / 1000)));
    sendProblem(request, reply, { ...toProblem(known), status });
  };
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemDetails): void {
  const { status } = problem;
  if (status === 401 && !reply.hasHeader('www-authenticate')) {
    const isTokenGiven = request.headers.authorization !== undefined;
    reply.header('www-authenticate', `Bearer realm="skerry"${isTokenGiven ? ', error="invalid_token"' : ''}`);
  }
  if ((status === 429 || status === 503) && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  const path = request.url.split('?', 1)[0]!;
  const body: ProblemDetails = { ...problem, instance: path, requestId: request.id };
  reply.removeHeader('etag');
  reply.code(status).header('content-type', 'application/problem+json; charset=utf-8').send(JSON.stringify(body));
}

/** Problem details of an error of the catalogue. Internal errors tell nothing of their cause. */
export function toProblem(error: SkerryError): ProblemDetails {
  const { status, title } = errorCatalogue[error.code];
  const isInternal = error.code === 'Internal';
  const { errors, ...details } = error.details;
  return {
    type: `urn:skerry:problem:${error.code}`,
    title,
    status,
    detail: isInternal ? 'Something went wrong inside the controller; its log has the request id.' : error.message,
    code: error.code,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(isInternal || Object.keys(details).length === 0 ? {} : { details }),
  };
}

const maxViolations = 50;

const fastifyCodes: Record<string, { code: ErrorCode; remedy: string }> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UnsupportedMediaType',
    remedy: 'Send Content-Type: application/json, or what this resource takes.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'TooLarge', remedy: 'Send a smaller body.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'BadRequest', remedy: 'Send a Content-Length that fits the body.' },
  FST_REQ_FILE_TOO_LARGE: { code: 'TooLarge', remedy: 'Send a smaller file.' },
};

function translate(error: FastifyError, request: FastifyRequest): SkerryError {
  if (error.validation) return violation(error.validation, error.validationContext ?? 'request', request);
  const known = fastifyCodes[error.code];
  if (known) return new SkerryError(known.code, error.message, { remedy: known.remedy, cause: error });
  const status = error.statusCode ?? 500;
  if (status === 429) {
    return new SkerryError('TooManyRequests', 'Too many requests from this client.', { remedy: 'Slow down.' });
  }
  if (status === 503) {
    return new SkerryError('Unavailable', 'The controller is overloaded.', { remedy: 'Try again in a moment.' });
  }
  if (error instanceof SyntaxError || (status >= 400 && status < 500)) {
    return new SkerryError('BadRequest', `The request is malformed: ${error.message}`, { cause: error });
  }
  return new SkerryError('Internal', error.message, { cause: error });
}

function violation(errors: FastifySchemaValidationError[], where: string, request: FastifyRequest): SkerryError {
  const input = where === 'body' ? request.body : where === 'querystring' ? request.query : request.params;
  const found = describeViolations(errors, input);
  const violations = found.slice(0, maxViolations);
  const [first] = violations;
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : '';
  return new SkerryError(
    where === 'querystring' ? 'BadQuery' : 'BadRequest',
    `${where === 'body' ? 'The body' : where} does not fit: ${first!.path || '/'} ${first!.message}${more}.`,
    { remedy: first!.remedy, details: { errors: violations } },
  );
}
