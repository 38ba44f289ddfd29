import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as message from '#proto/gen/skerry/sync/v1/frames.ts';
import { decodeDown, decodeUp, encodeDown, encodeUp } from './codec.ts';
import type { DownFrame, UpFrame } from './frames.ts';
import { createHeadElider, createHeadRestorer } from './head-elision.ts';

const text = fc.string({ maxLength: 40 });
const count = fc.maxSafeNat();
const head = { agentId: text, storeId: text, lineage: text, term: count, sessionEpoch: count };
const position = fc.record({ seq: count, chain: text });
const safePosition = fc.record({ seq: count, chain: text, safe: count });
const streams = <T>(each: fc.Arbitrary<T>) => fc.record({ results: each, decisions: each, alarms: each });
const json = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => value !== null && typeof value === 'object' && !Array.isArray(value))
  .map((value) => JSON.parse(JSON.stringify(value)) as object);
const gap = fc.record({
  type: fc.constant('gap'),
  from: count,
  to: count,
  lastChain: text,
  reason: fc.constantFrom('quota', 'controllerRewound'),
});
const infra = fc.record({ type: fc.constant('infra'), infraId: text, name: text, kind: text, settings: json });
const infraState = fc.record({ type: fc.constant('infra'), infraId: text, facts: fc.option(json), message: text });
const object = fc.record({
  key: text,
  revision: count,
  digest: text,
  scope: text,
  body: infra,
  dependsOn: fc.array(text, { maxLength: 3 }),
});
const tombstone = fc.record(
  { key: text, revision: count, scope: text, opId: text, keep: fc.constant(true as const) },
  { requiredKeys: ['key', 'revision', 'scope'] },
);
const objects = fc.array(object, { maxLength: 3 });
const tombstones = fc.array(tombstone, { maxLength: 3 });
const buckets = fc.array(fc.nat(255), { maxLength: 5 });
const named = <T extends string>(type: T) => ({ ...head, type: fc.constant(type) });
const numbered = { frameNo: count, generation: count };

const up = fc.oneof(
  fc.record({
    ...named('hello'),
    nonce: text,
    siteId: text,
    bootId: text,
    lastEpoch: count,
    generation: count,
    history: text,
    root: text,
    streams: streams(position),
    capabilities: fc.array(text, { maxLength: 3 }),
    versions: fc.record({ agent: text, protocol: fc.nat(100) }),
    health: fc.record({ diskFreeBytes: count, clockMs: count, storeDamaged: fc.boolean() }),
    exportNo: count,
  }),
  fc.record({
    ...named('report'),
    stream: fc.constantFrom('results', 'decisions', 'alarms'),
    seq: count,
    prevHash: text,
    recordId: text,
    carried: fc.boolean(),
    at: count,
    body: gap,
  }),
  fc.record({ ...named('state'), key: text, seq: count, at: count, body: fc.option(infraState) }),
  fc.record({ ...named('intent-ack'), generation: count, history: text }),
  fc.record({ ...named('nack'), ...numbered, history: text, reason: text }),
  fc.record({ ...named('want'), buckets }),
  fc.record({ ...named('ping'), n: count }),
) as fc.Arbitrary<unknown> as fc.Arbitrary<UpFrame>;
/** Objects as they are written in the code: the generator's have no prototype. */
const plain = <T>(frame: T): T => JSON.parse(JSON.stringify(frame)) as T;

const down = fc.oneof(
  fc.record({
    ...named('welcome'),
    nonce: text,
    generation: count,
    history: text,
    acked: streams(safePosition),
    rebirth: fc.boolean(),
    windowMs: count,
    clockMs: count,
    policy: fc.record({ heartbeatMs: count }),
    credit: fc.nat(1_000),
  }),
  fc.record({
    ...named('delta'),
    frameNo: count,
    from: count,
    to: count,
    history: text,
    root: text,
    upserts: objects,
    tombstones,
  }),
  fc.record({ ...named('snapshot-begin'), ...numbered, history: text, root: text, parts: fc.nat(100) }),
  fc.record({ ...named('snapshot-part'), ...numbered, part: fc.nat(100), objects, tombstones, digest: text }),
  fc.record({ ...named('snapshot-end'), ...numbered }),
  fc.record({ ...named('buckets'), ...numbered, history: text, hashes: fc.array(text, { maxLength: 4 }) }),
  fc.record({ ...named('bucket-objects'), ...numbered, history: text, root: text, buckets, objects }),
  fc.record({
    ...named('report-ack'),
    stream: fc.constantFrom('results', 'decisions', 'alarms'),
    seq: count,
    chain: text,
    safe: count,
  }),
  fc.record({ ...named('state-ack'), key: text, seq: count }),
  fc.record({ ...named('rebase'), to: text, supersedes: fc.array(text, { maxLength: 3 }), signature: text }),
  fc.record({ ...named('go-away'), reason: text, retryAfterMs: count, windowMs: count }),
  fc.record({ ...named('ping'), n: count }),
) as fc.Arbitrary<unknown> as fc.Arbitrary<DownFrame>;

test('every frame survives the bytes, with its head left out where it repeats', () => {
  fc.assert(
    fc.property(fc.array(up, { maxLength: 4 }), (frames) => {
      const [elide, restore] = [createHeadElider(), createHeadRestorer()];
      for (const frame of frames.map(plain).flatMap((one) => [one, one])) {
        const bytes = message.UpFrame.encode(elide(encodeUp(frame))).finish();
        assert.deepEqual(decodeUp(restore(message.UpFrame.decode(bytes))), frame);
      }
    }),
  );
  fc.assert(
    fc.property(fc.array(down, { maxLength: 4 }), (frames) => {
      const [elide, restore] = [createHeadElider(), createHeadRestorer()];
      for (const frame of frames.map(plain).flatMap((one) => [one, one])) {
        const bytes = message.DownFrame.encode(elide(encodeDown(frame))).finish();
        assert.deepEqual(decodeDown(restore(message.DownFrame.decode(bytes))), frame);
      }
    }),
  );
});

test('what breaks the rules is a protocol violation, never another error', () => {
  const isViolation = (error: { code?: string }) => error.code === 'ProtocolViolation';
  const own = { agentId: 'a', storeId: 's', lineage: '', term: 0n, sessionEpoch: 0n };
  const report = (body: string) => ({
    head: own,
    frame: {
      $case: 'report' as const,
      value: {
        stream: 1 as const,
        seq: 1n,
        prevHash: '',
        recordId: '',
        carried: false,
        at: 1n,
        bodyJson: Buffer.from(body),
      },
    },
  });
  assert.throws(() => decodeUp({ head: own, frame: undefined }), isViolation);
  assert.throws(() => decodeUp({ head: undefined, frame: { $case: 'ping', value: { n: 1n } } }), isViolation);
  assert.throws(() => decodeUp({ head: own, frame: { $case: 'ping', value: { n: 2n ** 60n } } }), isViolation);
  assert.throws(() => decodeUp({ head: own, frame: { $case: 'want', value: { buckets: [256] } } }), isViolation);
  assert.throws(() => decodeUp(report('{"type":"unheard-of"}')), isViolation);
  assert.throws(() => decodeUp(report('{"type":"gap"}')), isViolation);
  assert.throws(() => decodeUp(report('{"type":"constructor"}')), isViolation);
  assert.throws(() => decodeUp(report('[')), isViolation);
  assert.throws(() => decodeUp(report('['.repeat(70) + ']'.repeat(70))), isViolation);
  assert.throws(() => decodeUp(report(`"${'x'.repeat(300_000)}"`)), isViolation);
  assert.throws(() => createHeadRestorer()({ head: undefined }), isViolation);
});

test('a heartbeat of an idle link is a few bytes', () => {
  const elide = createHeadElider();
  const ping = { agentId: 'a'.repeat(36), storeId: 's'.repeat(36), lineage: 'l'.repeat(36), term: 1, sessionEpoch: 9 };
  const frame = encodeUp({ ...ping, type: 'ping', n: 500 } as UpFrame);
  elide(frame);
  assert.ok(message.UpFrame.encode(elide(frame)).finish().length <= 8);
});
