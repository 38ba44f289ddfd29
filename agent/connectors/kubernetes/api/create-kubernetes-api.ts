import { type IncomingMessage, validateHeaderValue } from 'node:http';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import { version } from '#shared/version.ts';
import type { ClusterEndpoint } from './cluster-endpoint.ts';
import { type CredentialSource, credentialsOf } from './credentials.ts';
import type { Exchange } from './exchange.ts';
import { HttpTransport } from './http-transport.ts';
import type {
  KubernetesAnswer,
  KubernetesApi,
  KubernetesRequest,
  KubernetesWatch,
  WatchEvent,
} from './kubernetes-api.ts';
import { splitLines } from './split-lines.ts';
import { translateError } from './translate-error.ts';

export interface KubernetesApiOptions {
  endpoint: ClusterEndpoint;
  clock: Clock;
  log: Logger;
  /** Longest silence of the server while an answer is owed. Default: 30 s. */
  requestTimeoutMs?: number;
  /** For the commands of exec plugins; default: a plain PATH and nothing else. */
  environment?: Readonly<Record<string, string>>;
}

const maxAnswerBytes = 64 * 1_048_576;
const maxErrorBytes = 1_048_576;
const maxLineBytes = 8 * 1_048_576;
const plainEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** @throws SkerryError BadRequest when the server's address is none */
export function createKubernetesApi(options: KubernetesApiOptions): KubernetesApi {
  return new HttpKubernetesApi(options);
}

class HttpKubernetesApi implements KubernetesApi {
  readonly server: string;
  readonly #transport: HttpTransport;
  readonly #credentials: CredentialSource;
  readonly #log: Logger;

  constructor({ endpoint, clock, log, requestTimeoutMs, environment }: KubernetesApiOptions) {
    if (!/^https?:\/\/[^/]/.test(endpoint.server) || !URL.canParse(endpoint.server))
      throw new SkerryError('BadRequest', `${endpoint.server} is no address of an API server.`, {
        remedy: 'give an address such as https://10.0.0.1:6443',
      });
    this.server = endpoint.server;
    this.#log = log;
    this.#transport = new HttpTransport({ endpoint, clock, silenceMs: requestTimeoutMs ?? 30_000 });
    this.#credentials = credentialsOf(endpoint, { clock, environment: environment ?? plainEnvironment });
  }

  async request<T>(request: KubernetesRequest): Promise<KubernetesAnswer<T>> {
    const exchange = await this.#start(request, false);
    const status = exchange.response.statusCode ?? 0;
    const text = await readText(exchange, maxAnswerBytes, () => this.#tooLarge(request));
    return { status, body: this.#parse(request, exchange.response, text) as T };
  }

  async *watch(request: KubernetesWatch): AsyncGenerator<WatchEvent> {
    const { signal, path } = request;
    if (signal.aborted) return;
    try {
      const query = { ...request.query, watch: 'true' };
      const exchange = await this.#start({ method: 'GET', path, query, signal }, true);
      request.onOpen?.();
      for await (const line of splitLines(exchange.chunks(true), maxLineBytes)) {
        yield this.#parseEvent(line);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }

  close(): void {
    this.#transport.close();
  }

  /** Resolves with an answer below 300. Credentials that the server refuses are renewed once, where they can be. */
  async #start(request: KubernetesRequest, isWatch: boolean): Promise<Exchange> {
    try {
      return await this.#tryOnce(request, isWatch);
    } catch (error) {
      if (!isSkerryError(error)) throw error;
      const { signal, method, path } = request;
      // 401 comes before anything is done, so that writing again is safe.
      const isRenewed = error.details['status'] === 401 && (await this.#credentials.renew(signal));
      const isStale = method === 'GET' && error.details['isStale'] === true;
      if (!isRenewed && !isStale) throw error;
      this.#log.debug({ server: this.server, method, path, reason: error.message }, 'Asking the API server once more.');
      return await this.#tryOnce(request, isWatch);
    }
  }

  async #tryOnce(request: KubernetesRequest, isWatch: boolean): Promise<Exchange> {
    const { authorization, certificate } = await this.#credentials.present(request.signal);
    if (authorization !== undefined) this.#checkHeader(authorization);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const exchange = await this.#transport.start({
      method: request.method,
      path: pathWithQuery(request),
      headers: {
        'user-agent': `skerry-agent/${version}`,
        accept: request.accept ?? 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined
          ? {}
          : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      body,
      signal: request.signal,
      isWatch,
      certificate,
    });
    if ((exchange.response.statusCode ?? 0) < 300) return exchange;
    throw await this.#refusal(request, exchange, isWatch);
  }

  async #refusal(request: KubernetesRequest, exchange: Exchange, isWatch: boolean): Promise<SkerryError> {
    const { statusCode, headers } = exchange.response;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of exchange.chunks(false)) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxErrorBytes) break;
      }
    } catch (error) {
      if (isSkerryError(error) && error.code === 'Aborted') return error;
      // The status is known; the words are lost.
    }
    return translateError({
      status: statusCode ?? 0,
      text: Buffer.concat(chunks).toString('utf8'),
      retryAfter: headers['retry-after'],
      method: request.method,
      path: request.path,
      isWatch,
      server: this.server,
    });
  }

  #tooLarge(request: KubernetesRequest): SkerryError {
    // The answer to a write says that it was done; it is only too long to be read.
    const code = request.method === 'GET' ? 'PlatformRefused' : 'PlatformInDoubt';
    return new SkerryError(
      code,
      `The answer to ${request.method} ${request.path} is larger than ${maxAnswerBytes} bytes.`,
    );
  }

  #parse(request: KubernetesRequest, { headers }: IncomingMessage, text: string): unknown {
    if (text === '') return undefined;
    const isText = request.accept !== undefined && !request.accept.includes('json');
    if (isText) return text;
    try {
      return JSON.parse(text);
    } catch (cause) {
      const code = request.method === 'GET' ? 'PlatformUnavailable' : 'PlatformInDoubt';
      throw new SkerryError(
        code,
        `${this.server} answers with ${headers['content-type'] ?? 'no content type'}, not JSON.`,
        {
          remedy: 'check that this is the address of an API server, and not of a page or proxy before it',
          cause,
        },
      );
    }
  }

  #parseEvent(line: string): WatchEvent {
    try {
      const event = JSON.parse(line);
      if (typeof event?.type === 'string' && typeof event.object === 'object' && event.object !== null) return event;
    } catch {
      // Told below.
    }
    throw new SkerryError('PlatformUnavailable', `${this.server} sent a line that is no watch event.`);
  }

  #checkHeader(value: string): void {
    try {
      validateHeaderValue('authorization', value);
    } catch {
      // Node's own error would quote the token.
      throw new SkerryError('PlatformAuth', 'The token holds characters that no HTTP header can carry.', {
        remedy: 'give the infra a fresh kubeconfig',
      });
    }
  }
}

async function readText(exchange: Exchange, limitBytes: number, tooLarge: () => SkerryError): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of exchange.chunks(false)) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]!.toString('utf8') : Buffer.concat(chunks, size).toString('utf8');
}

function pathWithQuery({ path, query }: Pick<KubernetesRequest, 'path' | 'query'>): string {
  if (!/^\/[\x21-\x7e]*$/.test(path) || /[?#]|\/\.{1,2}(\/|$)/.test(path))
    throw new SkerryError('PlatformRefused', `${JSON.stringify(path)} is no path of the Kubernetes API.`);
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, value);
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
