import { setTimeout as wait } from 'node:timers/promises';
import type { SkerryApi } from '#controller/cli/api.ts';

const openStates = new Set(['PROCESSING', 'STARTING', 'ROLLING_BACK']);
const timeoutMs = 60_000;

interface Ended {
  state: string;
  error?: unknown;
}

/** Sees operations end on the controller's event stream, at the moment at which the event arrives. */
export class OperationWatch {
  readonly #api: SkerryApi;
  readonly #ended = new Map<string, Ended & { atMs: number }>();
  readonly #waiting = new Map<string, () => void>();
  readonly #stopping = new AbortController();

  constructor(api: SkerryApi) {
    this.#api = api;
    void this.#follow();
  }

  close(): void {
    this.#stopping.abort();
  }

  /** Resolves with the time (`performance.now`) at which COMPLETED was seen. @throws when it ends otherwise */
  async completed(id: string): Promise<number> {
    if (!this.#ended.has(id)) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`operation ${id} has not ended`)), timeoutMs);
        this.#waiting.set(id, () => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          resolve();
        });
      });
    }
    const ended = this.#ended.get(id);
    if (ended?.state !== 'COMPLETED') throw new Error(`operation ${id} ended: ${JSON.stringify(ended)}`);
    return ended.atMs;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for await (const { event, data } of this.#api.events(signal, () => void this.#lookAgain())) {
          if (event === 'op') this.#take(JSON.parse(data));
        }
      } catch {
        // The controller is away: killed by a bench, or stopped.
      }
      await wait(5, undefined, { signal }).catch(() => {});
    }
  }

  #take({ id, resource }: { id: string; resource?: Ended }): void {
    if (resource === undefined || openStates.has(resource.state) || this.#ended.has(id)) return;
    this.#ended.set(id, { state: resource.state, error: resource.error, atMs: performance.now() });
    this.#waiting.get(id)?.();
  }

  /** What ended while there was no stream. */
  async #lookAgain(): Promise<void> {
    for (const id of [...this.#waiting.keys()]) {
      const { operationState, error } = await this.#api.operation(id);
      this.#take({ id, resource: { state: operationState, error } });
    }
  }
}
