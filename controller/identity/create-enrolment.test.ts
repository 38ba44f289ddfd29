import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { isSkerryError } from '#shared/errors/index.ts';
import { type Agent, type AgentId, id, type SiteId } from '#shared/model/index.ts';
import { SeededRandom, systemRandom, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { parseJoinToken, printJoinToken } from '#shared/wire/join-token.ts';
import type { RequestContext } from '../context.ts';
import { createEnrolment, openCertificateAuthority } from './index.ts';

const folder = await mkdtemp(join(tmpdir(), 'skerry-ca-'));
after(() => rm(folder, { recursive: true }));
const dayMs = 86_400_000;
const context = { principal: { username: 'admin' }, requestId: 'r' } as unknown as RequestContext;
const siteId = id<SiteId>('site-a');

async function makeRequest(
  algorithm: object = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as never, true, ['sign', 'verify'])) as never;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=whoever',
    keys,
    signingAlgorithm: algorithm as never,
  });
  return request.toString('pem');
}

async function setUp() {
  const clock = new VirtualClock();
  const store = createMemoryStore();
  const ca = await openCertificateAuthority(folder, { clock, random: systemRandom });
  await store.commit([{ key: 'site/site-a', value: { id: 'site-a' } }]);
  const addresses = () => ({ enroll: ['127.0.0.1:9991'], sync: '127.0.0.1:9990', mqtt: '127.0.0.1:9992' });
  const enrolment = createEnrolment({ store, ca, clock, random: new SeededRandom(1), addresses });
  const token = async (ttlMs?: number) => {
    const made = await enrolment.createToken(context, { siteId, agentName: 'a1', ttlMs });
    const parsed = parseJoinToken(made.token);
    assert.ok(parsed.ok);
    return { tokenId: parsed.value.id, secret: parsed.value.secret, content: parsed.value };
  };
  return { clock, store, ca, enrolment, token };
}

function refusedWith(code: string) {
  return (error: unknown) => isSkerryError(error) && error.code === code;
}

const der = (certPem: string) => new X509Certificate(certPem).raw;

test('the CA is made once, private, and issues server certificates for loopback', async () => {
  const { ca, clock } = await setUp();
  const again = await openCertificateAuthority(folder, { clock, random: systemRandom });
  assert.equal(again.fingerprint, ca.fingerprint);
  assert.equal((await stat(join(folder, 'ca.key.pem'))).mode & 0o777, 0o600);
  const { certPem } = await ca.issueServer({ dns: ['controller.example'], ip: ['192.0.2.1'] });
  const certificate = new X509Certificate(certPem);
  for (const host of ['localhost', 'controller.example']) assert.equal(certificate.checkHost(host), host);
  for (const ip of ['127.0.0.1', '::1', '192.0.2.1']) assert.equal(certificate.checkIP(ip), ip);
  assert.ok(certificate.verify(new X509Certificate(ca.caPem).publicKey));
});

test('one use means one key: the same key gets the same answer, another key none', async () => {
  const { enrolment, token, ca } = await setUp();
  const made = await token();
  assert.equal(made.content.caFingerprint, ca.fingerprint);
  const csrPem = await makeRequest();
  const first = await enrolment.enroll({ ...made, csrPem });
  assert.deepEqual(await enrolment.enroll({ ...made, csrPem }), first);
  await assert.rejects(enrolment.enroll({ ...made, csrPem: await makeRequest() }), refusedWith('Unauthenticated'));
  assert.deepEqual(await enrolment.identify(der(first.certPem)), { agentId: first.agentId, siteId });
  assert.equal(first.syncAddress, '127.0.0.1:9990');
  assert.ok(!JSON.stringify(await enrolment.tokens()).includes('secretHash'));
});

test('of two keys that race for one token exactly one wins', async () => {
  const { enrolment, token } = await setUp();
  const made = await token();
  const requests = [await makeRequest(), await makeRequest()];
  const outcomes = await Promise.allSettled(requests.map((csrPem) => enrolment.enroll({ ...made, csrPem })));
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('refuses expired, revoked and forged tokens', async () => {
  const { enrolment, token, clock } = await setUp();
  const csrPem = await makeRequest();
  const expired = await token(1000);
  await clock.advance(1001);
  await assert.rejects(enrolment.enroll({ ...expired, csrPem }), refusedWith('Unauthenticated'));
  const revoked = await token();
  await enrolment.revokeToken(context, revoked.tokenId);
  await assert.rejects(enrolment.enroll({ ...revoked, csrPem }), refusedWith('Unauthenticated'));
  const forged = { ...(await token()), secret: 'f'.repeat(64) };
  await assert.rejects(enrolment.enroll({ ...forged, csrPem }), refusedWith('Unauthenticated'));
  await assert.rejects(enrolment.createToken(context, { siteId, ttlMs: dayMs + 1 }), refusedWith('BadRequest'));
  await assert.rejects(enrolment.createToken(context, { siteId: id<SiteId>('nowhere') }), refusedWith('NotFound'));
});

test('takes P-256 and Ed25519 requests that their own key signed, and no others', async () => {
  const { enrolment, token } = await setUp();
  await enrolment.enroll({ ...(await token()), csrPem: await makeRequest({ name: 'Ed25519' }) });
  const made = await token();
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  const sound = await makeRequest();
  const bytes = Buffer.from(sound.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  bytes[bytes.length - 5]! ^= 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  for (const csrPem of [await makeRequest(rsa), forged, 'nonsense', 'x'.repeat(10_000)])
    await assert.rejects(enrolment.enroll({ ...made, csrPem }), refusedWith('BadRequest'));
  await enrolment.enroll({ ...made, csrPem: sound });
});

test('renews with the same or a new key; the old key holds until the new one is seen', async () => {
  const { enrolment, token, clock } = await setUp();
  const first = await enrolment.enroll({ ...(await token()), csrPem: await makeRequest() });
  await clock.advance(45 * dayMs);
  const second = await enrolment.renew({ peerCertificateDer: der(first.certPem), csrPem: await makeRequest() });
  assert.ok(second.notAfter > first.notAfter);
  await enrolment.identify(der(first.certPem));
  await enrolment.identify(der(second.certPem));
  await assert.rejects(enrolment.identify(der(first.certPem)), refusedWith('Unauthenticated'));
});

test('an expired certificate renews up to a year later, but opens no session', async () => {
  const { enrolment, token, clock } = await setUp();
  const first = await enrolment.enroll({ ...(await token()), csrPem: await makeRequest() });
  await clock.advance(200 * dayMs);
  await assert.rejects(enrolment.identify(der(first.certPem)), refusedWith('Unauthenticated'));
  const second = await enrolment.renew({ peerCertificateDer: der(first.certPem), csrPem: await makeRequest() });
  await enrolment.identify(der(second.certPem));
  await clock.advance(500 * dayMs);
  const late = enrolment.renew({ peerCertificateDer: der(second.certPem), csrPem: await makeRequest() });
  await assert.rejects(late, refusedWith('Unauthenticated'));
});

test('a revoked agent is nobody any more', async () => {
  const { enrolment, token } = await setUp();
  const made = await token();
  const csrPem = await makeRequest();
  const answer = await enrolment.enroll({ ...made, csrPem });
  await enrolment.revokeAgent(context, answer.agentId);
  const peerCertificateDer = der(answer.certPem);
  await assert.rejects(enrolment.identify(peerCertificateDer), refusedWith('Unauthenticated'));
  await assert.rejects(enrolment.renew({ peerCertificateDer, csrPem }), refusedWith('Unauthenticated'));
  await assert.rejects(enrolment.enroll({ ...made, csrPem }), refusedWith('Unauthenticated'));
});

test('a certificate of another CA is refused, whatever it says', async () => {
  const { enrolment, token, clock } = await setUp();
  const other = await mkdtemp(join(tmpdir(), 'skerry-ca-'));
  try {
    const csrPem = await makeRequest();
    const { agentId } = await enrolment.enroll({ ...(await token()), csrPem });
    const forger = await openCertificateAuthority(other, { clock, random: systemRandom });
    const forged = await forger.signAgent(csrPem, id<AgentId>(agentId), siteId, 90);
    await assert.rejects(enrolment.identify(der(forged.certPem)), refusedWith('Unauthenticated'));
  } finally {
    await rm(other, { recursive: true });
  }
});

test('a join token reads back what was printed, and complains clearly about what is none', () => {
  const content = {
    v: 1 as const,
    id: 'a',
    secret: 'a'.repeat(64),
    caFingerprint: 'b'.repeat(64),
    enroll: ['[::1]:9991', 'c.example:1'],
  };
  const text = printJoinToken(content);
  assert.deepEqual(parseJoinToken(` ${text.slice(0, 20)}\n${text.slice(20)} `), { ok: true, value: content });
  for (const [input, complaint] of [
    ['', /empty/],
    ['hello', /does not begin/],
    [text.slice(0, -10), /cut short/],
    [printJoinToken({ ...content, v: 2 as never }), /newer/],
    [printJoinToken({ ...content, enroll: [] }), /addresses/],
    [printJoinToken({ ...content, enroll: ['host'] }), /host:port/],
    ['x'.repeat(5000), /too long/],
  ] as const) {
    const parsed = parseJoinToken(input);
    assert.ok(!parsed.ok);
    assert.match(parsed.error.message, complaint);
    assert.ok(!parsed.error.message.includes(content.secret));
  }
});

test('keeps the key of an agent, also of one that an older release enrolled, and follows a renewal', async () => {
  const { enrolment, token, store } = await setUp();
  const first = await enrolment.enroll({ ...(await token()), csrPem: await makeRequest() });
  const keyOf = (certPem: string) =>
    new X509Certificate(certPem).publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const stored = async () => (await store.get<Agent>(`agent/${first.agentId}`))!.value;
  assert.equal((await stored()).publicKey, keyOf(first.certPem));
  const { publicKey: _, ...older } = await stored();
  await store.commit([{ key: `agent/${first.agentId}`, value: older }]);
  await enrolment.identify(der(first.certPem));
  assert.equal((await stored()).publicKey, keyOf(first.certPem));
  const second = await enrolment.renew({ peerCertificateDer: der(first.certPem), csrPem: await makeRequest() });
  assert.equal((await stored()).publicKey, keyOf(first.certPem), 'the new key counts when it is shown');
  await enrolment.identify(der(second.certPem));
  assert.equal((await stored()).publicKey, keyOf(second.certPem));
});
