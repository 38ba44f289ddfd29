import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import { translateLoss } from './translate-loss.ts';

export interface ExchangeOptions {
  request: ClientRequest;
  isWrite: boolean;
  server: string;
  signal: AbortSignal;
  clock: Clock;
  silenceMs: number;
  readySockets: WeakSet<object>;
  onEnd: () => void;
}

export type LossReason = 'aborted' | 'closed' | 'silence' | 'broken';

/** One request and its answer: knows whether the request may have reached the server, and why an answer does not come. */
export class Exchange {
  readonly #options: ExchangeOptions;
  #response: IncomingMessage | undefined;
  #isSent = false;
  /** The request went out on a connection that had been idle: the server may have been closing it. */
  #isOnIdleSocket = false;
  #reason: LossReason = 'broken';
  #cancelTimer: (() => void) | undefined;
  #isEnded = false;
  readonly #onAbort = () => this.#destroy('aborted');

  constructor(options: ExchangeOptions) {
    this.#options = options;
    options.request.on('socket', (socket: Socket) => this.#watchSocket(socket));
    // Errors after the head arrive at the response; without a listener they would end the process.
    options.request.on('error', () => undefined);
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get response(): IncomingMessage {
    return this.#response!;
  }

  /** @throws SkerryError when no answer begins */
  async head(body: string | undefined): Promise<void> {
    const { request } = this.#options;
    this.#awaitProgress();
    try {
      request.end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      this.#response = response;
      // Aborted between the event and this turn: the reader must see it.
      if (this.#reason !== 'broken') response.destroy(new Error(this.#reason));
      response.on('error', () => undefined);
    } catch (cause) {
      throw this.#lost(cause);
    }
  }

  /**
   * Body as bytes, at the reader's pace.
   * @throws SkerryError when it breaks off
   */
  async *chunks(isSilenceAllowed: boolean): AsyncGenerator<Buffer, void, undefined> {
    try {
      if (isSilenceAllowed) this.#cancelTimer?.();
      else this.#awaitProgress();
      for await (const chunk of this.response) {
        if (!isSilenceAllowed) this.#awaitProgress();
        yield chunk as Buffer;
      }
    } catch (cause) {
      if (cause instanceof SkerryError) throw cause;
      throw this.#lost(cause);
    } finally {
      this.end();
    }
  }

  /** An answer that is not wanted any more is cut off; its connection with it. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelTimer?.();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (this.#response !== undefined && !this.#response.readableEnded) this.#response.destroy();
    this.#options.onEnd();
  }

  close(): void {
    this.#destroy('closed');
  }

  #destroy(reason: LossReason): void {
    if (this.#isEnded) return;
    this.#reason = reason;
    const error = new Error(reason);
    if (this.#response === undefined) this.#options.request.destroy(error);
    else this.#response.destroy(error);
  }

  #lost(cause: unknown): SkerryError {
    this.end();
    const { server, isWrite, silenceMs } = this.#options;
    const isReset = /^(ECONNRESET|EPIPE)$/.test(String((cause as { code?: unknown } | null)?.code));
    return translateLoss({
      cause,
      server,
      silenceMs,
      reason: this.#reason,
      mayHaveActed: isWrite && this.#isSent,
      isStale: this.#isOnIdleSocket && this.#reason === 'broken' && this.#response === undefined && isReset,
    });
  }

  #awaitProgress(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.timer(this.#options.silenceMs, () => this.#destroy('silence'));
  }

  #watchSocket(socket: Socket): void {
    const { readySockets } = this.#options;
    if (readySockets.has(socket)) {
      this.#isSent = true;
      this.#isOnIdleSocket = true;
      return;
    }
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      readySockets.add(socket);
      this.#isSent = true;
    });
  }
}
