import type * as message from '#proto/gen/skerry/sync/v1/frames.ts';
import type { AgentId, Digest, ObjectKey, SiteId } from '../model/ids.ts';
import { id } from '../model/ids.ts';
import { checkObjectBody, checkReportBody, checkStateBody } from './body-shape.ts';
import { parseBoundedJson, violation } from './bounded-json.ts';
import { canonicalJson } from './canonical-json.ts';
import type * as frames from './frames.ts';
import { reportStreams } from './frames.ts';

/** Bounds on what a peer may send in one frame. */
export const wireLimits = {
  textLength: 512,
  reasonLength: 2_000,
  reportBytes: 256 * 1024,
  objectBytes: 1024 * 1024,
  objectsPerFrame: 20_000,
  listLength: 1_024,
} as const;

type Arm = Exclude<message.UpFrame['frame'], undefined> | Exclude<message.DownFrame['frame'], undefined>;

const streamNumbers = { results: 1, decisions: 2, alarms: 3 } as const;
const encoder = new TextEncoder();

// ---------------------------------------------------------------- frames → messages

export function encodeUp(frame: frames.UpFrame): message.UpFrame {
  return { head: encodeHead(frame), frame: encodeUpArm(frame) };
}

export function encodeDown(frame: frames.DownFrame): message.DownFrame {
  return { head: encodeHead(frame), frame: encodeDownArm(frame) };
}

function encodeHead(head: frames.FrameHead): message.FrameHead {
  const { agentId, storeId, lineage } = head;
  return { agentId, storeId, lineage, term: BigInt(head.term), sessionEpoch: BigInt(head.sessionEpoch) };
}

function encodeUpArm(frame: frames.UpFrame): Exclude<message.UpFrame['frame'], undefined> {
  switch (frame.type) {
    case 'hello':
      return { $case: 'hello', value: encodeHello(frame) };
    case 'report':
      return {
        $case: 'report',
        value: {
          stream: streamNumbers[frame.stream],
          seq: BigInt(frame.seq),
          prevHash: frame.prevHash,
          recordId: frame.recordId,
          carried: frame.carried,
          at: BigInt(Math.trunc(frame.at)),
          bodyJson: json(frame.body),
        },
      };
    case 'state': {
      const value = {
        key: frame.key,
        seq: BigInt(frame.seq),
        at: BigInt(Math.trunc(frame.at)),
        bodyJson: json(frame.body),
      };
      return { $case: 'state', value };
    }
    case 'intent-ack':
      return { $case: 'intentAck', value: { generation: BigInt(frame.generation), history: frame.history } };
    case 'nack': {
      const { history, reason } = frame;
      const value = { frameNo: BigInt(frame.frameNo), generation: BigInt(frame.generation), history, reason };
      return { $case: 'nack', value };
    }
    case 'want':
      return { $case: 'want', value: { buckets: frame.buckets } };
    case 'ping':
      return { $case: 'ping', value: { n: BigInt(frame.n) } };
  }
}

function encodeHello(frame: frames.Hello): message.Hello {
  return {
    nonce: frame.nonce,
    siteId: frame.siteId,
    bootId: frame.bootId,
    lastEpoch: BigInt(frame.lastEpoch),
    generation: BigInt(frame.generation),
    history: frame.history,
    root: frame.root,
    streams: encodePositions(frame.streams),
    capabilities: frame.capabilities,
    agentVersion: frame.versions.agent,
    protocolVersion: frame.versions.protocol,
    diskFreeBytes: BigInt(Math.trunc(frame.health.diskFreeBytes)),
    clockMs: BigInt(Math.trunc(frame.health.clockMs)),
    storeDamaged: frame.health.storeDamaged,
    exportNo: BigInt(frame.exportNo),
    stateDigest: frame.state?.digest ?? '',
    stateCount: frame.state?.count ?? 0,
    statePending: frame.state?.pending ?? 0,
  };
}

function encodePositions(
  positions: Record<frames.ReportStream, frames.StreamPosition & { safe?: number }>,
): message.StreamPosition[] {
  return reportStreams.map((stream) => {
    const { seq, chain, safe } = positions[stream];
    return { stream: streamNumbers[stream], seq: BigInt(seq), chain, safe: BigInt(safe ?? 0) };
  });
}

function encodeDownArm(frame: frames.DownFrame): Exclude<message.DownFrame['frame'], undefined> {
  switch (frame.type) {
    case 'welcome':
      return { $case: 'welcome', value: encodeWelcome(frame) };
    case 'delta':
      return {
        $case: 'delta',
        value: {
          ...numbered(frame),
          from: BigInt(frame.from),
          to: BigInt(frame.to),
          history: frame.history,
          root: frame.root,
          upserts: frame.upserts.map(encodeObject),
          tombstones: frame.tombstones.map(encodeTombstone),
        },
      };
    case 'snapshot-begin': {
      const { history, root, parts } = frame;
      return { $case: 'snapshotBegin', value: { ...numbered(frame), ...atGeneration(frame), history, root, parts } };
    }
    case 'snapshot-part':
      return {
        $case: 'snapshotPart',
        value: {
          ...numbered(frame),
          ...atGeneration(frame),
          part: frame.part,
          objects: frame.objects.map(encodeObject),
          tombstones: frame.tombstones.map(encodeTombstone),
          digest: frame.digest,
        },
      };
    case 'snapshot-end':
      return { $case: 'snapshotEnd', value: { ...numbered(frame), ...atGeneration(frame) } };
    case 'buckets': {
      const { history, hashes } = frame;
      return { $case: 'buckets', value: { ...numbered(frame), ...atGeneration(frame), history, hashes } };
    }
    case 'bucket-objects': {
      const { history, root, buckets } = frame;
      const objects = frame.objects.map(encodeObject);
      const value = { ...numbered(frame), ...atGeneration(frame), history, root, buckets, objects };
      return { $case: 'bucketObjects', value };
    }
    case 'report-ack': {
      const { stream, seq, chain, safe } = frame;
      const value = { stream: streamNumbers[stream], seq: BigInt(seq), chain, safe: BigInt(safe) };
      return { $case: 'reportAck', value };
    }
    case 'state-ack':
      return { $case: 'stateAck', value: { key: frame.key, seq: BigInt(frame.seq) } };
    case 'rebase': {
      const { to, supersedes, signature } = frame;
      return { $case: 'rebase', value: { to, supersedes, signature } };
    }
    case 'go-away': {
      const { reason, retryAfterMs, windowMs } = frame;
      const value = { reason, retryAfterMs: BigInt(retryAfterMs), windowMs: BigInt(windowMs) };
      return { $case: 'goAway', value };
    }
    case 'ping':
      return { $case: 'ping', value: { n: BigInt(frame.n) } };
  }
}

function encodeWelcome(frame: frames.Welcome): message.Welcome {
  return {
    nonce: frame.nonce,
    generation: BigInt(frame.generation),
    history: frame.history,
    acked: encodePositions(frame.acked),
    rebirth: frame.rebirth,
    windowMs: BigInt(Math.trunc(frame.windowMs)),
    clockMs: BigInt(Math.trunc(frame.clockMs)),
    heartbeatMs: BigInt(frame.policy.heartbeatMs),
    credit: frame.credit,
    resendState: frame.resendState ?? false,
  };
}

function numbered(frame: { frameNo: number }): { frameNo: bigint } {
  return { frameNo: BigInt(frame.frameNo) };
}

function atGeneration(frame: { generation: number }): { generation: bigint } {
  return { generation: BigInt(frame.generation) };
}

function encodeObject(object: frames.IntentObject): message.IntentObject {
  const { key, digest, scope, body, dependsOn } = object;
  return { key, revision: BigInt(object.revision), digest, scope, bodyJson: json(body), dependsOn };
}

function encodeTombstone({ key, revision, scope, opId, keep }: frames.Tombstone): message.Tombstone {
  return { key, revision: BigInt(revision), scope, opId, keep: keep === true };
}

function json(value: unknown): Buffer {
  return Buffer.from(encoder.encode(canonicalJson(value)));
}

// ---------------------------------------------------------------- messages → frames

/** @throws SkerryError ProtocolViolation */
export function decodeUp({ head, frame }: message.UpFrame): frames.UpFrame {
  const own = decodeHead(head);
  switch (frame?.$case) {
    case 'hello':
      return { ...own, ...decodeHello(frame.value) };
    case 'report': {
      const { value } = frame;
      return {
        ...own,
        type: 'report',
        stream: streamOf(value.stream),
        seq: count(value.seq),
        prevHash: text(value.prevHash),
        recordId: text(value.recordId),
        carried: value.carried,
        at: count(value.at),
        body: checkReportBody(parseBoundedJson(value.bodyJson, wireLimits.reportBytes)),
      };
    }
    case 'state': {
      const { value } = frame;
      const body = checkStateBody(parseBoundedJson(value.bodyJson, wireLimits.reportBytes));
      return { ...own, type: 'state', key: text(value.key), seq: count(value.seq), at: count(value.at), body };
    }
    case 'intentAck': {
      const { generation, history } = frame.value;
      return { ...own, type: 'intent-ack', generation: count(generation), history: text(history) };
    }
    case 'nack': {
      const { frameNo, generation, history, reason } = frame.value;
      return {
        ...own,
        type: 'nack',
        frameNo: count(frameNo),
        generation: count(generation),
        history: text(history),
        reason: text(reason, wireLimits.reasonLength),
      };
    }
    case 'want':
      return { ...own, type: 'want', buckets: bucketList(frame.value.buckets) };
    case 'ping':
      return { ...own, type: 'ping', n: count(frame.value.n) };
    default:
      throw unknownArm(frame);
  }
}

/** @throws SkerryError ProtocolViolation */
export function decodeDown({ head, frame }: message.DownFrame): frames.DownFrame {
  const own = decodeHead(head);
  switch (frame?.$case) {
    case 'welcome':
      return { ...own, ...decodeWelcome(frame.value) };
    case 'delta': {
      const { value } = frame;
      return {
        ...own,
        type: 'delta',
        frameNo: count(value.frameNo),
        from: count(value.from),
        to: count(value.to),
        history: text(value.history),
        root: text(value.root),
        upserts: objectList(value.upserts),
        tombstones: tombstoneList(value.tombstones),
      };
    }
    case 'snapshotBegin':
    case 'snapshotPart':
    case 'snapshotEnd':
    case 'buckets':
    case 'bucketObjects':
      return { ...own, ...decodeDocumentPart(frame) };
    case 'reportAck': {
      const { stream, seq, chain, safe } = frame.value;
      const position = { seq: count(seq), chain: text(chain), safe: count(safe) };
      return { ...own, type: 'report-ack', stream: streamOf(stream), ...position };
    }
    case 'stateAck':
      return { ...own, type: 'state-ack', key: text(frame.value.key), seq: count(frame.value.seq) };
    case 'rebase': {
      const { to, supersedes, signature } = frame.value;
      const list = bounded(supersedes, wireLimits.listLength).map((lineage) => text(lineage));
      return { ...own, type: 'rebase', to: text(to), supersedes: list, signature: text(signature, 4_096) };
    }
    case 'goAway': {
      const { reason, retryAfterMs, windowMs } = frame.value;
      const times = { retryAfterMs: count(retryAfterMs), windowMs: count(windowMs) };
      return { ...own, type: 'go-away', reason: text(reason, wireLimits.reasonLength), ...times };
    }
    case 'ping':
      return { ...own, type: 'ping', n: count(frame.value.n) };
    default:
      throw unknownArm(frame);
  }
}

type DocumentArm = Extract<
  Arm,
  { $case: 'snapshotBegin' | 'snapshotPart' | 'snapshotEnd' | 'buckets' | 'bucketObjects' }
>;
type WithoutHead<T> = T extends unknown ? Omit<T, keyof frames.FrameHead> : never;

function decodeDocumentPart(
  frame: DocumentArm,
): WithoutHead<
  frames.SnapshotBegin | frames.SnapshotPart | frames.SnapshotEnd | frames.Buckets | frames.BucketObjects
> {
  const { $case, value } = frame;
  const numbers = { frameNo: count(value.frameNo), generation: count(value.generation) };
  switch ($case) {
    case 'snapshotBegin': {
      const { history, root, parts } = value;
      return { type: 'snapshot-begin', ...numbers, history: text(history), root: text(root), parts };
    }
    case 'snapshotPart': {
      const objects = objectList(value.objects);
      const tombstones = tombstoneList(value.tombstones);
      const digest = id<Digest>(text(value.digest));
      return { type: 'snapshot-part', ...numbers, part: value.part, objects, tombstones, digest };
    }
    case 'snapshotEnd':
      return { type: 'snapshot-end', ...numbers };
    case 'buckets': {
      const hashes = bounded(value.hashes, 256).map((hash) => text(hash));
      return { type: 'buckets', ...numbers, history: text(value.history), hashes };
    }
    case 'bucketObjects': {
      const buckets = bucketList(value.buckets);
      const objects = objectList(value.objects);
      const history = text(value.history);
      return { type: 'bucket-objects', ...numbers, history, root: text(value.root), buckets, objects };
    }
  }
}

function decodeHead(head: message.FrameHead | undefined): frames.FrameHead {
  if (head === undefined) throw violation('a frame has no head');
  return {
    agentId: id<AgentId>(text(head.agentId)),
    storeId: text(head.storeId),
    lineage: text(head.lineage),
    term: count(head.term),
    sessionEpoch: count(head.sessionEpoch),
  };
}

function decodeHello(value: message.Hello): WithoutHead<frames.Hello> {
  return {
    type: 'hello',
    nonce: text(value.nonce),
    siteId: id<SiteId>(text(value.siteId)),
    bootId: text(value.bootId),
    lastEpoch: count(value.lastEpoch),
    generation: count(value.generation),
    history: text(value.history),
    root: text(value.root),
    streams: withoutSafe(decodePositions(value.streams)),
    capabilities: bounded(value.capabilities, wireLimits.listLength).map((name) => text(name)),
    versions: { agent: text(value.agentVersion), protocol: value.protocolVersion },
    health: {
      diskFreeBytes: count(value.diskFreeBytes),
      clockMs: count(value.clockMs),
      storeDamaged: value.storeDamaged,
    },
    exportNo: count(value.exportNo),
    ...decodeState(value),
  };
}

function decodeState({ stateDigest, stateCount, statePending }: message.Hello): Pick<frames.Hello, 'state'> {
  if (stateDigest === '') return {};
  return { state: { digest: text(stateDigest), count: stateCount, pending: statePending } };
}

function decodeWelcome(value: message.Welcome): WithoutHead<frames.Welcome> {
  return {
    type: 'welcome',
    nonce: text(value.nonce),
    generation: count(value.generation),
    history: text(value.history),
    acked: decodePositions(value.acked),
    rebirth: value.rebirth,
    windowMs: count(value.windowMs),
    clockMs: count(value.clockMs),
    policy: { heartbeatMs: count(value.heartbeatMs) },
    credit: value.credit,
    ...(value.resendState ? { resendState: true } : {}),
  };
}

type Positions = Record<frames.ReportStream, frames.StreamPosition & { safe: number }>;

function decodePositions(list: readonly message.StreamPosition[]): Positions {
  const positions = {} as Positions;
  for (const { stream, seq, chain, safe } of bounded(list, reportStreams.length))
    positions[streamOf(stream)] = { seq: count(seq), chain: text(chain), safe: count(safe) };
  for (const stream of reportStreams)
    if (positions[stream] === undefined) throw violation(`the position of ${stream} is missing`);
  return positions;
}

function withoutSafe(positions: Positions): Record<frames.ReportStream, frames.StreamPosition> {
  const bare = {} as Record<frames.ReportStream, frames.StreamPosition>;
  for (const stream of reportStreams) bare[stream] = { seq: positions[stream].seq, chain: positions[stream].chain };
  return bare;
}

function objectList(list: readonly message.IntentObject[]): frames.IntentObject[] {
  return bounded(list, wireLimits.objectsPerFrame).map((object) => ({
    key: id<ObjectKey>(text(object.key)),
    revision: count(object.revision),
    digest: id<Digest>(text(object.digest)),
    scope: text(object.scope),
    body: checkObjectBody(parseBoundedJson(object.bodyJson, wireLimits.objectBytes)),
    dependsOn: bounded(object.dependsOn, wireLimits.listLength).map((key) => id<ObjectKey>(text(key))),
  }));
}

function tombstoneList(list: readonly message.Tombstone[]): frames.Tombstone[] {
  return bounded(list, wireLimits.objectsPerFrame).map(({ key, revision, scope, opId, keep }) => ({
    key: id<ObjectKey>(text(key)),
    revision: count(revision),
    scope: text(scope),
    ...(opId === undefined ? {} : { opId: text(opId) }),
    ...(keep ? { keep: true as const } : {}),
  }));
}

function bucketList(buckets: readonly number[]): number[] {
  for (const bucket of bounded(buckets, 256)) if (bucket > 255) throw violation(`bucket ${bucket} does not exist`);
  return [...buckets];
}

function streamOf(number: message.Stream): frames.ReportStream {
  const stream = reportStreams.find((name) => streamNumbers[name] === number);
  if (stream === undefined) throw violation(`stream ${number} is unknown`);
  return stream;
}

function text(value: string, maxLength: number = wireLimits.textLength): string {
  if (value.length > maxLength)
    throw violation(`a text of ${value.length} characters is above the ${maxLength} allowed`);
  return value;
}

function count(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw violation(`the number ${value} is out of range`);
  return Number(value);
}

function bounded<T>(list: readonly T[], limit: number): readonly T[] {
  if (list.length > limit) throw violation(`a list of ${list.length} is above the ${limit} allowed`);
  return list;
}

function unknownArm(frame: { $case: string } | undefined): Error {
  return violation(
    frame === undefined ? 'a frame of no known kind' : `a frame of kind ${frame.$case} in this direction`,
  );
}
