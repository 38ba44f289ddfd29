import type { MqttClient } from 'mqtt';
import { type Clock, type Component, delay, type Logger, type Random } from '#shared/runtime/index.ts';

export interface TelemetryPublisherDependencies {
  /** host:port of the broker. */
  address: string;
  /** Read at every connection, so that a renewed certificate is used. */
  tls: () => { certPem: string; keyPem: string; caPem: string };
  agentId: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Values of now; called only while the broker is connected. */
  sample: () => Promise<Record<string, number>>;
  /** Last part of the topic. */
  group?: string;
  intervalMs?: number;
}

const backoff = { minMs: 1_000, maxMs: 300_000 };
const connectTimeoutMs = 10_000;

/**
 * Sends what the node measures, one message an interval (QoS 0), and nothing while there is no link: values of the past have
 * no use here, and what must not be lost goes through the outbox. mqtt is loaded at the first start only.
 */
export function createTelemetryPublisher(dependencies: TelemetryPublisherDependencies): Component {
  let stopping: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();
  return {
    async start() {
      if (stopping !== undefined) return;
      stopping = new AbortController();
      running = run(dependencies, stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await running;
    },
  };
}

async function run(dependencies: TelemetryPublisherDependencies, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = dependencies;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await session(dependencies, signal, () => {
        failures = 0;
      });
    } catch (error) {
      log.debug({ error, failures }, 'The link to the MQTT broker is down.');
    }
    if (signal.aborted) return;
    failures += 1;
    const bound = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(failures, 20));
    await delay(clock, bound / 2 + (random.next() * bound) / 2, signal).catch(() => {});
  }
}

/** One connection, until it breaks or the signal aborts. */
async function session(
  dependencies: TelemetryPublisherDependencies,
  signal: AbortSignal,
  onSent: () => void,
): Promise<void> {
  const { clock, sample, agentId, group = 'node', intervalMs = 300_000 } = dependencies;
  const client = await connect(dependencies, signal);
  const broken = new AbortController();
  const end = () => broken.abort(new Error('the connection has ended'));
  client.on('close', end);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (!client.connected || signal.aborted) return;
    for (;;) {
      const payload = JSON.stringify(await sample());
      if (broken.signal.aborted) return;
      client.publish(`skerry/v1/${agentId}/metrics/${group}`, payload, { qos: 0 });
      onSent();
      await delay(clock, intervalMs, broken.signal);
    }
  } finally {
    signal.removeEventListener('abort', end);
    await new Promise<void>((resolve) => client.end(true, {}, () => resolve()));
  }
}

async function connect(dependencies: TelemetryPublisherDependencies, signal: AbortSignal): Promise<MqttClient> {
  const { address, agentId, clock, log } = dependencies;
  const { default: mqtt } = await import('mqtt');
  const { writeToStream } = await import('mqtt-packet');
  // The library keeps a Buffer of every number up to 65,535: 8 MB for a few messages an hour.
  writeToStream.cacheNumbers = false;
  const { certPem, keyPem, caPem } = dependencies.tls();
  const colon = address.lastIndexOf(':');
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
    cert: certPem,
    key: keyPem,
    ca: caPem,
    clientId: agentId,
    protocolVersion: 4,
    clean: true,
    // A ping and its answer take about 130 bytes with TLS and TCP; every 290 s that is 40 kB a day.
    keepalive: 290,
    connectTimeout: connectTimeoutMs,
    // The way back is this file's own; the library would keep and resend what is old.
    reconnectPeriod: 0,
    queueQoSZero: false,
    messageIdProvider: new mqtt.UniqueMessageIdProvider(),
  });
  client.on('error', (error) => log.debug({ error }, 'MQTT reports an error.'));
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      client.end(true);
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const cancel = clock.timer(connectTimeoutMs, () => fail(new Error('connecting took too long')));
    signal.addEventListener('abort', onAbort, { once: true });
    client.once('error', fail);
    const onClose = () => fail(new Error('the broker closed the connection'));
    client.once('close', onClose);
    client.once('connect', () => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      client.removeListener('close', onClose);
      client.removeListener('error', fail);
      resolve(client);
    });
  });
}
