import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedNotification {
  path: string;
  headers: Record<string, unknown>;
  body: Record<string, unknown> & { notificationType: string };
}

const patienceMs = 60_000;

/** A subscriber: answers the test GET and keeps what is sent to it. */
export class CallbackServer {
  readonly received: ReceivedNotification[] = [];
  readonly probes: string[] = [];
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#server = createServer(async (request, response) => {
      const path = request.url ?? '';
      if (request.method === 'GET') {
        this.probes.push(path);
        response.writeHead(path.startsWith('/bad') ? 404 : 204).end();
        return;
      }
      const body = JSON.parse(await text(request)) as ReceivedNotification['body'];
      this.received.push({ path, headers: request.headers, body });
      response.writeHead(204).end();
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  uri(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** The first notification that fits, now or when it comes; fails with what came instead. */
  async until(fits: (one: ReceivedNotification) => boolean): Promise<ReceivedNotification> {
    const patience = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      if (patience.aborted)
        throw new Error(`no such notification; there were ${this.received.map(({ body }) => body.notificationType)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        patience.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
