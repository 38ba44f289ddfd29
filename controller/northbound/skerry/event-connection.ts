import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { SkerryEvent } from '#shared/api/skerry-events.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { EventSource } from './event-source.ts';

export interface ConnectionDependencies {
  store: Store;
  clock: Clock;
  source: EventSource;
  output: Writable;
  /** Rejects when the client may no longer listen. */
  stillAllowed(): Promise<unknown>;
}

const heartbeatMs = 15_000;
/** A client that takes nothing for so long is dropped; it can come back with Last-Event-ID. */
const slowClientMs = 20_000;
/** Progress is told at most so often. */
const progressMs = 100;

/**
 * One client of the event stream: pulls the store's feed and writes server-sent events. It holds at most one batch: while the
 * client does not read, nothing is pulled.
 */
export class EventConnection {
  readonly #dependencies: ConnectionDependencies;
  readonly #ended = new AbortController();
  /** Tail of the queue of writes: feed, progress and heartbeat never mix. */
  #writes: Promise<void> = Promise.resolve();
  #cancelHeartbeat = () => {};
  #cancelProgress: (() => void) | undefined;

  constructor(dependencies: ConnectionDependencies) {
    this.#dependencies = dependencies;
  }

  /** Runs until the client goes, `end` is called or the client is too slow. `from`: a revision, or undefined for now. */
  async run(from: number | undefined): Promise<void> {
    const { store, source, output } = this.#dependencies;
    try {
      await source.start();
      let revision = from ?? (await store.revision());
      await this.#write(`retry: 1000\nid: ${revision}\nevent: hello\ndata: ${JSON.stringify({ revision })}\n\n`);
      this.#beat();
      while (!this.#ended.signal.aborted) {
        try {
          await this.#follow(revision);
        } catch (error) {
          if (!isSkerryError(error) || error.code !== 'Conflict') throw error;
          revision = await store.revision();
          const data = JSON.stringify({ revision, message: error.message });
          await this.#write(`id: ${revision}\nevent: reset\ndata: ${data}\n\n`);
        }
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) await this.#farewell(isSkerryError(error) ? error.message : 'internal error');
      // What is not read would otherwise be kept for ever.
      if (isSkerryError(error) && error.code === 'Timeout') output.destroy();
    } finally {
      this.#close();
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #follow(revision: number): Promise<void> {
    const { store, source } = this.#dependencies;
    for await (const batch of store.feed(revision, this.#ended.signal)) {
      const events = await source.eventsOf(batch.changes);
      // Only the last event of a commit carries its revision: who resumes there has seen all of the commit.
      const texts = events.map((event, index) =>
        print(event, index === events.length - 1 ? batch.revision : undefined),
      );
      if (texts.length > 0) await this.#write(texts.join(''));
      if (batch.changes.some(({ key }) => source.movesProgress(key))) this.#wakeProgress();
    }
    this.#ended.signal.throwIfAborted();
  }

  #wakeProgress(): void {
    this.#cancelProgress ??= this.#dependencies.clock.timer(progressMs, () => {
      this.#cancelProgress = undefined;
      this.#dependencies.source
        .progressEvents()
        .then((events) => this.#write(events.map((event) => print(event, undefined)).join('')))
        .catch(() => this.end());
    });
  }

  #beat(): void {
    const { clock, stillAllowed } = this.#dependencies;
    this.#cancelHeartbeat = clock.timer(heartbeatMs, () => {
      stillAllowed()
        .then(() => this.#write(': heartbeat\n\n'))
        .then(() => this.#beat())
        .catch((error: unknown) => this.#farewell(isSkerryError(error) ? error.message : 'internal error'));
    });
  }

  #write(text: string): Promise<void> {
    const written = this.#writes.then(() => this.#writeNow(text));
    this.#writes = written.catch(() => undefined);
    return written;
  }

  async #writeNow(text: string): Promise<void> {
    const { output, clock } = this.#dependencies;
    if (text === '' || this.#ended.signal.aborted || output.write(text)) return;
    const slow = new AbortController();
    const cancel = clock.timer(slowClientMs, () => slow.abort());
    try {
      await once(output, 'drain', { signal: AbortSignal.any([slow.signal, this.#ended.signal]) });
    } catch (error) {
      if (!slow.signal.aborted) throw error;
      throw new SkerryError('Timeout', `The client has read nothing for ${slowClientMs / 1000} s`);
    } finally {
      cancel();
    }
  }

  /** The word with which a client is dropped; it may not reach one that does not read. */
  async #farewell(message: string): Promise<void> {
    this.#dependencies.output.write(`event: end\ndata: ${JSON.stringify({ message })}\n\n`);
    this.end();
  }

  #close(): void {
    this.end();
    this.#cancelHeartbeat();
    this.#cancelProgress?.();
    this.#dependencies.output.end();
  }
}

function print(event: SkerryEvent, revision: number | undefined): string {
  const id = revision === undefined ? '' : `id: ${revision}\n`;
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
