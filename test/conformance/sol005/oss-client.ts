import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { create } from 'tar';
import type { EtsiContract } from './etsi-contract.ts';
import { password } from './orchestrator.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are judged by ETSI's schemas, not by types
export type Body = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Instead of the login's token; empty: none. */
  token?: string;
}

const samples = new URL('../../../deploy/samples/', import.meta.url).pathname;

/** What an OSS does: calls the northbound over HTTP. Every answer of an ETSI resource is judged by ETSI's file. */
export class OssClient {
  token = '';
  readonly #url: string;
  readonly #contract: EtsiContract | undefined;

  constructor(url: string, contract: EtsiContract | undefined) {
    this.#url = url;
    this.#contract = contract;
  }

  async login(): Promise<void> {
    const { body } = await this.call('POST', '/skerry/v1/tokens', { body: { username: 'admin', password } });
    this.token = body.token;
  }

  async call(method: string, path: string, { body, headers, token = this.token }: CallOptions = {}): Promise<Answer> {
    const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(new URL(path, this.#url), {
      method,
      redirect: 'manual',
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(isRaw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
    if (method !== 'HEAD') this.#judge(method, path.replace(this.#url, ''), answer);
    return answer;
  }

  /** As `call`, and the status has to be this one. */
  async expect(status: number, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.call(method, path, options);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`);
    if (status >= 400 && method !== 'HEAD') {
      assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, `${method} ${path}`);
      assert.equal(answer.body.status, status);
      assert.ok(answer.body.detail, 'detail is mandatory');
    }
    return answer;
  }

  #judge(method: string, path: string, { status, body }: Answer): void {
    // ETSI's files are those of the present majors; shapes of v1 differ in what the tests name.
    if (/^\/(vnfpkgm|nsd|nslcm)\/v1\//.test(path)) return;
    const complaints = this.#contract?.answer(method, path, { status, body }) ?? [];
    assert.deepEqual(complaints, [], `${method} ${path} ${status}\n${JSON.stringify(body, null, 1)}`);
  }
}

/** A package of deploy/samples as the archive that a client uploads. */
export async function samplePackage(name: string): Promise<Buffer> {
  return buffer(create({ gzip: true, portable: true, cwd: samples }, [name]) as unknown as AsyncIterable<Buffer>);
}
