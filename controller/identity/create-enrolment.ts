import { createHash, timingSafeEqual } from 'node:crypto';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { type Agent, type AgentId, id, type JoinToken, type SiteId } from '#shared/model/index.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { Change, Entry, Store } from '#shared/store/index.ts';
import { printJoinToken } from '#shared/wire/join-token.ts';
import { keys } from '../keys.ts';
import type { CertificateAuthority, Enrolment, EnrolmentAnswer } from './certificates.ts';
import { type PeerCertificate, readPeerCertificate } from './peer-certificate.ts';
import { verifyRequest } from './signing-request.ts';

export interface EnrolmentDependencies {
  store: Store;
  ca: CertificateAuthority;
  clock: Clock;
  random: Random;
  /** host:port under which agents reach the listeners; read when a token or an answer is made. */
  addresses: () => { enroll: string[]; sync: string; mqtt: string };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const leafDays = 90;
/** An agent may have been away for this long and still renew (sync-protocol.md, Enrolment). */
const renewalGraceMs = 365 * dayMs;
const maxTokens = 10_000;

export function createEnrolment(dependencies: EnrolmentDependencies): Enrolment {
  const { store, ca, clock, random, addresses } = dependencies;

  function answer(agentId: AgentId, siteId: SiteId, certPem: string, notAfter: number): EnrolmentAnswer {
    const { sync, mqtt } = addresses();
    return { agentId, siteId, certPem, caPem: ca.caPem, notAfter, syncAddress: sync, mqttAddress: mqtt };
  }

  async function admitted(tokenId: string, secret: string): Promise<Entry<JoinToken>> {
    const entry = /^[A-Za-z0-9-]{1,64}$/.test(tokenId)
      ? await store.get<JoinToken>(keys.joinToken(tokenId))
      : undefined;
    const isRight = isSameHash(sha256(secret), entry?.value.secretHash ?? sha256(''));
    if (entry === undefined || !isRight) throw tokenRefused('is unknown');
    return entry;
  }

  async function enrollOnce(input: { tokenId: string; secret: string; csrPem: string }): Promise<EnrolmentAnswer> {
    const entry = await admitted(input.tokenId, input.secret);
    const token = entry.value;
    const { keyFingerprint, publicKey } = await verifyRequest(input.csrPem);
    if (token.used !== undefined) return answerAgain(token, keyFingerprint);
    if (token.expiresAt <= clock.now()) throw tokenRefused('has expired');
    const agentId = id<AgentId>(random.uuid());
    const siteId = id<SiteId>(token.siteId);
    const signed = await ca.signAgent(input.csrPem, agentId, siteId, leafDays);
    const used = { keyFingerprint, agentId, at: clock.now(), certificatePem: signed.certPem };
    const agent: Agent = {
      id: agentId,
      siteId,
      name: token.agentName === '' ? `agent-${agentId.slice(0, 8)}` : token.agentName,
      keyFingerprint,
      publicKey,
      certificate: { serial: signed.serial, notAfter: signed.notAfter },
      revoked: false,
      enrolledAt: clock.now(),
      storeId: '',
      sessionEpoch: 0,
      versions: { agent: '', protocol: 0 },
    };
    const changes: Change[] = [
      { key: keys.joinToken(token.id), value: { ...token, used } },
      { key: keys.agent(agentId), value: agent },
    ];
    await store.commit(changes, {
      expect: [
        { key: entry.key, revision: entry.revision },
        { key: keys.agent(agentId), revision: 0 },
      ],
    });
    return answer(agentId, siteId, signed.certPem, signed.notAfter);
  }

  async function answerAgain(token: JoinToken, keyFingerprint: string): Promise<EnrolmentAnswer> {
    const used = token.used!;
    if (used.keyFingerprint !== keyFingerprint) throw tokenRefused('was used already');
    const agent = (await store.get<Agent>(keys.agent(used.agentId)))?.value;
    if (agent === undefined || agent.revoked) throw tokenRefused('belongs to an agent that was removed');
    return answer(used.agentId, id<SiteId>(token.siteId), used.certificatePem, agent.certificate.notAfter);
  }

  /** The agent of a certificate, if its key is enrolled and not revoked. */
  async function enrolledAgent(agentId: AgentId, keyFingerprint: string): Promise<Entry<Agent>> {
    const entry = await store.get<Agent>(keys.agent(agentId));
    if (entry === undefined) throw new SkerryError('Unauthenticated', 'The agent of the certificate is unknown');
    if (entry.value.revoked) throw new SkerryError('Unauthenticated', 'The certificate of the agent was revoked');
    const { keyFingerprint: current, nextKeyFingerprint } = entry.value;
    if (keyFingerprint !== current && keyFingerprint !== nextKeyFingerprint)
      throw new SkerryError('Unauthenticated', 'The key of the certificate is not enrolled');
    return entry;
  }

  async function renewOnce(input: { peerCertificateDer: Buffer; csrPem: string }): Promise<EnrolmentAnswer> {
    const peer = readPeerCertificate(input.peerCertificateDer, ca.caPem);
    if (peer.notAfter + renewalGraceMs < clock.now())
      throw new SkerryError('Unauthenticated', 'The certificate expired too long ago', {
        remedy: 'Enrol the agent again with a new join token.',
      });
    const entry = await enrolledAgent(peer.agentId, peer.keyFingerprint);
    const agent = entry.value;
    const signed = await ca.signAgent(input.csrPem, agent.id, agent.siteId, leafDays);
    const { nextKeyFingerprint: _, ...rest } = agent;
    const renewed: Agent = {
      ...rest,
      // What the agent showed now is what it has; the new key counts from the first time that it is shown.
      keyFingerprint: peer.keyFingerprint,
      publicKey: peer.publicKey,
      ...(signed.keyFingerprint === peer.keyFingerprint ? {} : { nextKeyFingerprint: signed.keyFingerprint }),
      certificate: { serial: signed.serial, notAfter: signed.notAfter },
    };
    await store.commit([{ key: entry.key, value: renewed }], {
      expect: [{ key: entry.key, revision: entry.revision }],
    });
    return answer(agent.id, agent.siteId, signed.certPem, signed.notAfter);
  }

  return {
    async createToken(context, { siteId, agentName = '', ttlMs = hourMs }) {
      if (!Number.isFinite(ttlMs) || ttlMs <= 0 || ttlMs > dayMs)
        throw new SkerryError('BadRequest', 'A join token lives longer than nothing and at most 24 hours');
      if (agentName !== '' && !/^[A-Za-z0-9][\w.-]{0,62}$/.test(agentName))
        throw new SkerryError(
          'BadRequest',
          'The name of an agent has 1 to 63 letters, digits, dots, dashes and underscores',
        );
      if ((await store.get(keys.site(siteId))) === undefined)
        throw new SkerryError('NotFound', `There is no site ${siteId}`);
      await sweepTokens(store, clock);
      const secret = random.hex(32);
      const record: JoinToken = {
        id: random.uuid(),
        siteId,
        secretHash: sha256(secret),
        agentName,
        createdAt: clock.now(),
        expiresAt: clock.now() + ttlMs,
        createdBy: context.principal.username,
      };
      await store.commit([{ key: keys.joinToken(record.id), value: record }]);
      const enroll = addresses().enroll;
      const token = printJoinToken({ v: 1, id: record.id, secret, caFingerprint: ca.fingerprint, enroll });
      return { token, record: withoutSecret(record) };
    },
    async tokens() {
      const entries = await store.range<JoinToken>({ prefix: keys.joinToken(''), limit: maxTokens });
      return entries.map(({ value }) => withoutSecret(value));
    },
    async revokeToken(_context, tokenId) {
      const entry = await store.get<JoinToken>(keys.joinToken(tokenId));
      if (entry === undefined) throw new SkerryError('NotFound', `There is no join token ${tokenId}`);
      await store.commit([{ key: entry.key, value: undefined }]);
    },
    enroll: (input) => againOnConflict(() => enrollOnce(input)),
    renew: (input) => againOnConflict(() => renewOnce(input)),
    revokeAgent: (_context, agentId) =>
      againOnConflict(async () => {
        const entry = await store.get<Agent>(keys.agent(agentId));
        if (entry === undefined) throw new SkerryError('NotFound', `There is no agent ${agentId}`);
        if (entry.value.revoked) return;
        const expect = [{ key: entry.key, revision: entry.revision }];
        await store.commit([{ key: entry.key, value: { ...entry.value, revoked: true } }], { expect });
      }),
    identify: (der) =>
      againOnConflict(async () => {
        const peer = readPeerCertificate(der, ca.caPem);
        if (peer.notAfter < clock.now() || peer.notBefore > clock.now())
          throw new SkerryError('Unauthenticated', 'The certificate has expired', {
            remedy: 'The agent must renew it.',
          });
        const entry = await enrolledAgent(peer.agentId, peer.keyFingerprint);
        const seen = withSeenKey(entry.value, peer);
        if (seen !== undefined)
          await store.commit([{ key: entry.key, value: seen }], {
            expect: [{ key: entry.key, revision: entry.revision }],
          });
        return { agentId: peer.agentId, siteId: peer.siteId };
      }),
  };
}

/** The agent with the key that it showed just now, when that says something new: a renewal's key, or one not kept so far. */
function withSeenKey(agent: Agent, { keyFingerprint, publicKey }: PeerCertificate): Agent | undefined {
  const { nextKeyFingerprint, ...rest } = agent;
  if (nextKeyFingerprint === keyFingerprint) return { ...rest, keyFingerprint, publicKey };
  return agent.publicKey === undefined ? { ...agent, publicKey } : undefined;
}

/** Tokens that can no longer answer anybody go when new ones are made; their number stays bounded. */
async function sweepTokens(store: Store, clock: Clock): Promise<void> {
  const tokens = await store.range<JoinToken>({ prefix: keys.joinToken('') });
  const isStale = ({ used, expiresAt }: JoinToken) =>
    expiresAt + dayMs < clock.now() && (used === undefined || used.at + leafDays * dayMs < clock.now());
  const stale = tokens.filter(({ value }) => isStale(value)).slice(0, 1000);
  if (stale.length > 0) await store.commit(stale.map(({ key }) => ({ key, value: undefined })));
  if (tokens.length - stale.length >= maxTokens)
    throw new SkerryError('TooManyRequests', 'There are too many join tokens', {
      remedy: 'Revoke those that are not needed.',
    });
}

async function againOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !isSkerryError(error) || error.code !== 'RevisionConflict') throw error;
    }
  }
}

function withoutSecret({ secretHash: _, ...record }: JoinToken): Omit<JoinToken, 'secretHash'> {
  return record;
}

function tokenRefused(why: string): SkerryError {
  return new SkerryError('Unauthenticated', `The join token ${why}`, {
    remedy: 'Make a new join token for the site and give it to the agent.',
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
