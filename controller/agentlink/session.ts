import type { AgentId } from '#shared/model/ids.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type {
  DownFrame,
  FrameHead,
  Report,
  ReportStream,
  StateReport,
  StreamPosition,
  UpFrame,
} from '#shared/wire/frames.ts';
import type { ControllerSide } from '#shared/wire/session.ts';
import type { LinkedIntentBook } from '../intent-book/index.ts';
import { type DownContent, IntentSender } from './intent-sender.ts';
import type { ReportIngest } from './report-ingest.ts';

/** Reports of one session that may wait for a commit before its stream is read on. */
const maxWaitingReports = 512;
/** A heartbeat that is so late will not come: the session ends. */
const lateHeartbeatMs = 10_000;

export interface SessionDependencies {
  side: ControllerSide;
  /** Head of every frame of this session. */
  head: FrameHead & { agentId: AgentId };
  book: LinkedIntentBook;
  ingest: ReportIngest;
  clock: Clock;
  log: Logger;
  heartbeatMs: number;
  start: { generation: number; send: 'nothing' | 'delta' | 'snapshot' | 'buckets' };
  /** A newer session of the agent has taken over. */
  isFenced: () => boolean;
  /** First frame that came back in the session's epoch. */
  onConfirmed: () => void;
  onAcked: (generation: number, history: string) => void;
  onRewindSuspected: (reason: string) => void;
  /** The agent's state is what we have of it as soon as so many slots have come: those that it named as changed in its Hello. */
  changedSlots?: number;
  onStateConfirmed: () => void;
}

/** One live session after its Welcome. */
export class Session {
  readonly #given: SessionDependencies;
  readonly #sender: IntentSender;
  #isConfirmed = false;
  #isClosed = false;
  #waiting = 0;
  #changedSlots: number | undefined;
  #lastHeardMs: number;
  #cancelWatch: () => void = () => undefined;

  constructor(given: SessionDependencies) {
    this.#given = given;
    this.#lastHeardMs = given.clock.mono();
    this.#changedSlots = given.changedSlots;
    const ports = {
      send: (content: DownContent) => this.#send(content),
      fail: (reason: string) => this.close(reason, 1_000),
      rewindSuspected: (reason: string) => {
        given.onRewindSuspected(reason);
        this.close(`rewind suspected: ${reason}`, 60_000);
      },
      acked: given.onAcked,
    };
    this.#sender = new IntentSender(given.head.agentId, given.book, ports, given.start);
  }

  wake(): void {
    this.#sender.wake();
  }

  /** Milliseconds since the last frame of the agent, by the monotonic clock. */
  silentMs(): number {
    return this.#given.clock.mono() - this.#lastHeardMs;
  }

  /** Resolves when the session is over; throws what broke the link. */
  async run(frames: AsyncIterator<UpFrame>): Promise<void> {
    this.#watch();
    this.#sender.begin();
    try {
      while (!this.#isClosed && !this.#given.isFenced()) {
        const next = await frames.next();
        if (next.done === true || this.#given.isFenced()) break;
        this.#lastHeardMs = this.#given.clock.mono();
        await this.#take(next.value);
      }
    } finally {
      this.#isClosed = true;
      this.#sender.close();
      this.#cancelWatch();
    }
  }

  /** Tells the agent why, and when to come back. */
  close(reason: string, retryAfterMs: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sender.close();
    this.#given.log.info({ reason }, 'a session of an agent is ended');
    this.#given.side.send({ ...this.#given.head, type: 'go-away', reason, retryAfterMs, windowMs: retryAfterMs });
    this.#given.side.close(reason);
  }

  async #take(frame: UpFrame): Promise<void> {
    const { head, log } = this.#given;
    if (frame.agentId !== head.agentId) return this.close('a frame of another agent', 60_000);
    if (frame.type === 'report' || frame.type === 'state') return this.#takeReport(frame);
    // Session frames count only in the session, for the store and in the lineage that they name.
    if (frame.sessionEpoch !== head.sessionEpoch || frame.storeId !== head.storeId || frame.lineage !== head.lineage) {
      log.info({ type: frame.type, epoch: frame.sessionEpoch }, 'a frame of another session is passed over');
      return;
    }
    this.#confirm();
    switch (frame.type) {
      case 'intent-ack':
        return this.#sender.onAck(frame);
      case 'nack':
        log.info({ reason: frame.reason, generation: frame.generation }, 'the agent refuses a frame');
        return this.#sender.onNack(frame);
      case 'want':
        return this.#sender.onWant(frame);
      case 'ping':
        return this.#send({ type: 'ping', n: frame.n });
      case 'hello':
        return this.close('a second Hello in one session', 1_000);
    }
  }

  async #takeReport(frame: Report | StateReport): Promise<void> {
    const { head, ingest } = this.#given;
    if (frame.sessionEpoch === head.sessionEpoch && frame.storeId === head.storeId) this.#confirm();
    else if (frame.type === 'state') return;
    this.#waiting++;
    const done = ingest
      .submit({
        agentId: head.agentId,
        storeId: head.storeId,
        frames: [frame],
        acknowledge: this.#acknowledge,
        refuse: this.#refuse,
      })
      .finally(() => this.#waiting--);
    if (this.#waiting >= maxWaitingReports) await done;
  }

  readonly #acknowledge = (
    reports: { stream: ReportStream; position: StreamPosition }[],
    states: { key: string; seq: number }[],
  ): void => {
    // Without backups everything committed is safe.
    for (const { stream, position } of reports)
      void this.#send({ type: 'report-ack', stream, ...position, safe: position.seq });
    for (const { key, seq } of states) void this.#send({ type: 'state-ack', key, seq });
    if (states.length > 0) this.#countChanged(states.length);
  };

  /** What the agent knew as changed when the session began comes first, oldest first. */
  #countChanged(slots: number): void {
    if (this.#changedSlots === undefined || this.#changedSlots === 0) return;
    this.#changedSlots = Math.max(0, this.#changedSlots - slots);
    if (this.#changedSlots === 0) this.#given.onStateConfirmed();
  }

  readonly #refuse = (reason: string): void => {
    this.close(`a report is refused: ${reason}`, 0);
  };

  #confirm(): void {
    if (this.#isConfirmed) return;
    this.#isConfirmed = true;
    this.#given.onConfirmed();
  }

  async #send(content: DownContent): Promise<void> {
    if (this.#isClosed) return;
    const { side, head } = this.#given;
    if (!side.send({ ...head, ...content } as DownFrame)) await side.drained();
  }

  #watch(): void {
    const { clock, heartbeatMs } = this.#given;
    const limit = heartbeatMs + lateHeartbeatMs;
    const check = () => {
      const silentMs = this.silentMs();
      if (silentMs >= limit) this.close(`nothing was heard for ${Math.round(silentMs / 1000)} s`, 0);
      else this.#cancelWatch = clock.timer(limit - silentMs, check);
    };
    this.#cancelWatch = clock.timer(limit, check);
  }
}
