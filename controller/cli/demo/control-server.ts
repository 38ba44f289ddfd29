import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { DemoFleet, FleetStatus } from './demo-fleet.ts';
import type { CutMode } from './tcp-proxy.ts';

export interface ControlServerOptions {
  socketPath: string;
  fleet: DemoFleet;
  /** Called once when a second terminal asks for the end. */
  onDown: () => void;
}

/** Lets a second terminal steer the demo: HTTP with JSON on a Unix socket that only its owner may open. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      request.resume();
      this.#answer(request.method ?? '', request.url ?? '').then(
        (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        (error: unknown) => {
          const status = error instanceof CliError ? statusOf(error) : 500;
          const detail = error instanceof Error ? error.message : String(error);
          const remedy = error instanceof CliError ? error.remedy : undefined;
          response.writeHead(status, { 'content-type': 'application/problem+json' });
          response.end(JSON.stringify({ status, detail, remedy }));
        },
      );
    });
  }

  async start(): Promise<void> {
    // The home's lock is ours, so a socket that lies here is a dead demo's.
    rmSync(this.#options.socketPath, { force: true });
    const mask = process.umask(0o177);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.socketPath, resolve);
    }).finally(() => process.umask(mask));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  async #answer(method: string, target: string): Promise<FleetStatus> {
    const { fleet, onDown } = this.#options;
    const url = new URL(target, 'http://demo');
    const [noun = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    if (method === 'POST') {
      if (noun === 'down') onDown();
      else if (noun === 'controller') await this.#controller(rest[0] ?? '');
      else if (noun === 'sites') await this.#site(rest[0] ?? '', rest[1] ?? '', url.searchParams.get('mode'));
      else throw unknownPath(target);
    } else if (noun !== 'status') throw unknownPath(target);
    return fleet.status();
  }

  async #controller(verb: string): Promise<void> {
    const { fleet } = this.#options;
    if (verb === 'kill') await fleet.killController();
    else if (verb === 'revive') await fleet.startController();
    else throw unknownPath(verb);
  }

  async #site(site: string, verb: string, mode: string | null): Promise<void> {
    const { fleet } = this.#options;
    if (verb === 'cut') fleet.cut(site, mode === 'silent' ? 'silent' : ('reset' satisfies CutMode));
    else if (verb === 'restore') fleet.restore(site);
    else if (verb === 'kill') await fleet.killAgent(site);
    else if (verb === 'revive') await fleet.startAgent(site);
    else throw unknownPath(verb);
  }
}

function unknownPath(path: string): CliError {
  return new CliError(exitCodes.notFound, `the demo knows no ${path}`);
}

function statusOf(error: CliError): number {
  if (error.exitCode === exitCodes.notFound) return 404;
  if (error.exitCode === exitCodes.conflict) return 409;
  return 500;
}
