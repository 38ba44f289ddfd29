import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import type { DownFrame, FrameHead, GoAway, Hello, UpFrame, Welcome } from '#shared/wire/frames.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import type { DocumentFrame, LinkedIntentHolder } from '../intent/index.ts';
import type { LinkedOutbox } from '../report/index.ts';
import type { AgentStore } from '../store/index.ts';
import { checkWelcome } from './check-welcome.ts';
import { rebirth } from './rebirth.ts';
import { ReportSender, type UpContent } from './report-sender.ts';

const welcomeTimeoutMs = 15_000;
/** Everything that goes up is answered; an answer that takes so long will not come. */
const answerTimeoutMs = 10_000;

export interface AgentSessionParts {
  side: AgentSide;
  holder: LinkedIntentHolder;
  outbox: LinkedOutbox;
  store: AgentStore;
  clock: Clock;
  random: Random;
  log: Logger;
  bootId: string;
  version: string;
  diskFreeBytes: () => number;
  onWelcome: (welcome: Welcome) => void;
}

/** How a session ended. `reborn`: dial again at once, under the new storeId. */
export type SessionEnd =
  | { kind: 'closed' }
  | { kind: 'reborn' }
  | { kind: 'go-away'; frame: GoAway }
  | { kind: 'refused'; reason: string };

/** One session of the agent, from Hello to its end. */
export class AgentSession {
  readonly #given: AgentSessionParts;
  #head: FrameHead;
  #sender: ReportSender | undefined;
  #end: SessionEnd = { kind: 'closed' };
  #isClosed = false;
  #wake: (() => void) | undefined;
  #isWoken = false;
  #control: UpContent[] = [];
  #lastSentMs = 0;
  #lastHeardMs = 0;
  #pings = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(given: AgentSessionParts) {
    this.#given = given;
    const { agentId, storeId } = given.holder.identity();
    const { lineage, term } = given.holder.head();
    this.#head = { agentId, storeId, lineage, term, sessionEpoch: 0 };
  }

  /** Resolves with the way it ended; throws what broke the link. */
  async run(): Promise<SessionEnd> {
    const { side, clock, random } = this.#given;
    const nonce = random.hex(16);
    side.send({ ...this.#head, ...this.#hello(nonce) });
    const frames = side.receive()[Symbol.asyncIterator]();
    const cancel = clock.timer(welcomeTimeoutMs, () => side.close('no Welcome came'));
    const first = await frames.next().finally(cancel);
    try {
      if (first.done === true) return this.#end;
      if (first.value.type === 'go-away') return { kind: 'go-away', frame: first.value };
      if (first.value.type !== 'welcome') return { kind: 'refused', reason: 'the first answer was no Welcome' };
      if (!(await this.#takeWelcome(first.value, nonce))) return this.#end;
      await this.#exchange(frames, first.value);
      return this.#end;
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#given.side.close();
    this.#nudge();
  }

  /** From what is durable, never from what is only intended. */
  #hello(nonce: string): Omit<Hello, keyof FrameHead> {
    const { holder, outbox, clock, bootId, version, store, diskFreeBytes } = this.#given;
    const { siteId, lastEpoch } = holder.identity();
    const { generation, history } = holder.head();
    const at = (stream: 'results' | 'decisions' | 'alarms') => {
      const { seq, chain } = outbox.head(stream);
      return { seq, chain };
    };
    return {
      type: 'hello',
      nonce,
      siteId,
      bootId,
      lastEpoch,
      generation,
      history,
      root: holder.root(),
      streams: { results: at('results'), decisions: at('decisions'), alarms: at('alarms') },
      capabilities: [],
      versions: { agent: version, protocol: 1 },
      health: {
        diskFreeBytes: diskFreeBytes(),
        clockMs: Math.trunc(clock.now()),
        storeDamaged: store.health.damage.length > 0,
      },
      exportNo: 0,
      state: outbox.stateDigest(),
    };
  }

  async #takeWelcome(welcome: Welcome, nonce: string): Promise<boolean> {
    const { holder, outbox, log } = this.#given;
    const identity = holder.identity();
    const { lineage, term } = holder.head();
    const check = checkWelcome({ ...identity, lineage, term, nonce }, welcome, (acked) => outbox.judge(acked));
    if (check.kind === 'refuse') {
      this.#end = { kind: 'refused', reason: check.reason };
      return false;
    }
    // Epoch and term are durable before anything of the session is acted on; a rebirth keeps them.
    const refusal = await holder.welcome(welcome);
    if (refusal !== undefined) {
      this.#end = { kind: 'refused', reason: refusal };
      return false;
    }
    if (check.kind === 'rebirth') {
      await this.#beReborn(check.reason);
      return false;
    }
    const { agentId, storeId, sessionEpoch } = welcome;
    this.#head = { agentId, storeId, lineage: welcome.lineage, term: welcome.term, sessionEpoch };
    for (const stream of ['results', 'decisions', 'alarms'] as const)
      await outbox.acknowledge(stream, welcome.acked[stream]);
    if (welcome.resendState === true) outbox.forgetAcknowledgedStates();
    this.#sender = new ReportSender(outbox, welcome.credit, welcome.acked);
    log.info({ epoch: sessionEpoch, generation: welcome.generation }, 'the controller says Welcome');
    this.#given.onWelcome(welcome);
    return true;
  }

  async #exchange(frames: AsyncIterator<DownFrame>, welcome: Welcome): Promise<void> {
    const { outbox, clock } = this.#given;
    this.#lastSentMs = this.#lastHeardMs = clock.mono();
    // A controller asks for a sensible rhythm; a broken one must not make the agent spin.
    this.#watch(Math.min(Math.max(welcome.policy.heartbeatMs, 1_000), 600_000));
    const forget = outbox.onAppend(() => this.#nudge());
    // An empty word confirms the epoch to the controller.
    this.#control.push({ type: 'ping', n: ++this.#pings });
    const sending = this.#sendLoop();
    try {
      await Promise.race([this.#receiveLoop(frames), sending]);
    } finally {
      forget();
      this.close();
      await sending.catch(() => undefined);
    }
  }

  async #receiveLoop(frames: AsyncIterator<DownFrame>): Promise<void> {
    while (!this.#isClosed) {
      const next = await frames.next();
      if (next.done === true) return;
      this.#lastHeardMs = this.#given.clock.mono();
      await this.#take(next.value);
    }
  }

  async #take(frame: DownFrame): Promise<void> {
    const { holder, log } = this.#given;
    if (frame.type === 'go-away') {
      this.#end = { kind: 'go-away', frame };
      return this.close();
    }
    // For another store or session: passed over, and not answered; only frames of the live session get a Nack.
    if (frame.agentId !== this.#head.agentId || frame.storeId !== this.#head.storeId || !this.#isOfSession(frame)) {
      log.info({ type: frame.type, epoch: frame.sessionEpoch }, 'a frame of another store or session is passed over');
      return;
    }
    switch (frame.type) {
      case 'delta':
      case 'snapshot-begin':
      case 'snapshot-part':
      case 'snapshot-end':
      case 'bucket-objects':
        return this.#takeDocument(frame);
      case 'buckets': {
        const buckets = holder.differing(frame);
        if (buckets === undefined || buckets.length === 0) return this.#nack(frame.frameNo, 'base');
        return this.#say({ type: 'want', buckets });
      }
      case 'report-ack':
        return this.#takeReportAck(frame);
      case 'state-ack':
        return this.#takeStateAck(frame);
      case 'rebase':
        log.warn({ to: frame.to }, 'a rebase is refused: this agent knows no operator key to verify it with');
        return;
      case 'ping':
        return;
      case 'welcome':
        throw new SkerryError('ProtocolViolation', 'The controller sent a second Welcome');
    }
  }

  #isOfSession(frame: FrameHead): boolean {
    const { lineage, term, sessionEpoch } = this.#head;
    return frame.lineage === lineage && frame.term >= term && frame.sessionEpoch === sessionEpoch;
  }

  async #takeDocument(frame: DocumentFrame): Promise<void> {
    const result = await this.#given.holder.accept(frame);
    if (result.kind === 'refused') return this.#nack(frame.frameNo, result.reason);
    if (result.kind === 'durable')
      this.#say({ type: 'intent-ack', generation: result.generation, history: result.history });
  }

  async #takeReportAck(frame: Extract<DownFrame, { type: 'report-ack' }>): Promise<void> {
    const { stream, seq, chain, safe } = frame;
    const verdict = await this.#given.outbox.acknowledge(stream, { seq, chain, safe });
    if (verdict === 'mismatch') return this.#beReborn(`${stream} was acknowledged at ${seq} with another chain`);
    this.#sender?.onReportAck(stream, seq);
    this.#nudge();
  }

  async #takeStateAck({ key, seq }: Extract<DownFrame, { type: 'state-ack' }>): Promise<void> {
    this.#sender?.onStateAck(key, seq);
    const verdict = await this.#given.outbox.acknowledgeState(key, seq);
    if (verdict === 'mismatch')
      return this.#beReborn(`the state of ${key} was acknowledged at ${seq}, never drawn here`);
    this.#nudge();
  }

  async #beReborn(reason: string): Promise<void> {
    this.#given.log.error({ reason }, 'this disk is not the newest copy of itself: the store is reborn');
    await rebirth(this.#given, reason);
    this.#end = { kind: 'reborn' };
    this.close();
  }

  #nack(frameNo: number, reason: string): void {
    const { generation, history } = this.#given.holder.head();
    this.#say({ type: 'nack', frameNo, generation, history, reason });
  }

  #say(content: UpContent): void {
    this.#control.push(content);
    this.#nudge();
  }

  #nudge(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  async #sendLoop(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWoken = false;
      for (const content of this.#control.splice(0)) await this.#send(content);
      for (const content of this.#sender?.due() ?? []) {
        if (this.#isClosed) return;
        await this.#send(content);
        for (const urgent of this.#control.splice(0)) await this.#send(urgent);
      }
      if (!this.#isWoken && !this.#isClosed)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async #send(content: UpContent): Promise<void> {
    if (this.#isClosed) return;
    const { side, clock } = this.#given;
    this.#lastSentMs = clock.mono();
    if (!side.send({ ...this.#head, ...content } as UpFrame)) await side.drained();
  }

  /**
   * Heartbeats are left out where frames go up anyway; a link on which nothing comes down is given up. They are the only sign
   * of life: keepalive of HTTP/2 beside them would double the bytes of an idle day.
   */
  #watch(heartbeatMs: number): void {
    const { clock } = this.#given;
    const limitMs = heartbeatMs + answerTimeoutMs;
    const check = () => {
      const silentMs = clock.mono() - this.#lastHeardMs;
      if (silentMs >= limitMs) {
        this.#given.log.warn({ silentMs }, 'a heartbeat was not answered: the link is given up');
        return this.close();
      }
      if (clock.mono() - this.#lastSentMs >= heartbeatMs) this.#say({ type: 'ping', n: ++this.#pings });
      const untilPingMs = heartbeatMs - (clock.mono() - this.#lastSentMs);
      const untilLimitMs = limitMs - silentMs;
      this.#cancelTimer = clock.timer(
        Math.max(1, untilPingMs > 0 ? Math.min(untilPingMs, untilLimitMs) : untilLimitMs),
        check,
      );
    };
    this.#cancelTimer = clock.timer(heartbeatMs, check);
  }
}
