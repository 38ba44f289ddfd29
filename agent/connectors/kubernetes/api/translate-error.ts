import { type Retry, SkerryError } from '#shared/errors/index.ts';

/** An answer from 300 on. */
export interface RefusedAnswer {
  status: number;
  /** Text of the body, perhaps cut off. */
  text: string;
  retryAfter: string | undefined;
  method: string;
  /** Without query. */
  path: string;
  /** A GET that watches. */
  isWatch?: boolean;
  server: string;
}

/** metav1.Status, as far as it is read. */
interface KubeStatus {
  reason: string;
  message: string;
  causes: { field: string; message: string; reason: string }[];
  retryAfterSeconds: number | undefined;
}

const maxMessageLength = 1000;
const maxCauses = 20;

/**
 * Details of the error: `status` (HTTP), `reason` (metav1.StatusReason) and `causes` (`{field, message, reason}[]`) where the
 * server gave them.
 */
export function translateError(answer: RefusedAnswer): SkerryError {
  const status = readStatus(answer);
  const details = {
    status: answer.status,
    ...(status.reason === '' ? {} : { reason: status.reason }),
    ...(status.causes.length === 0 ? {} : { causes: status.causes }),
  };
  const isWrite = answer.method !== 'GET';
  const words = status.message || `${answer.server} answered ${answer.status} to ${answer.method} ${answer.path}.`;
  switch (answer.status) {
    case 401:
      return new SkerryError('PlatformAuth', `${answer.server} does not accept our credentials.`, {
        details,
        remedy: 'the credentials are expired or wrong: give the infra a fresh kubeconfig',
      });
    case 403:
      return translateForbidden(answer, status, details);
    case 404:
      return new SkerryError('NotFound', words, { details });
    case 409:
      return new SkerryError('Conflict', words, { details });
    case 408:
    case 429:
    case 503:
      return new SkerryError('PlatformUnavailable', words, { details, retry: retryOf(answer, status) });
    default:
      if (answer.status >= 500)
        return new SkerryError(
          isWrite && mayHaveActed(answer.status, words) ? 'PlatformInDoubt' : 'PlatformUnavailable',
          words,
          {
            details,
            retry: retryOf(answer, status),
          },
        );
      return translateRefusal(answer, status, words, details);
  }
}

/** 403 is RBAC, a quota, a namespace that is going away, or an admission policy; only the words tell. */
function translateForbidden(answer: RefusedAnswer, status: KubeStatus, details: Record<string, unknown>): SkerryError {
  const { message } = status;
  if (/exceeded quota/i.test(message)) return new SkerryError('PlatformCapacity', message, { details });
  if (
    status.causes.some(({ reason }) => reason === 'NamespaceTerminating') ||
    /because it is being terminated/.test(message)
  )
    return new SkerryError('PlatformUnavailable', message, {
      details,
      remedy: 'wait until the namespace is gone; see its finalizers when it stays',
    });
  const isRights =
    message === '' || /^Forbidden\b|\bcannot \S+ (resource|path)|attempting to grant RBAC/i.test(message);
  if (!isRights) return new SkerryError('PlatformRefused', message, { details });
  const missing = missingRight(answer, message);
  return new SkerryError('PlatformAuth', `The agent may not ${missing} at ${answer.server}.`, {
    details: { ...details, missing, ...(message === '' ? {} : { message }) },
    remedy: 'apply the agent’s RBAC manifest to the cluster, or give the infra credentials with that right',
  });
}

function translateRefusal(
  answer: RefusedAnswer,
  status: KubeStatus,
  words: string,
  details: Record<string, unknown>,
): SkerryError {
  if (answer.status < 400)
    return new SkerryError('PlatformRefused', `${answer.server} answers with a redirect.`, {
      details,
      remedy: 'give the address of the API server itself',
    });
  // The words about a Secret may quote what is in it.
  const isSecret = /\/secrets(\/|$)/.test(answer.path);
  if (!isSecret) return new SkerryError('PlatformRefused', words, { details });
  const causes = status.causes.map(({ field, reason }) => ({ field, reason }));
  const reasons = [status.reason || String(answer.status), ...causes.map(({ field, reason }) => `${field}: ${reason}`)];
  const sentence = `The API server refuses the Secret (${reasons.join('; ')}).`;
  return new SkerryError('PlatformRefused', sentence, { details: { ...details, causes } });
}

/** `list pods in the namespace x`: the verb and the resource of RBAC. */
function missingRight(answer: RefusedAnswer, message: string): string {
  const told = /cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/.exec(message);
  if (told !== null) {
    const [, verb, resource, group, namespace] = told;
    const place = namespace === undefined ? 'cluster-wide' : `in namespace ${namespace}`;
    return `${verb} ${resource}${group === '' ? '' : `.${group}`} ${place}`;
  }
  if (/attempting to grant RBAC/.test(message)) return 'grant rights that it does not hold itself';
  const verbs: Record<string, string> = {
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: 'delete',
    GET: 'read',
  };
  return `${answer.isWatch ? 'watch' : (verbs[answer.method] ?? answer.method)} ${answer.path}`;
}

/**
 * The server gave up waiting for its store or for somebody behind it: the change may have been made all the same. A webhook
 * that failed did so before.
 */
function mayHaveActed(status: number, message: string): boolean {
  if (/failed calling webhook/.test(message)) return false;
  return (
    status === 502 || status === 504 || /time(d )?out|deadline exceeded|leader changed|may still be/i.test(message)
  );
}

function retryOf(answer: RefusedAnswer, status: KubeStatus): Retry {
  const header = answer.retryAfter === undefined ? Number.NaN : Number(answer.retryAfter.trim());
  const seconds = Number.isFinite(header) ? header : status.retryAfterSeconds;
  if (seconds === undefined || !(seconds > 0)) return 'backoff';
  return { afterMs: Math.min(seconds, 600) * 1000 };
}

function readStatus({ text }: RefusedAnswer): KubeStatus {
  const found = parseObject(text);
  const details = asObject(found?.['details']);
  const causes = Array.isArray(details?.['causes']) ? details['causes'].slice(0, maxCauses) : [];
  const seconds = details?.['retryAfterSeconds'];
  return {
    reason: asText(found?.['reason']),
    message: found === undefined ? '' : asText(found['message']),
    causes: causes.map((cause) => {
      const { field, message, reason } = asObject(cause) ?? {};
      return { field: asText(field), message: asText(message), reason: asText(reason) };
    }),
    retryAfterSeconds: typeof seconds === 'number' ? seconds : undefined,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // Not a Status: a proxy's page, or plain text.
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxMessageLength) : '';
}
