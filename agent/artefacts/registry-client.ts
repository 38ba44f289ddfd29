import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SkerryError } from '#shared/errors/index.ts';

/** Where images are pushed to. */
export interface ImageRegistry {
  /** http(s)://host[:port][/prefix] */
  url: string;
  username?: string;
  password?: string;
  caPem?: string;
  /** Takes any certificate. */
  insecure?: boolean;
}

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Below `/v2/`, or a whole URL that the registry named. */
  path: string | URL;
  headers?: Record<string, string>;
  /** Made anew for a second attempt. */
  body?: { bytes: number; chunks: () => AsyncIterable<Buffer> };
  signal?: AbortSignal;
}

export interface RegistryAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

const maxAnswerBytes = 64 * 1024;
/** Without a byte in either direction. */
const idleMs = 60_000;

/**
 * Speaks to an OCI registry (OCI distribution specification 1.1) with basic or token authentication.
 * All errors: PlatformUnavailable (try again), PlatformAuth, PlatformRefused.
 */
export class RegistryClient {
  readonly #registry: ImageRegistry;
  readonly #base: URL;
  readonly #agents: { http: HttpAgent; https: HttpsAgent };
  readonly #tokens = new Map<string, string>();

  constructor(registry: ImageRegistry) {
    const base = URL.parse(registry.url);
    if (base === null || !['http:', 'https:'].includes(base.protocol) || base.username !== '')
      throw new SkerryError('PlatformRefused', 'The address of the image registry is no http or https URL', {
        remedy: 'give it as https://host:port, its user name and password apart',
      });
    this.#registry = registry;
    this.#base = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/v2/`);
    const { caPem: ca, insecure } = registry;
    const tls = { ...(ca === undefined ? {} : { ca }), ...(insecure === true ? { rejectUnauthorized: false } : {}) };
    this.#agents = {
      http: new HttpAgent({ keepAlive: true, maxSockets: 4 }),
      https: new HttpsAgent({ keepAlive: true, maxSockets: 4, ...tls }),
    };
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** @param scope `repository:<name>:pull,push` */
  async send(request: RegistryRequest, scope: string): Promise<RegistryAnswer> {
    const first = await this.#attempt(request, this.#authorization(request, scope));
    if (first.status !== 401) return first;
    const authorization = await this.#authenticate(
      String(first.headers['www-authenticate'] ?? ''),
      scope,
      request.signal,
    );
    const second = await this.#attempt(request, authorization);
    if (second.status === 401 || second.status === 403) throw refused(this.#base.host, second.status);
    return second;
  }

  /** An URL that the registry named for an upload. */
  location(answer: RegistryAnswer): URL {
    const { location } = answer.headers;
    const url = location === undefined ? null : URL.parse(location, this.#base.href);
    if (url === null || !['http:', 'https:'].includes(url.protocol))
      throw new SkerryError('PlatformRefused', `${this.#base.host} named no place to upload to`);
    if (this.#base.protocol === 'https:' && url.protocol !== 'https:')
      throw new SkerryError('PlatformRefused', `${this.#base.host} wants an upload without TLS`);
    return url;
  }

  #authorization({ path }: RegistryRequest, scope: string): string | undefined {
    // A storage behind the registry authorises by the URL itself.
    if (path instanceof URL && path.origin !== this.#base.origin) return undefined;
    return this.#tokens.get(scope);
  }

  async #authenticate(challenge: string, scope: string, signal: AbortSignal | undefined): Promise<string> {
    const { username = '', password = '' } = this.#registry;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge) && username !== '') {
      this.#tokens.set(scope, basic);
      return basic;
    }
    if (!/^bearer\b/i.test(challenge)) throw refused(this.#base.host, 401);
    const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
    const realm = URL.parse(parts.get('realm') ?? '');
    if (realm === null || !(realm.protocol === 'https:' || realm.origin === this.#base.origin))
      throw refused(this.#base.host, 401);
    realm.searchParams.set('scope', scope);
    const service = parts.get('service');
    if (service !== undefined) realm.searchParams.set('service', service);
    const answer = await this.#attempt({ method: 'GET', path: realm, signal }, username === '' ? undefined : basic);
    if (answer.status !== 200) throw refused(this.#base.host, answer.status);
    const { token, access_token: accessToken } = parseObject(answer.text);
    const bearer = typeof token === 'string' ? token : accessToken;
    if (typeof bearer !== 'string') throw refused(this.#base.host, 401);
    this.#tokens.set(scope, `Bearer ${bearer}`);
    return `Bearer ${bearer}`;
  }

  async #attempt(request: RegistryRequest, authorization: string | undefined): Promise<RegistryAnswer> {
    const url = request.path instanceof URL ? request.path : new URL(request.path, this.#base);
    try {
      return await this.#exchange(url, request, authorization);
    } catch (cause) {
      if (cause instanceof SkerryError) throw cause;
      request.signal?.throwIfAborted();
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new SkerryError(
        'PlatformUnavailable',
        `The image registry ${url.host} cannot be reached: ${code ?? message}`,
        {
          remedy: 'see that it runs, that the agent can reach it, and that its certificate is trusted',
          cause,
        },
      );
    }
  }

  async #exchange(
    url: URL,
    { method, headers = {}, body, signal }: RegistryRequest,
    authorization: string | undefined,
  ): Promise<RegistryAnswer> {
    const isTls = url.protocol === 'https:';
    const own = authorization === undefined ? {} : { authorization };
    const length =
      body === undefined
        ? method === 'POST'
          ? { 'content-length': '0' }
          : {}
        : { 'content-length': String(body.bytes) };
    const send = isTls ? httpsRequest : httpRequest;
    const call = send(url, {
      method,
      agent: isTls ? this.#agents.https : this.#agents.http,
      headers: { ...headers, ...length, ...own },
      signal,
      timeout: idleMs,
    });
    call.on('timeout', () => call.destroy(new Error(`no answer for ${idleMs} ms`)));
    const answered = new Promise<RegistryAnswer>((resolve, reject) => {
      call.on('error', reject);
      call.on('response', (response) => {
        readText(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          reject,
        );
      });
    });
    if (body === undefined) call.end();
    else {
      // An answer that comes before the end (401, 413) is what counts, not that the rest was not taken.
      const sent = pipeline(Readable.from(body.chunks()), call);
      await Promise.race([answered, sent.then(() => answered)]);
    }
    return answered;
  }
}

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= maxAnswerBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function refused(host: string, status: number): SkerryError {
  return new SkerryError('PlatformAuth', `The image registry ${host} refused (${status})`, {
    remedy: 'give the infra a user name and password that may push to it',
  });
}
