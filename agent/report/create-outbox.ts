import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import {
  type ReportBody,
  type ReportStream,
  reportStreams,
  type StateBody,
  type StateReport,
} from '#shared/wire/frames.ts';
import { type StateDigest, stateDigest } from '#shared/wire/state-digest.ts';
import { type AgentStore, agentKeys, type Transaction } from '../store/index.ts';
import type { Outbox } from './outbox.ts';
import {
  emptyStreamHead,
  makeGap,
  makeRecord,
  type OutboxRecord,
  type PendingReport,
  type StreamHead,
  toPending,
} from './outbox-record.ts';
import { isWorthReporting } from './state-threshold.ts';

export interface OutboxLimits {
  /** Most records held of `decisions` and of `alarms`, each; above it the oldest are shed into a counted Gap. */
  records: number;
  /** How many are shed at once. */
  shedAtOnce: number;
}
export const defaultOutboxLimits: OutboxLimits = { records: 5_000, shedAtOnce: 500 };
/** Hashes kept of shed records: an acknowledgement that names an older one leads to a rebirth, which is safe. */
const keptChains = 2_000;

/** `state/<key>` */
interface StateSlot {
  seq: number;
  at: number;
  body: StateBody | null;
}

export type PendingState = Omit<StateReport, 'agentId' | 'storeId' | 'lineage' | 'term' | 'sessionEpoch'>;
export interface AckedPosition {
  seq: number;
  chain: string;
  safe: number;
}

/** The outbox with what only the link may do: reading what is due, taking acknowledgements, rebirth. */
export interface LinkedOutbox extends Outbox {
  head(stream: ReportStream): StreamHead;
  /** Next record after `seq`; `chain` is what the controller has there, needed when it was set back past what is kept. */
  next(stream: ReportStream, seq: number, chain: string): PendingReport | undefined;
  /** Slots whose newest value is not acknowledged, oldest first, after slot number `after`. */
  pendingStates(after: number): PendingState[];
  /** `mismatch`: the position is not on the own chain, so this disk is not the newest copy of itself. */
  acknowledge(stream: ReportStream, position: AckedPosition): Promise<'ok' | 'mismatch'>;
  /** `mismatch`: the controller knows a later number than this disk ever drew: it is not the newest copy of itself. */
  acknowledgeState(key: string, seq: number): Promise<'ok' | 'mismatch'>;
  /** What the controller has acknowledged of the slots, and how many have a newer value. */
  stateDigest(): StateDigest & { pending: number };
  /** Every slot is due again: the controller does not have what it once acknowledged. */
  forgetAcknowledgedStates(): void;
  /** What a Welcome says of the streams; only looks. */
  judge(acked: Record<ReportStream, AckedPosition>): 'ok' | 'mismatch';
  /** Part of a rebirth: every held record goes into new streams, in order, carried, with its recordId; every slot is due again. */
  rebirth(tx: Transaction): void;
  /** Called when something was appended, after its fsync. */
  onAppend(listener: () => void): () => void;
}

export interface OutboxDependencies {
  store: AgentStore;
  clock: Clock;
  random: Random;
  log: Logger;
  limits?: OutboxLimits;
}

export function createOutbox(dependencies: OutboxDependencies): LinkedOutbox {
  return new StoredOutbox(dependencies);
}

class StoredOutbox implements LinkedOutbox {
  readonly #store: AgentStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #limits: OutboxLimits;
  readonly #listeners = new Set<() => void>();
  /** Acknowledged slot numbers. Not durable: after a restart every slot is sent once more. */
  readonly #ackedSlots = new Map<string, number>();

  constructor(dependencies: OutboxDependencies) {
    this.#store = dependencies.store;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#log = dependencies.log;
    this.#limits = dependencies.limits ?? defaultOutboxLimits;
  }

  append(tx: Transaction, stream: ReportStream, body: ReportBody): void {
    const head = headIn(tx, stream);
    const record = makeRecord(stream, head, {
      recordId: this.#random.uuid(),
      carried: false,
      at: Math.trunc(this.#clock.now()),
      body,
    });
    tx.put(agentKeys.outbox(stream, record.seq), record);
    tx.put(agentKeys.streamHead(stream), { ...head, seq: record.seq, chain: record.chain, held: head.held + 1 });
    if (stream !== 'results' && head.held >= this.#limits.records) this.#keepQuota(tx, stream);
    tx.onDurable(() => this.#wake());
  }

  state(tx: Transaction, key: string, body: StateBody | null): void {
    const slot = tx.get<StateSlot>(agentKeys.state(key));
    const now = Math.trunc(this.#clock.now());
    if (slot === undefined ? body === null : !isWorthReporting(slot.body, body, now - slot.at)) return;
    const seq = (tx.get<{ seq: number }>(agentKeys.stateCounter)?.seq ?? 0) + 1;
    tx.put(agentKeys.stateCounter, { seq });
    tx.put(agentKeys.state(key), { seq, at: now, body } satisfies StateSlot);
    tx.onDurable(() => this.#wake());
  }

  summary(): { stream: string; pending: number; acked: number; lastSeq: number }[] {
    const streams = reportStreams.map((stream) => {
      const head = this.head(stream);
      return { stream: stream as string, pending: head.seq - head.ackedSeq, acked: head.ackedSeq, lastSeq: head.seq };
    });
    const lastSeq = this.#store.get<{ seq: number }>(agentKeys.stateCounter)?.seq ?? 0;
    const pending = this.pendingStates(0).length;
    return [...streams, { stream: 'state', pending, acked: this.#ackedSlots.size, lastSeq }];
  }

  head(stream: ReportStream): StreamHead {
    return this.#store.get<StreamHead>(agentKeys.streamHead(stream)) ?? emptyStreamHead;
  }

  next(stream: ReportStream, seq: number, chain: string): PendingReport | undefined {
    const head = this.head(stream);
    if (seq >= head.seq) return undefined;
    if (seq < head.prunedSeq) return rewoundGap(stream, head, seq, chain, this.#clock.now());
    const record = this.#record(stream, seq + 1) ?? this.#gapOver(stream, seq + 1);
    return record === undefined ? undefined : toPending(stream, record);
  }

  pendingStates(after: number): PendingState[] {
    const due: PendingState[] = [];
    for (const [path, slot] of this.#store.range<StateSlot>(agentKeys.statePrefix)) {
      const key = path.slice(agentKeys.statePrefix.length);
      if (slot.seq > after && this.#ackedSlots.get(key) !== slot.seq)
        due.push({ type: 'state', key, seq: slot.seq, at: slot.at, body: slot.body });
    }
    return due.sort((a, b) => a.seq - b.seq);
  }

  judge(acked: Record<ReportStream, AckedPosition>): 'ok' | 'mismatch' {
    return reportStreams.every((stream) => this.#isOnChain(stream, acked[stream])) ? 'ok' : 'mismatch';
  }

  async acknowledge(stream: ReportStream, position: AckedPosition): Promise<'ok' | 'mismatch'> {
    if (!this.#isOnChain(stream, position)) return 'mismatch';
    const now = this.head(stream);
    if (position.seq === now.ackedSeq && position.safe === now.safe) return 'ok';
    await this.#store.transact((tx) => {
      const head = headIn(tx, stream);
      const acked = { ...head, ackedSeq: position.seq, ackedChain: position.chain, safe: position.safe };
      tx.put(agentKeys.streamHead(stream), pruneTo(tx, stream, acked, Math.min(position.seq, position.safe)));
    });
    return 'ok';
  }

  async acknowledgeState(key: string, seq: number): Promise<'ok' | 'mismatch'> {
    const slot = this.#store.get<StateSlot>(agentKeys.state(key));
    const newest = slot?.seq ?? this.#store.get<{ seq: number }>(agentKeys.stateCounter)?.seq ?? 0;
    if (seq > newest) return 'mismatch';
    if (slot === undefined) return 'ok';
    // Also where a newer value waits: this is what the controller has of the slot.
    this.#ackedSlots.set(key, Math.max(seq, this.#ackedSlots.get(key) ?? 0));
    if (slot.body !== null || slot.seq !== seq) return 'ok';
    await this.#store.transact((tx) => {
      if (tx.get<StateSlot>(agentKeys.state(key))?.seq !== seq) return;
      tx.delete(agentKeys.state(key));
      tx.onDurable(() => this.#ackedSlots.delete(key));
    });
    return 'ok';
  }

  stateDigest(): StateDigest & { pending: number } {
    const known: [string, number][] = [];
    for (const [key, seq] of this.#ackedSlots) {
      const slot = this.#store.get<StateSlot>(agentKeys.state(key));
      if (slot !== undefined && !(slot.body === null && slot.seq === seq)) known.push([key, seq]);
    }
    return { ...stateDigest(known), pending: this.pendingStates(0).length };
  }

  forgetAcknowledgedStates(): void {
    this.#ackedSlots.clear();
    this.#wake();
  }

  rebirth(tx: Transaction): void {
    for (const stream of reportStreams) {
      const held = [...tx.range<OutboxRecord>(agentKeys.outboxPrefix(stream))];
      let head = emptyStreamHead;
      for (const [key] of held) tx.delete(key);
      for (const [, record] of held) {
        const carried = carry(stream, head, record);
        tx.put(agentKeys.outbox(stream, carried.seq), carried);
        head = { ...head, seq: carried.seq, chain: carried.chain, held: head.held + 1 };
      }
      tx.put(agentKeys.streamHead(stream), head);
    }
    renumberSlots(tx);
    tx.onDurable(() => {
      this.#ackedSlots.clear();
      this.#log.warn({}, 'the store takes a new identity; what was not acknowledged is carried over');
      this.#wake();
    });
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }

  #record(stream: ReportStream, seq: number): OutboxRecord | undefined {
    return this.#store.get<OutboxRecord>(agentKeys.outbox(stream, seq));
  }

  /** The Gap that takes this number: the first record at or after it. */
  #gapOver(stream: ReportStream, seq: number): OutboxRecord | undefined {
    for (const [, record] of this.#store.range<OutboxRecord>(agentKeys.outboxPrefix(stream)))
      if (record.seq >= seq) return record.from <= seq ? record : undefined;
    return undefined;
  }

  /** Only the agent can tell: it alone has the hashes at all its numbers. Below what is kept nothing can be compared. */
  #isOnChain(stream: ReportStream, position: { seq: number; chain: string }): boolean {
    const head = this.head(stream);
    if (position.seq > head.seq) return false;
    if (position.seq === 0) return position.chain === '';
    if (position.seq < head.prunedSeq) return true;
    return this.#chainAt(stream, head, position.seq) === position.chain;
  }

  #chainAt(stream: ReportStream, head: StreamHead, seq: number): string | undefined {
    if (seq === head.seq) return head.chain;
    if (seq === head.prunedSeq) return head.prunedChain;
    const record = this.#record(stream, seq);
    if (record !== undefined) return record.chain;
    const gap = this.#gapOver(stream, seq);
    return gap?.chains?.[gap.chains.length - 1 - (gap.seq - seq)];
  }

  /** Acknowledged records go first; then the oldest of the rest become one counted Gap. */
  #keepQuota(tx: Transaction, stream: ReportStream): void {
    const head = headIn(tx, stream);
    if (head.ackedSeq > head.prunedSeq) {
      tx.put(agentKeys.streamHead(stream), pruneTo(tx, stream, head, head.ackedSeq));
      return;
    }
    const held = [...tx.range<OutboxRecord>(agentKeys.outboxPrefix(stream))].map(([, record]) => record);
    const shed = held.slice(0, this.#limits.shedAtOnce);
    for (const record of shed) tx.delete(agentKeys.outbox(stream, record.seq));
    const gap = makeGap(shed, 'quota', keptChains);
    tx.put(agentKeys.outbox(stream, gap.seq), gap);
    tx.put(agentKeys.streamHead(stream), { ...head, held: head.held - shed.length + 1 });
    this.#log.warn(
      { stream, from: gap.from, to: gap.seq },
      'the outbox is over its quota: records were shed and counted',
    );
  }
}

function headIn(tx: Transaction, stream: ReportStream): StreamHead {
  return tx.get<StreamHead>(agentKeys.streamHead(stream)) ?? emptyStreamHead;
}

/** In the order in which they were made. The counter may have been lost by a damaged disk, and be behind its slots. */
function renumberSlots(tx: Transaction): void {
  const slots = [...tx.range<StateSlot>(agentKeys.statePrefix)].sort(([, a], [, b]) => a.seq - b.seq);
  for (const [index, [key, slot]] of slots.entries()) tx.put(key, { ...slot, seq: index + 1 });
  tx.put(agentKeys.stateCounter, { seq: slots.length });
}

/** Deletes what ends at or before `seq`; a Gap that goes beyond it stays whole. */
function pruneTo(tx: Transaction, stream: ReportStream, head: StreamHead, seq: number): StreamHead {
  let { prunedSeq, prunedChain, held } = head;
  for (const [key, record] of tx.range<OutboxRecord>(agentKeys.outboxPrefix(stream))) {
    if (record.seq > seq) break;
    tx.delete(key);
    prunedSeq = record.seq;
    prunedChain = record.chain;
    held--;
  }
  return { ...head, prunedSeq, prunedChain, held };
}

/** The controller was set back past what is kept: one Gap from its number to ours, so that the chain goes on. */
function rewoundGap(stream: ReportStream, head: StreamHead, seq: number, chain: string, at: number): PendingReport {
  return {
    type: 'report',
    stream,
    seq: head.prunedSeq,
    prevHash: chain,
    recordId: `gap-${stream}-${seq + 1}-${head.prunedSeq}`,
    carried: false,
    at,
    body: {
      type: 'gap',
      from: seq + 1,
      to: head.prunedSeq,
      lastChain: head.prunedChain,
      reason: 'controllerRewound',
    },
  };
}

/** A record under its new number; a Gap keeps its count. */
function carry(stream: ReportStream, head: StreamHead, record: OutboxRecord): OutboxRecord {
  const { recordId, at, body } = record;
  if (body.type !== 'gap') return makeRecord(stream, head, { recordId, carried: true, at, body });
  const from = head.seq + 1;
  const to = head.seq + (record.seq - record.from + 1);
  return {
    seq: to,
    from,
    prevHash: head.chain,
    chain: record.chain,
    recordId,
    carried: true,
    at,
    body: { ...body, from, to, lastChain: record.chain },
    chains: [record.chain],
  };
}
