import { isSkerryError } from '#shared/errors/index.ts';
import type { AgentId } from '#shared/model/ids.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { Change, Store } from '#shared/store/store.ts';
import type { Report, ReportStream, StateReport, StreamPosition } from '#shared/wire/frames.ts';
import { type StateDigest, stateDigest } from '#shared/wire/state-digest.ts';
import type { LinkedIntentBook } from '../intent-book/index.ts';
import type { IncomingReport, IncomingState, ReportSink } from '../inventory/report-sink.ts';
import { keys } from '../keys.ts';
import { decideReport } from './decide-report.ts';
import type { AgentSessionRecord } from './session-record.ts';

/** Frames of one session that wait for a commit. */
export interface IngestBatch {
  agentId: AgentId;
  /** The store that the session speaks for; a report of another one is late. */
  storeId: string;
  frames: (Report | StateReport)[];
  /** Called after the commit with the positions to acknowledge, one per stream and key. */
  acknowledge(
    reports: { stream: ReportStream; position: StreamPosition }[],
    states: { key: string; seq: number }[],
  ): void;
  /** The session cannot go on: numbers are missing, or the commit failed. */
  refuse(reason: string): void;
}

interface Waiting {
  batch: IngestBatch;
  done: () => void;
}

interface Prepared {
  batch: IngestBatch;
  changes: Change[];
  marks: Map<string, StreamPosition>;
  reports: IncomingReport[];
  states: IncomingState[];
  touched: Map<ReportStream, StreamPosition>;
  seenStates: Map<string, number>;
  refusal: string | undefined;
}

interface IngestDependencies {
  store: Store;
  book: LinkedIntentBook;
  sink: ReportSink;
  clock: Clock;
  log: Logger;
}

/** Number of a state slot as it is kept: one of a slot whose object is gone is kept no longer than its session. */
interface SlotNumber {
  seq: number;
  isGone: boolean;
}

/** Frames waiting in one group commit. */
const groupLimit = 2_000;
/** State slots that one store of an agent may open; a stolen certificate cannot fill the disk. */
const maxSlots = 50_000;

/**
 * Reports of all sessions, in groups: what the sink makes of them, the marks and the record ids go into one commit; only then
 * are they acknowledged.
 */
export class ReportIngest {
  readonly #store: Store;
  readonly #book: LinkedIntentBook;
  readonly #sink: ReportSink;
  readonly #clock: Clock;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  #dirtyRecords = new Map<AgentId, AgentSessionRecord>();
  #running: Promise<void> | undefined;
  /** Marks and slot numbers by their store key; only this object writes them. */
  readonly #marks = new Map<string, StreamPosition>();
  readonly #stateSeqs = new Map<string, number>();
  /** Slots of the store that an agent's session speaks for. */
  readonly #slotCounts = new Map<AgentId, number>();

  constructor(dependencies: IngestDependencies) {
    this.#store = dependencies.store;
    this.#book = dependencies.book;
    this.#sink = dependencies.sink;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  /** Resolves when the batch was committed or refused. */
  submit(batch: IngestBatch): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ batch, done });
      void this.#run();
    });
  }

  /** Resolves when everything that was handed in before is committed or refused. */
  barrier(agentId: AgentId): Promise<void> {
    const nothing = () => undefined;
    return this.submit({ agentId, storeId: '', frames: [], acknowledge: nothing, refuse: nothing });
  }

  /** The record rides along with the next commit; one follows soon in any case. */
  persist(agentId: AgentId, record: AgentSessionRecord): void {
    this.#dirtyRecords.set(agentId, record);
    void this.#run();
  }

  async mark(agentId: AgentId, storeId: string, stream: ReportStream): Promise<StreamPosition> {
    const key = keys.mark(agentId, storeId, stream);
    const cached = this.#marks.get(key);
    if (cached !== undefined) return cached;
    const mark = (await this.#store.get<StreamPosition>(key))?.value ?? { seq: 0, chain: '' };
    if (!this.#marks.has(key)) this.#marks.set(key, mark);
    return this.#marks.get(key) ?? mark;
  }

  /** Slots that this store has reported and that are not gone; for the comparison with what its agent knows. */
  async stateDigest(agentId: AgentId, storeId: string): Promise<StateDigest> {
    const prefix = keys.stateSeq(agentId, storeId, '');
    const rows = await this.#store.range<number>({ prefix });
    this.#slotCounts.set(agentId, rows.length);
    return stateDigest(rows.map(({ key, value }) => [key.slice(prefix.length), value]));
  }

  /** Drops what is cached of an agent without a session. */
  forget(agentId: AgentId): void {
    this.#slotCounts.delete(agentId);
    for (const cache of [this.#marks, this.#stateSeqs])
      for (const key of cache.keys()) if (key.split('/')[1] === agentId) cache.delete(key);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #run(): Promise<void> {
    this.#running ??= Promise.resolve()
      .then(() => this.#drain())
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#dirtyRecords.size > 0) {
      const { group, waiters } = this.#takeGroup();
      await this.#commitGroup(group);
      for (const done of waiters) done();
    }
  }

  /** One session per agent and group: what the sink reads of an agent must not be older than what it wrote. */
  #takeGroup(): { group: IngestBatch[]; waiters: (() => void)[] } {
    const group = new Map<AgentId, IngestBatch>();
    const waiters: (() => void)[] = [];
    const held = new Set<AgentId>();
    const left: Waiting[] = [];
    let frames = 0;
    for (const item of this.#waiting) {
      const { batch, done } = item;
      const same = group.get(batch.agentId);
      const isOther = same !== undefined && same.acknowledge !== batch.acknowledge;
      if (isOther || held.has(batch.agentId) || frames >= groupLimit) {
        held.add(batch.agentId);
        left.push(item);
        continue;
      }
      frames += batch.frames.length;
      if (same === undefined) group.set(batch.agentId, { ...batch, frames: [...batch.frames] });
      else same.frames.push(...batch.frames);
      waiters.push(done);
    }
    this.#waiting = left;
    return { group: [...group.values()], waiters };
  }

  async #commitGroup(group: IngestBatch[]): Promise<void> {
    const records = [...this.#dirtyRecords];
    this.#dirtyRecords = new Map();
    const prepared: Prepared[] = [];
    const marks = new Map<string, StreamPosition>();
    const seqs = new Map<string, SlotNumber>();
    const taken = new Set<string>();
    for (const batch of group) {
      try {
        prepared.push(await this.#prepare(batch, { marks, seqs, taken }));
      } catch (error) {
        this.#log.error({ agentId: batch.agentId, error }, 'reports of an agent could not be applied');
        batch.refuse('the controller could not apply a report');
      }
    }
    const changes = prepared.flatMap((item) => item.changes);
    changes.push(...[...marks].map(([key, value]) => ({ key, value })));
    changes.push(...[...seqs].map(([key, { seq, isGone }]) => ({ key, value: isGone ? undefined : seq })));
    changes.push(...records.map(([agentId, value]) => ({ key: keys.agentSession(agentId), value })));
    try {
      if (changes.length > 0) await this.#store.commit(changes);
    } catch (error) {
      this.#log.error({ error }, 'a group of reports could not be committed');
      for (const [agentId, record] of records)
        if (!this.#dirtyRecords.has(agentId)) this.#dirtyRecords.set(agentId, record);
      for (const { batch } of prepared) batch.refuse(isSkerryError(error) ? error.message : 'the commit failed');
      if (group.length === 0) this.#dirtyRecords = new Map(); // tried again with the next change of it
      return;
    }
    for (const [key, mark] of marks) this.#marks.set(key, mark);
    for (const [key, { seq }] of seqs) this.#stateSeqs.set(key, seq);
    for (const item of prepared) this.#settle(item);
  }

  #settle({ batch, reports, states, touched, seenStates, refusal }: Prepared): void {
    try {
      this.#sink.committed(batch.agentId, reports, states);
    } catch (error) {
      // A wake-up is a hint: what was committed is acknowledged all the same.
      this.#log.error({ agentId: batch.agentId, error }, 'those who wait for reports could not be woken');
    }
    batch.acknowledge(
      [...touched].map(([stream, position]) => ({ stream, position })),
      [...seenStates].map(([key, seq]) => ({ key, seq })),
    );
    if (refusal !== undefined) batch.refuse(refusal);
  }

  async #prepare(
    batch: IngestBatch,
    pending: { marks: Map<string, StreamPosition>; seqs: Map<string, SlotNumber>; taken: Set<string> },
  ): Promise<Prepared> {
    const prepared: Prepared = {
      batch,
      changes: [],
      marks: new Map(),
      reports: [],
      states: [],
      touched: new Map(),
      seenStates: new Map(),
      refusal: undefined,
    };
    const seqs = new Map<string, SlotNumber>();
    const taken = new Set<string>();
    for (const frame of batch.frames) {
      if (frame.type === 'state') await this.#prepareState(prepared, frame, seqs);
      else if (prepared.refusal === undefined) await this.#prepareReport(prepared, frame, pending, taken);
    }
    const { agentId, storeId } = batch;
    if (prepared.reports.length > 0 || prepared.states.length > 0) {
      await this.#bury(agentId, prepared.reports);
      prepared.changes.push(...(await this.#sink.apply(agentId, storeId, prepared.reports, prepared.states)));
    }
    for (const [key, mark] of prepared.marks) pending.marks.set(key, mark);
    for (const [key, seq] of seqs) pending.seqs.set(key, seq);
    for (const recordId of taken) pending.taken.add(recordId);
    return prepared;
  }

  async #prepareReport(
    prepared: Prepared,
    report: Report,
    pending: { marks: Map<string, StreamPosition>; taken: Set<string> },
    taken: Set<string>,
  ): Promise<void> {
    const { agentId, storeId } = prepared.batch;
    const key = keys.mark(agentId, report.storeId, report.stream);
    const mark =
      prepared.marks.get(key) ?? pending.marks.get(key) ?? (await this.mark(agentId, report.storeId, report.stream));
    const isLate = report.storeId !== storeId;
    const decision = decideReport(mark, report);
    if (decision.kind === 'refused') {
      prepared.refusal = `${report.stream} ${report.seq}: ${decision.reason}`;
      return;
    }
    if (!isLate) prepared.touched.set(report.stream, decision.kind === 'take' ? decision.mark : mark);
    if (decision.kind === 'known') return;
    prepared.marks.set(key, decision.mark);
    const recordKey = keys.recordId(agentId, report.recordId);
    const isTaken = taken.has(recordKey) || pending.taken.has(recordKey);
    if (isTaken || (await this.#store.get(recordKey)) !== undefined) return;
    taken.add(recordKey);
    prepared.changes.push({ key: recordKey, value: { at: Math.trunc(this.#clock.now()) } });
    const { stream, seq, recordId, at, body } = report;
    prepared.reports.push({ stream, seq, recordId, at, late: isLate, body });
  }

  /** Seq per key: what is older is acknowledged and dropped; the same again is confirmed. Nothing late counts. */
  async #prepareState(prepared: Prepared, frame: StateReport, seqs: Map<string, SlotNumber>): Promise<void> {
    const { agentId, storeId } = prepared.batch;
    if (frame.storeId !== storeId) return;
    const key = keys.stateSeq(agentId, storeId, frame.key);
    const known = seqs.get(key)?.seq ?? this.#stateSeqs.get(key) ?? (await this.#store.get<number>(key))?.value ?? 0;
    prepared.seenStates.set(frame.key, Math.max(known, frame.seq));
    if (frame.seq < known || (known === 0 && !this.#opensSlot(agentId, frame))) return;
    seqs.set(key, { seq: frame.seq, isGone: frame.body === null });
    const { seq, at, body } = frame;
    const older = prepared.states.findIndex((state) => state.key === frame.key);
    if (older >= 0) prepared.states.splice(older, 1);
    prepared.states.push({ key: frame.key, seq, at, body });
  }

  #opensSlot(agentId: AgentId, frame: StateReport): boolean {
    const count = this.#slotCounts.get(agentId) ?? 0;
    if (count >= maxSlots) {
      this.#log.warn({ agentId, key: frame.key }, 'an agent reports more state slots than are kept; left out');
      return false;
    }
    this.#slotCounts.set(agentId, count + 1);
    return true;
  }

  /** Before the commit and repeatable: should the commit fail, the report comes again. */
  async #bury(agentId: AgentId, reports: readonly IncomingReport[]): Promise<void> {
    const removed = reports.flatMap(({ body, late }) => (body.type === 'reached' && !late ? body.removed : []));
    if (removed.length > 0) await this.#book.bury(agentId, removed);
  }
}
