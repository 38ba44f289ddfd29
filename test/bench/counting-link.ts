import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export interface LinkCount {
  /** TLS records and what is in them, both ways. */
  payloadBytes: number;
  /** Times that bytes arrived, both ways: at most one TCP segment each on an idle link. */
  segments: number;
}

/** A TCP link that counts what passes. */
export class CountingLink {
  readonly count: LinkCount = { payloadBytes: 0, segments: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  port = 0;

  constructor(targetPort: () => number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      const far = dial({ host: '127.0.0.1', port: targetPort(), noDelay: true });
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      this.count.payloadBytes += bytes.length;
      this.count.segments += 1;
      to.write(bytes);
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.on('error', () => to.destroy());
  }
}
