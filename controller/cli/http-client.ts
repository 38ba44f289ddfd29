import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { CliError, exitCodeOfStatus, exitCodes } from './exit-codes.ts';

export interface HttpClientOptions {
  /** `https://host:port`, or `http+unix` through `socketPath`. */
  url: string;
  caPem?: string;
  socketPath?: string;
  token?: string;
  /** Without an answer for this long the call fails with exit code 7. */
  timeoutMs?: number;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as it is, with this content type. */
  stream?: { source: Readable; contentType: string; fileName?: string };
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer<T> {
  status: number;
  headers: IncomingMessage['headers'];
  body: T;
}

/** RFC 9457 problem details with what Skerry adds. */
export interface Problem {
  status: number;
  title?: string;
  detail?: string;
  code?: string;
  remedy?: string;
  complaints?: unknown[];
  [member: string]: unknown;
}

/** An answer of the controller that is not a success. */
export class ProblemError extends CliError {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(exitCodeOfStatus(problem.status), sentenceOf(problem), remedyOf(problem));
    this.problem = problem;
  }
}

const maxAnswerBytes = 64 * 2 ** 20;

/** A small HTTP client over node's own: starts in a tenth of the time of a general one, and trusts one CA only. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent;
  token: string | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = new URL(options.url);
    this.token = options.token;
    this.#agent =
      this.#base.protocol === 'https:'
        ? new HttpsAgent({ keepAlive: true, ...(options.caPem === undefined ? {} : { ca: options.caPem }) })
        : new HttpAgent({ keepAlive: true });
  }

  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const response = await this.#open(method, path, options);
    const text = await readAll(response);
    const status = response.statusCode ?? 0;
    const isJson = /json/.test(response.headers['content-type'] ?? '');
    const body = isJson ? parseJson(text) : text;
    if (status < 200 || status > 299) throw new ProblemError(asProblem(status, body));
    return { status, headers: response.headers, body: body as T };
  }

  /** Server-sent events until the signal aborts or the server ends; yields the data of each event. */
  async *events(
    path: string,
    signal: AbortSignal,
    onOpen?: () => void,
  ): AsyncGenerator<{ event: string; data: string }> {
    const response = await this.#open('GET', path, { headers: { accept: 'text/event-stream' }, signal }, 0);
    const status = response.statusCode ?? 0;
    if (status !== 200) throw new ProblemError(asProblem(status, parseJson(await readAll(response))));
    onOpen?.();
    response.setEncoding('utf8');
    let pending = '';
    for await (const chunk of response as AsyncIterable<string>) {
      pending += chunk.replaceAll('\r\n', '\n');
      for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
        const event = parseEvent(pending.slice(0, end));
        pending = pending.slice(end + 2);
        if (event !== undefined) yield event;
      }
      if (pending.length > maxAnswerBytes)
        throw new CliError(exitCodes.failed, 'an event of the controller is too big');
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(method: string, path: string, options: CallOptions, timeoutMs = this.#options.timeoutMs ?? 60_000) {
    const request = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
    const payload = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
    if (this.token !== undefined) headers['authorization'] = `Bearer ${this.token}`;
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = String(payload.length);
    }
    if (options.stream !== undefined) headers['content-type'] = options.stream.contentType;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.#base),
        {
          method,
          agent: this.#agent,
          headers: { ...headers, ...options.headers },
          timeout: timeoutMs,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(this.#options.socketPath === undefined ? {} : { socketPath: this.#options.socketPath }),
        },
        resolve,
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new CliError(exitCodes.timeout, `${this.#where()} did not answer in ${timeoutMs / 1000} s`)),
      );
      outgoing.on('error', (error) => reject(this.#translate(error)));
      if (options.stream !== undefined) {
        options.stream.source.on('error', (error) => outgoing.destroy(error));
        options.stream.source.pipe(outgoing);
      } else outgoing.end(payload);
    });
  }

  #where(): string {
    return this.#options.socketPath ?? this.#base.origin;
  }

  #translate(error: NodeJS.ErrnoException): Error {
    if (error instanceof CliError || error.name === 'AbortError') return error;
    const code = error.code ?? '';
    if (/CERT|SELF_SIGNED|UNABLE_TO|SSL|TLS/.test(code)) {
      return new CliError(
        exitCodes.unreachable,
        `the certificate of ${this.#where()} is not trusted (${code})`,
        "log in with the controller's CA: `skerry login URL --ca ca.cert.pem`",
      );
    }
    return new CliError(
      exitCodes.unreachable,
      `${this.#where()} cannot be reached (${code || error.message})`,
      this.#options.socketPath === undefined
        ? 'see whether the controller runs and the address is right; `npm start` starts the demo'
        : 'see whether it runs, and give its socket with --socket or SKERRY_HOME',
    );
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new CliError(exitCodes.failed, 'the answer of the controller is too big');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asProblem(status: number, body: unknown): Problem {
  if (typeof body === 'object' && body !== null) return { ...(body as Problem), status };
  return { status, detail: typeof body === 'string' && body.length < 300 ? body : `the controller answered ${status}` };
}

function sentenceOf(problem: Problem): string {
  return problem.detail || problem.title || `the controller answered ${problem.status}`;
}

function remedyOf(problem: Problem): string | undefined {
  if (typeof problem.remedy === 'string') return problem.remedy;
  if (problem.status === 401) return 'log in again with `skerry login`';
  if (problem.status === 403) return 'ask an administrator for a role that allows it';
  return undefined;
}

function parseEvent(block: string): { event: string; data: string } | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
