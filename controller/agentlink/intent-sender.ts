import type { AgentId } from '#shared/model/ids.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import { digestOf } from '#shared/wire/digest.ts';
import type { DownFrame, FrameHead, IntentAck, IntentObject, Nack, Tombstone, Want } from '#shared/wire/frames.ts';
import type { IntentSnapshot, LinkedIntentBook } from '../intent-book/index.ts';

/** Sent and not acknowledged; past it only "dirty" is remembered, and the next delta is cumulative. */
const queueBytes = 256 * 1024;
/** A delta above this goes as a snapshot in parts: carriers refuse large frames. */
const largeDeltaBytes = 512 * 1024;
const partBytes = 256 * 1024;
/** Refusals without an acknowledgement in between before the session is given up. */
const maxRefusals = 8;

type WithoutHead<T> = T extends unknown ? Omit<T, keyof FrameHead> : never;
export type DownContent = WithoutHead<DownFrame>;

export interface IntentSenderPorts {
  /** Sends under the session's head; resolves when more may be sent. */
  send(content: DownContent): Promise<void>;
  /** The session is of no use any more. */
  fail(reason: string): void;
  rewindSuspected(reason: string): void;
  acked(generation: number, history: string): void;
}

/** The way down of one session: what the agent has, what was sent, what is due. */
export class IntentSender {
  readonly #agentId: AgentId;
  readonly #book: LinkedIntentBook;
  readonly #ports: IntentSenderPorts;
  #frameNo = 0;
  /** Generation of the newest frame sent. */
  #sent: number;
  #outstanding: { generation: number; bytes: number }[] = [];
  #due: 'nothing' | 'delta' | 'snapshot' | 'buckets';
  #refusals = 0;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(
    agentId: AgentId,
    book: LinkedIntentBook,
    ports: IntentSenderPorts,
    start: { generation: number; send: 'nothing' | 'delta' | 'snapshot' | 'buckets' },
  ) {
    this.#agentId = agentId;
    this.#book = book;
    this.#ports = ports;
    this.#sent = start.generation;
    this.#due = start.send;
  }

  /** The document may have changed. */
  wake(): void {
    if (this.#due === 'nothing') this.#due = 'delta';
    this.#run();
  }

  begin(): void {
    this.#run();
  }

  close(): void {
    this.#isClosed = true;
  }

  async onAck(ack: IntentAck): Promise<void> {
    if (ack.generation > this.#sent) return this.#ports.fail('acknowledged a generation that was not sent');
    const ours = await this.#book.historyAt(this.#agentId, ack.generation);
    if (ours !== undefined && ours !== ack.history)
      return this.#ports.rewindSuspected(`generation ${ack.generation} was acknowledged with another history`);
    this.#refusals = 0;
    this.#outstanding = this.#outstanding.filter(({ generation }) => generation > ack.generation);
    this.#ports.acked(ack.generation, ack.history);
    this.#run();
  }

  /** Moves the cursor only if it answers the newest frame: each older one has its own successor under way. */
  async onNack(nack: Nack): Promise<void> {
    if (nack.frameNo !== this.#frameNo) return;
    if (++this.#refusals > maxRefusals) return this.#ports.fail(`the agent refuses every frame: ${nack.reason}`);
    const head = await this.#book.head(this.#agentId);
    const ours = await this.#book.historyAt(this.#agentId, nack.generation);
    if (nack.generation > head.generation || (ours !== undefined && ours !== nack.history))
      return this.#ports.rewindSuspected(`generation ${nack.generation} of the agent has another history`);
    this.#outstanding = [];
    this.#sent = nack.generation;
    if (nack.reason === 'base' || nack.reason === 'old') this.#due = ours === undefined ? 'snapshot' : 'delta';
    else this.#due = nack.generation === head.generation && this.#refusals === 1 ? 'buckets' : 'snapshot';
    this.#run();
  }

  async onWant(want: Want): Promise<void> {
    const { head, objects } = await this.#book.bucketObjects(this.#agentId, want.buckets);
    const { generation, history, root } = head;
    if (jsonBytes(objects) > largeDeltaBytes) {
      this.#due = 'snapshot';
      return this.#run();
    }
    const frameNo = ++this.#frameNo;
    await this.#ports.send({
      type: 'bucket-objects',
      frameNo,
      generation,
      history,
      root,
      buckets: want.buckets,
      objects,
    });
  }

  #run(): void {
    this.#running ??= this.#drain()
      .catch((error: unknown) => this.#ports.fail(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        this.#running = undefined;
        if (this.#due !== 'nothing' && !this.#isFull() && !this.#isClosed) this.#run();
      });
  }

  #isFull(): boolean {
    return this.#outstanding.reduce((sum, { bytes }) => sum + bytes, 0) > queueBytes;
  }

  async #drain(): Promise<void> {
    while (this.#due !== 'nothing' && !this.#isClosed && !this.#isFull()) {
      const due = this.#due;
      this.#due = 'nothing';
      if (due === 'delta') await this.#sendDelta();
      else if (due === 'buckets') await this.#sendBuckets();
      else await this.#sendSnapshot();
    }
  }

  async #sendDelta(): Promise<void> {
    const delta = await this.#book.delta(this.#agentId, this.#sent);
    if (delta.to <= this.#sent) return;
    const bytes = jsonBytes(delta.upserts) + jsonBytes(delta.tombstones);
    if (bytes > largeDeltaBytes) return this.#sendSnapshot();
    this.#sent = delta.to;
    this.#outstanding.push({ generation: delta.to, bytes });
    await this.#ports.send({ type: 'delta', frameNo: ++this.#frameNo, ...delta });
  }

  async #sendBuckets(): Promise<void> {
    const { head, hashes } = await this.#book.buckets(this.#agentId);
    if (head.generation !== this.#sent) return this.#sendSnapshot();
    const { generation, history } = head;
    await this.#ports.send({ type: 'buckets', frameNo: ++this.#frameNo, generation, history, hashes });
  }

  async #sendSnapshot(): Promise<void> {
    const snapshot = await this.#book.snapshot(this.#agentId);
    const { generation, history, root } = snapshot;
    const parts = splitSnapshot(snapshot);
    this.#sent = generation;
    this.#outstanding.push({ generation, bytes: queueBytes });
    await this.#ports.send({
      type: 'snapshot-begin',
      frameNo: ++this.#frameNo,
      generation,
      history,
      root,
      parts: parts.length,
    });
    for (const [part, content] of parts.entries()) {
      if (this.#isClosed) return;
      const digest = digestOf(content);
      await this.#ports.send({
        type: 'snapshot-part',
        frameNo: ++this.#frameNo,
        generation,
        part,
        ...content,
        digest,
      });
    }
    await this.#ports.send({ type: 'snapshot-end', frameNo: ++this.#frameNo, generation });
  }
}

interface SnapshotPartContent {
  objects: IntentObject[];
  tombstones: Tombstone[];
}

/** Parts of at most 256 KiB of JSON each, unless one object alone is larger. */
export function splitSnapshot(snapshot: Pick<IntentSnapshot, 'objects' | 'tombstones'>): SnapshotPartContent[] {
  const parts: SnapshotPartContent[] = [];
  let part: SnapshotPartContent = { objects: [], tombstones: [] };
  let bytes = 0;
  const makeRoom = (size: number) => {
    if (bytes > 0 && bytes + size > partBytes) {
      parts.push(part);
      part = { objects: [], tombstones: [] };
      bytes = 0;
    }
    bytes += size;
  };
  for (const object of snapshot.objects) {
    makeRoom(jsonBytes(object));
    part.objects.push(object);
  }
  for (const tombstone of snapshot.tombstones) {
    makeRoom(jsonBytes(tombstone));
    part.tombstones.push(tombstone);
  }
  if (bytes > 0) parts.push(part);
  return parts;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(canonicalJson(value));
}
