import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import mqtt from 'mqtt';
import { createTelemetryPublisher } from '#agent/telemetry/index.ts';
import { type AgentId, id, type SiteId } from '#shared/model/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { parseJoinToken } from '#shared/wire/join-token.ts';
import type { RequestContext } from '../context.ts';
import { createEnrolment, openCertificateAuthority } from '../identity/index.ts';
import { createTelemetryBroker, type TelemetryBroker } from './index.ts';

const context = { principal: { username: 'admin' }, requestId: 'r' } as unknown as RequestContext;
const folder = await mkdtemp(join(tmpdir(), 'skerry-mqtt-'));
const clock = systemClock;
const random = systemRandom;
const ca = await openCertificateAuthority(folder, { clock, random });
const store = createMemoryStore();
const addresses = () => ({ enroll: ['127.0.0.1:1'], sync: '127.0.0.1:1', mqtt: '127.0.0.1:1' });
const enrolment = createEnrolment({ store, ca, clock, random, addresses });
let broker: TelemetryBroker;

before(async () => {
  await store.commit([{ key: 'site/site-a', value: {} }]);
  broker = await startBroker();
});
after(async () => {
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function startBroker(port = 0): Promise<TelemetryBroker> {
  const server = await ca.issueServer({ dns: [], ip: [] });
  const made = createTelemetryBroker({
    tls: { ...server, caPem: ca.caPem },
    enrolment,
    host: '127.0.0.1',
    port,
    clock,
    log: silentLogger,
    limits: { messagesPerMinute: 5, payloadBytes: 1000 },
  });
  await made.start();
  return made;
}

interface Enrolled {
  agentId: AgentId;
  tls: { certPem: string; keyPem: string; caPem: string };
}

async function enrol(): Promise<Enrolled> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=a', keys, signingAlgorithm: algorithm });
  const made = await enrolment.createToken(context, { siteId: id<SiteId>('site-a') });
  const token = parseJoinToken(made.token);
  assert.ok(token.ok);
  const { id: tokenId, secret } = token.value;
  const answer = await enrolment.enroll({ tokenId, secret, csrPem: csr.toString('pem') });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const keyPem = createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
  return { agentId: answer.agentId, tls: { certPem: answer.certPem, keyPem, caPem: ca.caPem } };
}

function connect({ agentId, tls }: Enrolled, clientId: string = agentId): mqtt.MqttClient {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port: broker.port,
    cert: tls.certPem,
    key: tls.keyPem,
    ca: tls.caPem,
    clientId,
    protocolVersion: 4,
    reconnectPeriod: 0,
    queueQoSZero: false,
  });
  client.on('error', () => {});
  return client;
}

function event(client: mqtt.MqttClient, name: 'connect' | 'close'): Promise<void> {
  return new Promise((resolve) => {
    client.once(name, () => resolve());
  });
}

/** Resolves when the next message of the agent has been taken in. */
function nextMessage(at: TelemetryBroker, agentId: AgentId): Promise<void> {
  return new Promise((resolve) => {
    const end = at.onMessage((from) => {
      if (from !== agentId) return;
      end();
      resolve();
    });
  });
}

test('an agent’s values arrive over mutual TLS, and again after the broker was away', async () => {
  const agent = await enrol();
  let load = 0;
  const publisher = createTelemetryPublisher({
    address: `127.0.0.1:${broker.port}`,
    tls: () => agent.tls,
    agentId: agent.agentId,
    clock,
    random,
    log: silentLogger,
    sample: async () => ({ load: ++load, 'memory.free': 5 }),
    intervalMs: 3_600_000,
  });
  const first = nextMessage(broker, agent.agentId);
  await publisher.start();
  await first;
  assert.equal(broker.latest(agent.agentId)['node.load']?.value, 1);
  assert.equal(broker.samples(agent.agentId, 'node.memory.free').length, 1);
  const port = broker.port;
  await broker.stop();
  broker = await startBroker(port);
  await nextMessage(broker, agent.agentId);
  assert.equal(broker.latest(agent.agentId)['node.load']?.value, 2);
  await publisher.stop();
});

test('an agent publishes under its own id only, in bounds, and numbers only', async () => {
  const agent = await enrol();
  const own = `skerry/v1/${agent.agentId}/metrics/node`;
  for (const [topic, payload, retain] of [
    ['skerry/v1/someone/metrics/node', '{"a":1}', false],
    [`skerry/v1/${agent.agentId}/else`, '{"a":1}', false],
    ['$SYS/x', '{"a":1}', false],
    [own, '{"a":1}', true],
    [own, '{"a":"text"}', false],
    [own, '[1]', false],
    [own, 'no json', false],
    [own, JSON.stringify({ a: 1, pad: 'x'.repeat(1000) }), false],
  ] as const) {
    const client = connect(agent);
    await event(client, 'connect');
    const closed = event(client, 'close');
    client.publish(topic, payload, { qos: 0, retain });
    await closed;
    client.end(true);
  }
  assert.deepEqual(broker.latest(agent.agentId), {});
});

test('an agent that sends too often is cut off', async () => {
  const agent = await enrol();
  const client = connect(agent);
  await event(client, 'connect');
  const closed = event(client, 'close');
  for (let count = 0; count < 8; count += 1)
    client.publish(`skerry/v1/${agent.agentId}/metrics/node`, `{"n":${count}}`);
  await closed;
  assert.equal(broker.samples(agent.agentId, 'node.n').length, 5);
  client.end(true);
});

test('an agent subscribes below its own id only', async () => {
  const agent = await enrol();
  const client = connect(agent);
  await event(client, 'connect');
  const granted = await client.subscribeAsync(`skerry/v1/${agent.agentId}/#`);
  assert.equal(granted[0]?.qos, 0);
  for (const topic of ['#', 'skerry/v1/+/metrics/#', 'skerry/v1/someone/#'])
    await assert.rejects(client.subscribeAsync(topic), topic);
  await client.endAsync(true);
});

test('no certificate, another id and a revoked agent are refused', async () => {
  const agent = await enrol();
  const anonymous = mqtt.connect({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port: broker.port,
    ca: ca.caPem,
    reconnectPeriod: 0,
  });
  anonymous.on('error', () => {});
  await event(anonymous, 'close');
  anonymous.end(true);
  const impostor = connect(agent, 'someone-else');
  await event(impostor, 'close');
  impostor.end(true);
  const open = connect(agent);
  await event(open, 'connect');
  await enrolment.revokeAgent(context, agent.agentId);
  const closed = event(open, 'close');
  open.publish(`skerry/v1/${agent.agentId}/metrics/node`, '{"a":1}');
  await closed;
  open.end(true);
  assert.deepEqual(broker.latest(agent.agentId), {});
});

test('a connection that never begins its handshake does not hold up the stop', async () => {
  const other = await startBroker();
  const socket = connectSocket(other.port, '127.0.0.1');
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  const from = clock.mono();
  await other.stop();
  assert.ok(clock.mono() - from < 2_000);
  await closed;
});
