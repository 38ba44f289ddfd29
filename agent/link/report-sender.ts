import { type FrameHead, type ReportStream, reportStreams, type UpFrame } from '#shared/wire/frames.ts';
import type { LinkedOutbox } from '../report/index.ts';

type WithoutHead<T> = T extends unknown ? Omit<T, keyof FrameHead> : never;
export type UpContent = WithoutHead<UpFrame>;

/** Decides what of the outbox goes up next, within the credit. Results before decisions before alarms before state. */
export class ReportSender {
  readonly #outbox: LinkedOutbox;
  readonly #credit: number;
  readonly #sent: Record<ReportStream, { seq: number; chain: string }>;
  readonly #acked: Record<ReportStream, number>;
  #statesInFlight = new Map<string, number>();
  #lastState = 0;

  constructor(outbox: LinkedOutbox, credit: number, acked: Record<ReportStream, { seq: number; chain: string }>) {
    this.#outbox = outbox;
    this.#credit = Math.max(1, credit);
    this.#sent = { results: acked.results, decisions: acked.decisions, alarms: acked.alarms };
    this.#acked = { results: acked.results.seq, decisions: acked.decisions.seq, alarms: acked.alarms.seq };
  }

  /** Records to send now; each is given once per session. */
  *due(): Iterable<UpContent> {
    for (const stream of reportStreams) {
      while (this.#sent[stream].seq - this.#acked[stream] < this.#credit) {
        const { seq, chain } = this.#sent[stream];
        const report = this.#outbox.next(stream, seq, chain);
        if (report === undefined) break;
        // The chain matters only for a Gap below what is kept, which is the first that is sent.
        this.#sent[stream] = { seq: report.seq, chain: '' };
        yield report;
      }
    }
    yield* this.#dueStates();
  }

  onReportAck(stream: ReportStream, seq: number): void {
    this.#acked[stream] = Math.max(this.#acked[stream], seq);
  }

  onStateAck(key: string, seq: number): void {
    if ((this.#statesInFlight.get(key) ?? 0) <= seq) this.#statesInFlight.delete(key);
  }

  *#dueStates(): Iterable<UpContent> {
    if (this.#statesInFlight.size >= this.#credit) return;
    for (const state of this.#outbox.pendingStates(this.#lastState)) {
      if (this.#statesInFlight.size >= this.#credit) return;
      this.#lastState = state.seq;
      this.#statesInFlight.set(state.key, state.seq);
      yield state;
    }
  }
}
