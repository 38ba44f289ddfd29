import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { SubscriptionAuthentication } from './subscription-registry.ts';

export interface CallbackTarget {
  callbackUri: string;
  authentication: SubscriptionAuthentication | undefined;
}

/** Requests to subscribers (ETSI GS NFV-SOL 013 clause 8.3.4). Redirects are never followed, answers never read further than needed. */
export interface CallbackClient {
  /** GET of the callback; resolves with the status. @throws SkerryError Timeout, Unavailable */
  probe(target: CallbackTarget, signal?: AbortSignal): Promise<number>;
  /** POST of a notification; resolves with the status. @throws SkerryError Timeout, Unavailable */
  post(target: CallbackTarget, body: JsonObject, signal?: AbortSignal): Promise<number>;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const timeoutMs = 10_000;
const maximumTokenAnswer = 64 * 1024;

export function createCallbackClient({ clock, fetch }: { clock: Clock; fetch: Fetch }): CallbackClient {
  const tokens = new Map<string, { token: string; expiresAtMono: number }>();

  async function send(url: string, init: RequestInit, outer?: AbortSignal): Promise<Response> {
    const timeout = new AbortController();
    const cancel = clock.timer(timeoutMs, () => timeout.abort());
    const signal = outer ? AbortSignal.any([outer, timeout.signal]) : timeout.signal;
    try {
      return await fetch(url, { ...init, redirect: 'manual', signal });
    } catch (cause) {
      if (outer?.aborted) throw new SkerryError('Aborted', 'The delivery was stopped.', { cause });
      if (timeout.signal.aborted) {
        throw new SkerryError('Timeout', `${originOf(url)} did not answer within ${timeoutMs / 1000} s.`, { cause });
      }
      throw new SkerryError('Unavailable', `${originOf(url)} cannot be reached: ${reasonOf(cause)}.`, { cause });
    } finally {
      cancel();
    }
  }

  async function accessToken(params: OAuthParams, signal?: AbortSignal): Promise<string> {
    const { clientId = '', clientPassword = '', tokenEndpoint } = params;
    if (tokenEndpoint === undefined) throw new SkerryError('Unavailable', 'The subscription names no token endpoint.');
    const key = JSON.stringify([tokenEndpoint, clientId, clientPassword]);
    const known = tokens.get(key);
    if (known && known.expiresAtMono > clock.mono()) return known.token;
    const headers = {
      authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientPassword)),
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    const answer = await send(
      tokenEndpoint,
      { method: 'POST', headers, body: 'grant_type=client_credentials' },
      signal,
    );
    if (answer.status !== 200) {
      await discard(answer);
      throw new SkerryError('Unavailable', `The token endpoint of the subscriber answered ${answer.status}.`);
    }
    const granted = parseToken(await readLimited(answer, maximumTokenAnswer));
    if (tokens.size >= 1000) tokens.clear();
    // Half a minute early: the token has to survive the way to the subscriber.
    tokens.set(key, { token: granted.token, expiresAtMono: clock.mono() + (granted.expiresIn - 30) * 1000 });
    return granted.token;
  }

  async function authorization(
    authentication: SubscriptionAuthentication | undefined,
    signal?: AbortSignal,
  ): Promise<Record<string, string>> {
    const types = authentication?.authType ?? [];
    if (types.includes('OAUTH2_CLIENT_CREDENTIALS')) {
      const token = await accessToken(authentication?.paramsOauth2ClientCredentials ?? {}, signal);
      return { authorization: `Bearer ${token}` };
    }
    if (types.includes('BASIC')) {
      const { userName = '', password = '' } = authentication?.paramsBasic ?? {};
      return { authorization: basic(userName, password) };
    }
    return {};
  }

  async function request(target: CallbackTarget, init: RequestInit, signal?: AbortSignal): Promise<number> {
    const headers = { ...(init.headers as object), ...(await authorization(target.authentication, signal)) };
    const answer = await send(target.callbackUri, { ...init, headers }, signal);
    await discard(answer);
    // A token that is refused before its time is not kept.
    if (answer.status === 401) tokens.clear();
    return answer.status;
  }

  return {
    probe: (target, signal) => request(target, { method: 'GET', headers: {} }, signal),
    post: (target, body, signal) =>
      request(
        target,
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
        signal,
      ),
  };
}

type OAuthParams = NonNullable<SubscriptionAuthentication['paramsOauth2ClientCredentials']>;

/**
 * http and https only, no credentials in the URL.
 *
 * @throws Unprocessable
 */
export function requireCallbackUri(name: string, text: string): void {
  const url = URL.canParse(text) && text.length <= 2000 ? new URL(text) : undefined;
  const isUsable = url && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username && !url.password;
  if (isUsable) return;
  throw new SkerryError('Unprocessable', `${name} is not an http or https URL without credentials.`, {
    remedy: 'Give an absolute URL; put credentials into "authentication".',
  });
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

async function discard(answer: Response): Promise<void> {
  await answer.body?.cancel().catch(() => {});
}

async function readLimited(answer: Response, maximumBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maximumBytes) throw new SkerryError('Unavailable', 'The token endpoint sent too long an answer.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseToken(text: string): { token: string; expiresIn: number } {
  try {
    const { access_token: token, expires_in: expiresIn } = JSON.parse(text) as Record<string, unknown>;
    if (typeof token === 'string' && /^[\x21-\x7e]{1,8192}$/.test(token)) {
      return { token, expiresIn: typeof expiresIn === 'number' ? expiresIn : 60 };
    }
  } catch {
    // Not JSON: the same complaint as for a wrong shape.
  }
  throw new SkerryError('Unavailable', 'The token endpoint of the subscriber did not send a token.');
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function reasonOf(cause: unknown): string {
  const inner = (cause as { cause?: { code?: string; message?: string } }).cause;
  return inner?.code ?? inner?.message ?? (cause as Error).message;
}
