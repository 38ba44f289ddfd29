import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';

export interface Address {
  host: string;
  port: number;
}

export interface TcpProxyOptions {
  /** Default: a free port on loopback. */
  listen?: Address;
  /** Asked for each connection, so that the target may move. */
  target: () => Address;
}

/**
 * How a link is cut: `reset` ends connections and refuses new ones, as when a router goes; `silent` lets nothing pass and
 * says nothing, as when a radio link fades. After a silent cut, connections go on where they were.
 */
export type CutMode = 'reset' | 'silent';

/** A TCP link that can be cut. Bytes pass unread. */
export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #cut: CutMode | undefined;
  #address: Address | undefined;

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    // Half-open is passed on: one side may have finished while the other still sends.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  async start(): Promise<void> {
    const { host, port } = this.#options.listen ?? { host: '127.0.0.1', port: 0 };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the proxy has no TCP address');
    this.#address = { host: bound.address, port: bound.port };
  }

  async stop(): Promise<void> {
    if (this.#address === undefined) return;
    this.#address = undefined;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const pair of this.#pairs) pair.end();
    });
  }

  /** Where it listens. */
  get address(): Address {
    if (this.#address === undefined) throw new Error('the proxy does not run');
    return this.#address;
  }

  /** Connections that pass now. */
  get connections(): number {
    return this.#pairs.size;
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  cut(mode: CutMode = 'reset'): void {
    this.#cut = mode;
    for (const pair of this.#pairs) {
      if (mode === 'reset') pair.end();
      else pair.hold();
    }
  }

  restore(): void {
    this.#cut = undefined;
    for (const pair of this.#pairs) pair.release();
  }

  #accept(near: Socket): void {
    if (this.#cut === 'reset') {
      near.on('error', () => {});
      near.resetAndDestroy();
      return;
    }
    const pair = new Pair(near, this.#options.target, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
    if (this.#cut === undefined) pair.release();
  }
}

/** The two sockets of one connection. It connects onward only when it is first released. */
class Pair {
  readonly #near: Socket;
  readonly #target: () => Address;
  readonly #onEnd: () => void;
  #far: Socket | undefined;
  #isHeld = true;

  constructor(near: Socket, target: () => Address, onEnd: () => void) {
    this.#near = near;
    this.#target = target;
    this.#onEnd = onEnd;
    near.pause();
    near.on('error', () => this.end());
    near.on('close', () => this.end());
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#far === undefined) {
      const far = tcpConnect({ ...this.#target(), noDelay: true, allowHalfOpen: true });
      this.#far = far;
      far.on('error', () => this.end());
      far.on('close', () => this.end());
    }
    this.#near.pipe(this.#far);
    this.#far.pipe(this.#near);
  }

  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#near.unpipe();
    this.#far?.unpipe();
    this.#near.pause();
    this.#far?.pause();
  }

  end(): void {
    this.#near.destroy();
    this.#far?.destroy();
    this.#onEnd();
  }
}
