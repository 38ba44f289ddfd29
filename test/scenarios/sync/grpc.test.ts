import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createIntentHolder } from '#agent/intent/index.ts';
import { createGrpcDial, createLink, enrollAgent, loadCredentials, renewCertificate } from '#agent/link/index.ts';
import { createOutbox } from '#agent/report/index.ts';
import { openAgentStore } from '#agent/store/index.ts';
import { createAgentLink, createEnrollListener, createSyncListener } from '#controller/agentlink/index.ts';
import { createEnrolment, openCertificateAuthority } from '#controller/identity/index.ts';
import { createIntentBook } from '#controller/intent-book/index.ts';
import type { ReportSink } from '#controller/inventory/report-sink.ts';
import { type InfraId, id, type ObjectKey, type SiteId } from '#shared/model/ids.ts';
import { systemClock as clock, silentLogger as log, systemRandom as random } from '#shared/runtime/index.ts';
import { openLevelStore } from '#shared/store/index.ts';

const host = '127.0.0.1';

test('enrols, connects over mutual TLS, follows intent, delivers reports, renews', { timeout: 30_000 }, async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-grpc-'));
  const agentHome = path.join(home, 'agent');
  const store = await openLevelStore(path.join(home, 'store'));
  const ca = await openCertificateAuthority(path.join(home, 'ca'), { clock, random });
  const tls = { ...(await ca.issueServer({ dns: ['localhost'], ip: [host] })), caPem: ca.caPem };
  const ports = { sync: 0, enroll: 0 };
  const addresses = () => ({ enroll: [`${host}:${ports.enroll}`], sync: `${host}:${ports.sync}`, mqtt: `${host}:1` });
  const enrolment = createEnrolment({ store, ca, clock, random, addresses });
  const syncListener = createSyncListener({ host, port: 0, tls, enrolment, log });
  const enrollListener = createEnrollListener({ host, port: 0, tls, enrolment, clock, log });
  const book = await createIntentBook({ store, random, clock, log });
  let delivered = () => {};
  const isDelivered = new Promise<void>((resolve) => (delivered = resolve));
  const sink: ReportSink = {
    apply: async () => [],
    committed: () => delivered(),
    connection: async () => {},
    acked: () => {},
  };
  const listeners = [syncListener, enrollListener];
  const agentLink = createAgentLink({ store, book, sink, clock, random, log, listeners });
  await agentLink.start();
  ports.sync = syncListener.port();
  ports.enroll = enrollListener.port();

  const siteId = id<SiteId>('site-1');
  await store.commit([{ key: `site/${siteId}`, value: { id: siteId, name: 's' } }]);
  const { token } = await enrolment.createToken(
    { principal: { userId: 'u', username: 'u' }, requestId: 'r' } as never,
    {
      siteId,
    },
  );
  const first = await enrollAgent({ folder: agentHome, joinToken: token, log });
  const again = await enrollAgent({ folder: agentHome, joinToken: token, log });
  assert.equal(again.certPem, first.certPem, 'one token and one key have one answer');
  assert.equal((await stat(path.join(agentHome, 'agent.key.pem'))).mode & 0o777, 0o600);
  await assert.rejects(enrollAgent({ folder: path.join(home, 'thief'), joinToken: token, log }));
  const renewed = await renewCertificate({
    folder: agentHome,
    credentials: first,
    enrollAddress: `${host}:${ports.enroll}`,
  });
  assert.notEqual(renewed.certPem, first.certPem);
  assert.equal(loadCredentials(agentHome)?.certPem, renewed.certPem);

  const agentStore = await openAgentStore(path.join(agentHome, 'store'), { clock, random, log });
  const holder = createIntentHolder({ store: agentStore, random, log });
  const outbox = createOutbox({ store: agentStore, clock, random, log });
  await holder.ensureIdentity(renewed.agentId, renewed.siteId);
  const dial = createGrpcDial({ address: () => renewed.syncAddress, tls: () => renewed });
  const link = createLink({ dial, holder, outbox, store: agentStore, clock, random, log, controller: 'test' });
  const connected = new Promise<void>((resolve) => link.onStatus(({ state }) => state === 'connected' && resolve()));
  await link.start();
  await connected;

  const durable = (generation: number) =>
    new Promise<void>((resolve) => {
      const forget = holder.onChange(() => look());
      const look = () => {
        if (holder.head().generation < generation) return;
        forget();
        resolve();
      };
      look();
    });
  const times: number[] = [];
  for (let n = 0; n < 50; n++) {
    const key = id<ObjectKey>(`infra/${n}`);
    const body = { type: 'infra' as const, infraId: id<InfraId>(String(n)), name: '', kind: 'simulated', settings: {} };
    await book.commit({
      agents: [{ agentId: renewed.agentId, upserts: [{ key, scope: '', dependsOn: [], body }], tombstones: [] }],
      changes: () => [],
    });
    const committed = performance.now();
    await durable(n + 1);
    times.push(performance.now() - committed);
  }
  times.sort((a, b) => a - b);
  console.log(`commit → durable at the agent: p50 ${times[25]?.toFixed(2)} ms, p98 ${times[48]?.toFixed(2)} ms`);
  assert.equal(holder.root(), (await book.head(renewed.agentId)).root);
  await agentStore.transact((tx) =>
    outbox.append(tx, 'results', {
      type: 'reached',
      lineage: book.lineage(),
      generation: 50,
      scope: '',
      objects: [],
      removed: [],
    }),
  );
  await isDelivered;

  await link.stop();
  await agentLink.stop();
  await agentStore.close();
  await store.close();
  await rm(home, { recursive: true });
});
