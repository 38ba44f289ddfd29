import path from 'node:path';
import {
  createAgentLink,
  createEnrollListener,
  createSyncListener,
  namedArtefacts,
} from '#controller/agentlink/index.ts';
import { createEnrolment, openCertificateAuthority } from '#controller/identity/index.ts';
import { createIntentBook, type LinkedIntentBook } from '#controller/intent-book/index.ts';
import type { IncomingState, ReportSink } from '#controller/inventory/report-sink.ts';
import { type AgentId, type Digest, id, type SiteId } from '#shared/model/ids.ts';
import { systemClock as clock, silentLogger as log, systemRandom as random } from '#shared/runtime/index.ts';
import { openLevelStore } from '#shared/store/index.ts';
import type { StateBody } from '#shared/wire/frames.ts';

const host = '127.0.0.1';

export interface OwnController {
  book: LinkedIntentBook;
  /** With which one agent joins. */
  token: string;
  agents: AgentWatch;
  close(): Promise<void>;
}

/** A controller's book, link and store in this process, so that the moment of a commit is known exactly. */
export async function openOwnController(
  home: string,
  pathOf: (digest: Digest) => Promise<string | undefined> = async () => undefined,
): Promise<OwnController> {
  const store = await openLevelStore(path.join(home, 'store'));
  const ca = await openCertificateAuthority(path.join(home, 'ca'), { clock, random });
  const tls = { ...(await ca.issueServer({ dns: ['localhost'], ip: [host] })), caPem: ca.caPem };
  const addresses = () => ({
    enroll: [`${host}:${enroll.port()}`],
    sync: `${host}:${sync.port()}`,
    mqtt: `${host}:1`,
  });
  const enrolment = createEnrolment({ store, ca, clock, random, addresses });
  const artefacts = namedArtefacts(() => book, pathOf);
  const sync = createSyncListener({ host, port: 0, tls, enrolment, artefacts, log });
  const enroll = createEnrollListener({ host, port: 0, tls, enrolment, clock, log });
  const book = await createIntentBook({ store, random, clock, log });
  const agents = new AgentWatch();
  const link = createAgentLink({ store, book, sink: agents, clock, random, log, listeners: [sync, enroll] });
  await link.start();
  const siteId = id<SiteId>('bench-site');
  await store.commit([{ key: `site/${siteId}`, value: { id: siteId, name: 'bench' } }]);
  const issuer = { principal: { userId: 'bench', username: 'bench' }, requestId: 'bench' } as never;
  const { token } = await enrolment.createToken(issuer, { siteId });
  const close = async () => {
    await link.stop();
    await store.close();
  };
  return { book, token, agents, close };
}

/** Which generation agents have acknowledged, and what they say of their objects; reports are taken and forgotten. */
export class AgentWatch implements ReportSink {
  readonly #acked = new Map<AgentId, number>();
  readonly #states = new Map<string, StateBody | null>();
  #changed = Promise.withResolvers<void>();

  async apply(): Promise<[]> {
    return [];
  }

  committed(_agentId: AgentId, _reports: unknown, states: IncomingState[]): void {
    for (const { key, body } of states) this.#states.set(key, body);
    this.#tell();
  }

  async connection(agentId: AgentId, isConnected: boolean): Promise<void> {
    if (isConnected) this.acked(agentId, 0);
  }

  acked(agentId: AgentId, generation: number): void {
    this.#acked.set(agentId, Math.max(generation, this.#acked.get(agentId) ?? 0));
    this.#tell();
  }

  state(key: string): StateBody | null | undefined {
    return this.#states.get(key);
  }

  acknowledged(agentId: AgentId, generation: number): Promise<void> {
    return this.until(() => (this.#acked.get(agentId) ?? -1) >= generation);
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.#changed.promise;
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
