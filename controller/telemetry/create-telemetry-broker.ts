import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId } from '#shared/model/index.ts';
import type { Clock, Component, Logger } from '#shared/runtime/index.ts';
import type { Enrolment } from '../identity/certificates.ts';
import { MessageBudget } from './message-budget.ts';
import { MetricRing, type Sample } from './metric-ring.ts';
import { readMetricsMessage } from './read-metrics-message.ts';

export interface TelemetryLimits {
  connections: number;
  /** One MQTT message's payload. */
  payloadBytes: number;
  messagesPerMinute: number;
  metricsPerAgent: number;
  samplesPerMetric: number;
  /** Agents whose values are kept. */
  agents: number;
}

export interface TelemetryBrokerDependencies {
  tls: { certPem: string; keyPem: string; caPem: string };
  enrolment: Pick<Enrolment, 'identify'>;
  host: string;
  port: number;
  clock: Clock;
  log: Logger;
  limits?: Partial<TelemetryLimits>;
}

/** What agents measure, from `skerry/v1/<agentId>/metrics/<group>` on an embedded broker (MQTT 3.1.1, TLS 1.2 or newer). */
export interface TelemetryBroker extends Component {
  /** Port that it really listens on. */
  readonly port: number;
  /** Newest value of each metric, named `<group>.<metric>`. */
  latest(agentId: AgentId): Record<string, Sample>;
  /** The last values of one metric, oldest first. */
  samples(agentId: AgentId, metric: string): readonly Sample[];
  /** Told after each message that was taken in. Returns a function that ends it. */
  onMessage(listener: (agentId: AgentId) => void): () => void;
}

interface Peer {
  agentId: AgentId;
  certificateDer: Buffer;
  budget: MessageBudget;
}

const defaultLimits: TelemetryLimits = {
  connections: 5_000,
  payloadBytes: 16_384,
  messagesPerMinute: 60,
  metricsPerAgent: 256,
  samplesPerMetric: 60,
  agents: 5_000,
};

export function createTelemetryBroker(dependencies: TelemetryBrokerDependencies): TelemetryBroker {
  return new EmbeddedBroker(dependencies);
}

class EmbeddedBroker implements TelemetryBroker {
  #dependencies: TelemetryBrokerDependencies;
  #limits: TelemetryLimits;
  #ring: MetricRing;
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  #peers = new WeakMap<Client, Peer>();
  #listeners = new Set<(agentId: AgentId) => void>();

  constructor(dependencies: TelemetryBrokerDependencies) {
    this.#dependencies = dependencies;
    this.#limits = { ...defaultLimits, ...dependencies.limits };
    this.#ring = new MetricRing(this.#limits);
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port ?? this.#dependencies.port;
  }

  latest(agentId: AgentId): Record<string, Sample> {
    return this.#ring.latest(agentId);
  }

  samples(agentId: AgentId, metric: string): readonly Sample[] {
    return this.#ring.samples(agentId, metric);
  }

  onMessage(listener: (agentId: AgentId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    const { tls, host, port, log } = this.#dependencies;
    this.#aedes = await this.#createAedes();
    const server = createServer(
      {
        cert: tls.certPem,
        key: tls.keyPem,
        ca: tls.caPem,
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: 10_000,
      },
      (socket) => this.#accept(socket),
    );
    server.maxConnections = this.#limits.connections;
    // Also those that have not finished, or not even begun, their handshake: closing the listener waits for each of them.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', (error) => log.debug({ error }, 'A TLS handshake on the MQTT port failed.'));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => resolve());
    });
    server.on('error', (error) => log.error({ error }, 'The MQTT listener failed.'));
  }

  async stop(): Promise<void> {
    const [server, aedes] = [this.#server, this.#aedes];
    this.#server = undefined;
    this.#aedes = undefined;
    if (server === undefined || aedes === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: TLSSocket): void {
    socket.on('error', (error) => this.#dependencies.log.debug({ error }, 'An MQTT connection broke.'));
    this.#aedes?.handle(socket);
  }

  #createAedes(): Promise<Aedes> {
    return Aedes.createBroker({
      connectTimeout: 10_000,
      // One subscriber that reads nothing must not stall the others.
      drainTimeout: 10_000,
      keepaliveLimit: 600,
      queueLimit: 32,
      maxClientsIdLength: 128,
      maxTopicLevels: 8,
      authenticate: (client, _username, _password, done) => {
        this.#identify(client).then(
          () => done(null, true),
          (error: unknown) => {
            this.#dependencies.log.warn({ error }, 'Refused an MQTT client.');
            done(refusal('not an enrolled agent'), false);
          },
        );
      },
      authorizePublish: (client, packet, callback) => {
        this.#take(client, packet.topic, packet.payload, packet.retain).then(
          () => callback(null),
          (error: Error) => callback(error),
        );
      },
      authorizeSubscribe: (client, subscription, callback) => {
        const peer = this.#peers.get(client);
        const own = `skerry/v1/${peer?.agentId}/`;
        const isOwn = peer !== undefined && subscription.topic.startsWith(own);
        // A null grant is answered with 0x80 (MQTT 3.1.1, 3.9.3); an error would cut the connection.
        callback(null, isOwn ? subscription : null);
      },
    });
  }

  async #identify(client: Client): Promise<void> {
    const certificateDer = (client.conn as TLSSocket).getPeerCertificate().raw;
    if (certificateDer === undefined) throw new SkerryError('Unauthenticated', 'The client showed no certificate');
    const { agentId } = await this.#dependencies.enrolment.identify(certificateDer);
    // Two clients of one id throw each other out: with the agent's own id nobody can throw out another's.
    if (client.id !== agentId) throw new SkerryError('Forbidden', 'The MQTT client id is not the id of the agent');
    const budget = new MessageBudget(this.#dependencies.clock, this.#limits.messagesPerMinute);
    this.#peers.set(client, { agentId, certificateDer, budget });
  }

  /** An error closes the connection (MQTT 3.1.1 has no other answer to a publish that is not allowed). */
  async #take(client: Client | null, topic: string, payload: string | Buffer, isRetained: boolean): Promise<void> {
    const peer = client === null ? undefined : this.#peers.get(client);
    if (peer === undefined) throw new SkerryError('Forbidden', 'Only agents publish here');
    const own = `skerry/v1/${peer.agentId}/metrics/`;
    const group = topic.slice(own.length);
    if (!topic.startsWith(own) || !/^[a-z][a-z0-9-]{0,31}$/.test(group) || isRetained)
      throw this.#violation(peer, 'published where it may not');
    if (payload.length > this.#limits.payloadBytes) throw this.#violation(peer, 'sent a message that is too large');
    if (!peer.budget.take()) throw this.#violation(peer, 'sends too often');
    // Looked up each time: a revoked agent is cut off with its next message.
    await this.#dependencies.enrolment.identify(peer.certificateDer);
    const values = readMetricsMessage(Buffer.from(payload), this.#limits.metricsPerAgent);
    if (!values.ok) throw this.#violation(peer, values.error);
    const at = this.#dependencies.clock.now();
    for (const [name, value] of values.value) this.#ring.add(peer.agentId, `${group}.${name}`, { at, value });
    for (const listener of this.#listeners) listener(peer.agentId);
  }

  #violation(peer: Peer, what: string): SkerryError {
    this.#dependencies.log.warn(
      { agentId: peer.agentId, what },
      'An agent broke the rules of telemetry; its connection is closed.',
    );
    return new SkerryError('ProtocolViolation', `The agent ${what}`);
  }
}

function refusal(message: string): AuthenticateError {
  // 5: not authorised (MQTT 3.1.1, 3.2.2.3).
  return Object.assign(new Error(message), { returnCode: 5 }) as AuthenticateError;
}
