import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AgentCredentials, enrollAgent } from '#agent/link/index.ts';
import { createEnrollListener, createSyncListener, namedArtefacts } from '#controller/agentlink/index.ts';
import { createEnrolment, openCertificateAuthority } from '#controller/identity/index.ts';
import { createIntentBook, type LinkedIntentBook } from '#controller/intent-book/index.ts';
import { id, type SiteId } from '#shared/model/ids.ts';
import { systemClock as clock, silentLogger as log, systemRandom as random } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import type { ControllerSide } from '#shared/wire/session.ts';

const host = '127.0.0.1';

export interface GrpcRig {
  home: string;
  store: Store;
  book: LinkedIntentBook;
  /** host:port */
  syncAddress: string;
  enrol(name: string): Promise<AgentCredentials>;
  close(): Promise<void>;
}

/** Both listeners on real sockets with real certificates, over a store in memory; `accept` gets the sessions. */
export async function openGrpcRig(
  pathOf: (digest: string) => string,
  accept: (side: ControllerSide) => Promise<void> = async () => undefined,
): Promise<GrpcRig> {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-grpc-'));
  const store = await createMemoryStore();
  const ca = await openCertificateAuthority(path.join(home, 'ca'), { clock, random });
  const tls = { ...(await ca.issueServer({ dns: ['localhost'], ip: [host] })), caPem: ca.caPem };
  const ports = { sync: 0, enroll: 0 };
  const addresses = () => ({ enroll: [`${host}:${ports.enroll}`], sync: `${host}:${ports.sync}`, mqtt: `${host}:1` });
  const enrolment = createEnrolment({ store, ca, clock, random, addresses });
  const book = await createIntentBook({ store, random, clock, log });
  const artefacts = namedArtefacts(
    () => book,
    async (digest) => pathOf(digest),
  );
  const sync = createSyncListener({ host, port: 0, tls, enrolment, artefacts, log });
  const enroll = createEnrollListener({ host, port: 0, tls, enrolment, clock, log });
  await sync.start(accept);
  await enroll.start(accept);
  ports.sync = sync.port();
  ports.enroll = enroll.port();
  const siteId = id<SiteId>('site-1');
  await store.commit([{ key: `site/${siteId}`, value: { id: siteId, name: 's' } }]);
  const request = { principal: { userId: 'u', username: 'u' }, requestId: 'r' } as never;
  return {
    home,
    store,
    book,
    syncAddress: `${host}:${ports.sync}`,
    async enrol(name) {
      const { token } = await enrolment.createToken(request, { siteId });
      return enrollAgent({ folder: path.join(home, name), joinToken: token, log });
    },
    async close() {
      await sync.stop();
      await enroll.stop();
      await store.close();
      await rm(home, { recursive: true });
    },
  };
}
