import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { type AgentId, id, type SiteId } from '#shared/model/ids.ts';
import type { Agent } from '#shared/model/inventory.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Change, Expectation, Store } from '#shared/store/store.ts';
import type { FrameHead, Hello, ReportStream, StreamPosition, UpFrame, Welcome } from '#shared/wire/frames.ts';
import { reportStreams } from '#shared/wire/frames.ts';
import type { ControllerSide } from '#shared/wire/session.ts';
import { KeyedLock, type LinkedIntentBook } from '../intent-book/index.ts';
import type { LinkAlarm, ReportSink } from '../inventory/report-sink.ts';
import { keys } from '../keys.ts';
import { decideWelcome, type WelcomeDecision } from './decide-welcome.ts';
import { reconnectWindowMs } from './reconnect-window.ts';
import { ReportIngest } from './report-ingest.ts';
import { sweepAgent } from './retention.ts';
import { Session } from './session.ts';
import { type AgentSessionRecord, newSessionRecord, withNewStore, withTrueStore } from './session-record.ts';

const helloTimeoutMs = 15_000;
const heartbeatMs = 30_000;
/** Records that an agent may have unacknowledged in a session. */
const credit = 256;
/** What is out of date is forgotten once a day. */
const sweepEveryMs = 24 * 3_600_000;
/** An agent that is refused comes back after this; an operator has to act. */
const refusedRetryMs = 60_000;

/** Who is at the other end, as the carrier has proven it. */
export interface LinkPeer {
  agentId: AgentId;
  siteId: SiteId;
}

/** What listens for agents; made by `grpc-server.ts` and `enroll-server.ts`, absent in simulation. */
export interface Listener {
  start(accept: (side: ControllerSide, peer: LinkPeer) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface SessionView {
  agentId: AgentId;
  storeId: string;
  epoch: number;
  /** Controller's clock, epoch ms. */
  since: number;
}

export interface AgentLink extends Component {
  /** Runs one session over a carrier that has authenticated its peer; resolves when it is over. Never throws. */
  accept(side: ControllerSide, peer: LinkPeer): Promise<void>;
  sessions(): SessionView[];
  /** Milliseconds since an agent was last heard in its live session, by the monotonic clock; undefined without a session. */
  silentMs(agentId: AgentId): number | undefined;
  /**
   * Of several live copies of an agent, an operator names the true one; the others are refused from now on.
   * @throws SkerryError Conflict when this store is not one of them.
   */
  nameTrueStore(agentId: AgentId, storeId: string): Promise<void>;
  /** Ends the session of an agent at once (revocation). */
  disconnect(agentId: AgentId, reason: string): void;
}

export interface AgentLinkDependencies {
  store: Store;
  book: LinkedIntentBook;
  sink: ReportSink;
  clock: Clock;
  random: Random;
  log: Logger;
  listeners: readonly Listener[];
  /** The leader term of this controller within its lineage. */
  term?: number;
}

type Marks = Record<ReportStream, StreamPosition>;

interface Live {
  session: Session;
  view: SessionView;
  /** The state slots that we keep are what the agent holds, as its Hello says. */
  isStateConfirmed: boolean;
  /** The newest word to the inventory about this session. */
  told: Promise<void>;
}

export function createAgentLink(dependencies: AgentLinkDependencies): AgentLink {
  return new SessionHost(dependencies);
}

class SessionHost implements AgentLink {
  readonly #given: AgentLinkDependencies;
  readonly #ingest: ReportIngest;
  readonly #term: number;
  readonly #live = new Map<AgentId, Live>();
  readonly #records = new Map<AgentId, AgentSessionRecord>();
  readonly #lock = new KeyedLock();
  readonly #running = new Set<Promise<void>>();
  #stopListening: () => void = () => undefined;
  #agentCount = 0;
  #cancelSweep: () => void = () => undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(given: AgentLinkDependencies) {
    this.#given = given;
    this.#term = given.term ?? 1;
    this.#ingest = new ReportIngest(given);
    this.#stopListening = given.book.onChange((agentId) => this.#live.get(agentId)?.session.wake());
  }

  async start(): Promise<void> {
    this.#agentCount = (await this.#given.store.range({ prefix: 'agent-session/' })).length;
    this.#sweepLater();
    for (const listener of this.#given.listeners) await listener.start((side, peer) => this.accept(side, peer));
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopListening();
    this.#cancelSweep();
    await this.#sweeping;
    for (const { session } of this.#live.values()) session.close('the controller stops', 0);
    for (const listener of this.#given.listeners) await listener.stop();
    await Promise.all(this.#running);
    await this.#ingest.idle();
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#given.clock.timer(sweepEveryMs, () => {
      this.#sweeping = this.#sweep()
        .catch((error: unknown) => this.#given.log.warn({ error }, 'what is out of date could not be forgotten'))
        .finally(() => this.#isStopped || this.#sweepLater());
    });
  }

  /** One agent after the other, none while it says Hello. */
  async #sweep(): Promise<void> {
    for (const { key } of await this.#given.store.range({ prefix: keys.agentSession('') })) {
      if (this.#isStopped) return;
      const agentId = id<AgentId>(key.slice(keys.agentSession('').length));
      await this.#lock.hold([agentId], async () => sweepAgent(this.#given, agentId, await this.#record(agentId)));
    }
  }

  sessions(): SessionView[] {
    return [...this.#live.values()].map(({ view }) => view);
  }

  silentMs(agentId: AgentId): number | undefined {
    return this.#live.get(agentId)?.session.silentMs();
  }

  disconnect(agentId: AgentId, reason: string): void {
    this.#live.get(agentId)?.session.close(reason, refusedRetryMs);
  }

  accept(side: ControllerSide, peer: LinkPeer): Promise<void> {
    const log = this.#given.log.child({ agentId: peer.agentId });
    const running = this.#serve(side, peer, log)
      .catch((error: unknown) => {
        const isRoutine = isSkerryError(error) && error.code === 'Unavailable';
        log[isRoutine ? 'info' : 'warn']({ error }, 'a session of an agent broke');
      })
      .finally(() => {
        side.close();
        this.#running.delete(running);
      });
    this.#running.add(running);
    return running;
  }

  async #serve(side: ControllerSide, peer: LinkPeer, log: Logger): Promise<void> {
    const frames = side.receive()[Symbol.asyncIterator]();
    const cancel = this.#given.clock.timer(helloTimeoutMs, () => side.close('no Hello came'));
    const first = await frames.next().finally(cancel);
    if (first.done === true || this.#isStopped) return;
    const hello = first.value;
    if (hello.type !== 'hello') return this.#dismiss(side, hello, 'the first frame must be a Hello', refusedRetryMs);
    if (hello.agentId !== peer.agentId || hello.siteId !== peer.siteId)
      return this.#dismiss(side, hello, 'the Hello names another agent than the certificate', refusedRetryMs);
    const live = await this.#lock.hold([peer.agentId], () => this.#welcome(side, hello, log));
    if (live !== undefined) await this.#runSession(live, frames, log);
  }

  async #runSession(live: Live, frames: AsyncIterator<UpFrame>, log: Logger): Promise<void> {
    const { agentId } = live.view;
    const { sink } = this.#given;
    const isCurrent = () => this.#live.get(agentId) === live;
    live.told = sink.connection(agentId, true, live.isStateConfirmed).catch((error: unknown) => {
      log.warn({ error }, 'the beginning of a session could not be recorded');
    });
    // What a session brings is committed after its beginning: that order tells what is fresh.
    await live.told;
    try {
      await live.session.run(frames);
    } finally {
      if (isCurrent()) {
        this.#live.delete(agentId);
        live.told = live.told.then(() => (this.#live.has(agentId) ? undefined : sink.connection(agentId, false)));
      }
      await live.told.catch((error: unknown) => log.warn({ error }, 'the end of a session could not be recorded'));
      if (!this.#live.has(agentId)) {
        await this.#ingest.barrier(agentId);
        if (!this.#live.has(agentId)) this.#ingest.forget(agentId);
      }
    }
  }

  /** Decides, makes the epoch durable, fences the older session, answers. */
  async #welcome(side: ControllerSide, hello: Hello, log: Logger): Promise<Live | undefined> {
    const { agentId } = hello;
    const { book } = this.#given;
    const record = await this.#record(agentId);
    const head = await book.head(agentId);
    const historyThere = await book.historyAt(agentId, hello.generation);
    const marks = await this.#marks(agentId, hello.storeId);
    const decision = decideWelcome(hello, { record, head, term: this.#term, historyThere, marks });
    log.info({ decision, generation: hello.generation, newest: head.generation }, 'an agent says Hello');
    if (decision.kind === 'contested') await this.#contest(agentId, record, decision);
    await this.#tellAlarms(agentId, decision);
    if (isRefusal(decision))
      return void this.#dismiss(side, hello, `${decision.kind}: ${decision.reason}`, refusedRetryMs);
    const next = await this.#commitEpoch(hello, await this.#record(agentId), decision);
    this.#live.get(agentId)?.session.close('a newer session of this agent began', 0);
    const frameHead = {
      agentId,
      storeId: hello.storeId,
      lineage: head.lineage,
      term: this.#term,
      sessionEpoch: next.epochIssued,
    };
    const rebirth = decision.kind === 'rebirth';
    const resendState = !rebirth && hello.state !== undefined && !(await this.#knowsState(hello));
    side.send(this.#welcomeFrame(frameHead, hello, head, { marks, rebirth, resendState }));
    if (rebirth) return void side.close('rebirth');
    const live = this.#makeSession(side, frameHead, { hello, decision, resendState }, log);
    this.#live.set(agentId, live);
    return live;
  }

  #makeSession(
    side: ControllerSide,
    head: FrameHead & { agentId: AgentId },
    start: { hello: Hello; decision: WelcomeDecision; resendState: boolean },
    log: Logger,
  ): Live {
    const { agentId } = head;
    const { book, clock } = this.#given;
    const { hello, decision } = start;
    const changedSlots = start.resendState ? undefined : hello.state?.pending;
    const send = decision.kind === 'normal' ? decision.send : 'snapshot';
    const session: Session = new Session({
      side,
      head,
      book,
      ingest: this.#ingest,
      clock,
      log,
      heartbeatMs,
      start: { generation: hello.generation, send },
      isFenced: () => this.#live.get(agentId)?.session !== session,
      onConfirmed: () => this.#update(agentId, (record) => ({ ...record, epochConfirmed: head.sessionEpoch })),
      onAcked: (generation, history) => this.#acked(agentId, generation, history),
      onRewindSuspected: (reason) => void this.#setAlarm(agentId, 'RewindSuspected', true, reason),
      ...(changedSlots === undefined ? {} : { changedSlots }),
      onStateConfirmed: () => this.#stateConfirmed(session, agentId),
    });
    const view = { agentId, storeId: head.storeId, epoch: head.sessionEpoch, since: clock.now() };
    return { session, view, isStateConfirmed: changedSlots === 0, told: Promise.resolve() };
  }

  /** Equal digests: of every slot that did not change, we have the agent's last word. */
  async #knowsState({ agentId, storeId, state }: Hello): Promise<boolean> {
    const own = await this.#ingest.stateDigest(agentId, storeId);
    return own.count === state?.count && own.digest === state.digest;
  }

  #stateConfirmed(session: Session, agentId: AgentId): void {
    const live = this.#live.get(agentId);
    if (live?.session !== session) return;
    live.told = live.told
      .then(() => (this.#live.get(agentId) === live ? this.#given.sink.stateConfirmed?.(agentId) : undefined))
      .catch((error: unknown) =>
        this.#given.log.warn({ agentId, error }, 'the confirmation of an agent’s state could not be recorded'),
      );
  }

  #welcomeFrame(
    head: FrameHead,
    hello: Hello,
    newest: { generation: number; history: string },
    { marks, rebirth, resendState }: { marks: Marks; rebirth: boolean; resendState: boolean },
  ): Welcome {
    const withSafe = (position: StreamPosition) => ({ ...position, safe: position.seq });
    return {
      ...head,
      type: 'welcome',
      nonce: hello.nonce,
      generation: newest.generation,
      history: newest.history,
      acked: {
        results: withSafe(marks.results),
        decisions: withSafe(marks.decisions),
        alarms: withSafe(marks.alarms),
      },
      rebirth,
      ...(resendState ? { resendState } : {}),
      windowMs: reconnectWindowMs(Math.max(this.#agentCount, this.#live.size)),
      clockMs: Math.trunc(this.#given.clock.now()),
      policy: { heartbeatMs },
      credit,
    };
  }

  /** Epoch, current store and what inventory shows of the agent, durable before the Welcome goes out. */
  async #commitEpoch(hello: Hello, record: AgentSessionRecord, decision: WelcomeDecision): Promise<AgentSessionRecord> {
    const { agentId } = hello;
    const isNewStore = decision.kind === 'new-store';
    const next: AgentSessionRecord = {
      ...(isNewStore ? withNewStore(record, hello.storeId) : record),
      epochIssued: Math.max(record.epochIssued, hello.lastEpoch) + 1,
    };
    if (decision.kind === 'normal') next.acked = { generation: hello.generation, history: hello.history };
    const changes: Change[] = [{ key: keys.agentSession(agentId), value: next }];
    const expect: Expectation[] = [];
    const agent = await this.#given.store.get<Agent>(keys.agent(agentId));
    if (agent !== undefined) {
      const shown = { storeId: next.storeId, sessionEpoch: next.epochIssued, versions: hello.versions };
      changes.push({ key: agent.key, value: { ...agent.value, ...shown } });
      expect.push({ key: agent.key, revision: agent.revision });
    }
    if (isNewStore && record.storeId !== '') changes.push(...(await this.#dropSlotNumbers(agentId, record.storeId)));
    await this.#given.store.commit(changes, { expect });
    if (record.storeId === '') this.#agentCount++;
    this.#records.set(agentId, next);
    this.#given.book.acknowledged(agentId, next.acked.generation);
    return next;
  }

  /** A new store's rows replace the former's, whose numbers are of no use any more. */
  async #dropSlotNumbers(agentId: AgentId, storeId: string): Promise<Change[]> {
    const rows = await this.#given.store.range({ prefix: keys.stateSeq(agentId, storeId, ''), limit: 5_000 });
    return rows.map(({ key }) => ({ key, value: undefined }));
  }

  /** Durable before anybody hears of it; whoever has a session loses it. */
  async #contest(
    agentId: AgentId,
    record: AgentSessionRecord,
    { stores, reason }: Extract<WelcomeDecision, { kind: 'contested' }>,
  ): Promise<void> {
    this.#live.get(agentId)?.session.close(reason, refusedRetryMs);
    if (stores.length !== record.contested?.length)
      await this.#replaceRecord(agentId, { ...record, contested: stores });
  }

  async nameTrueStore(agentId: AgentId, storeId: string): Promise<void> {
    await this.#lock.hold([agentId], async () => {
      const record = await this.#record(agentId);
      if (record.contested?.includes(storeId) !== true)
        throw new SkerryError('Conflict', `Store ${storeId} is not one of several live copies of this agent`, {
          remedy: record.contested?.length
            ? `name one of ${record.contested.join(', ')}`
            : 'nothing has to be done: only one copy of this agent is alive',
        });
      const next = withTrueStore(record, storeId);
      await this.#replaceRecord(agentId, next);
      this.#given.book.acknowledged(agentId, next.acked.generation);
      await this.#setAlarm(agentId, 'TwoCopies', false, `an operator has named store ${storeId} as the true one`);
    });
  }

  async #replaceRecord(agentId: AgentId, record: AgentSessionRecord): Promise<void> {
    // What waits to be written of the present record must not come after it.
    await this.#ingest.barrier(agentId);
    await this.#given.store.commit([{ key: keys.agentSession(agentId), value: record }]);
    this.#records.set(agentId, record);
  }

  async #tellAlarms(agentId: AgentId, decision: WelcomeDecision): Promise<void> {
    if (decision.kind === 'refuse') return this.#setAlarm(agentId, 'LineageRefused', true, decision.reason);
    if (decision.kind === 'rewind-suspected') return this.#setAlarm(agentId, 'RewindSuspected', true, decision.reason);
    if (decision.kind === 'contested') return this.#setAlarm(agentId, 'TwoCopies', true, decision.reason);
    if (decision.kind === 'disowned') return;
    for (const alarm of ['LineageRefused', 'RewindSuspected'] as const)
      await this.#setAlarm(agentId, alarm, false, 'the agent is welcome again');
  }

  /** Told once when it begins and once when it is over, however often the agent comes. */
  async #setAlarm(agentId: AgentId, alarm: LinkAlarm, raised: boolean, message: string): Promise<void> {
    const present = (await this.#record(agentId)).alarms ?? [];
    if (present.includes(alarm) === raised) return;
    this.#given.log.warn({ agentId, alarm, raised, message }, 'an alarm of the agent link');
    try {
      await this.#given.sink.alarm?.(agentId, alarm, raised, message);
      this.#update(agentId, ({ alarms = [], ...record }) => {
        const others = alarms.filter((each) => each !== alarm);
        return { ...record, alarms: raised ? [...others, alarm] : others };
      });
    } catch (error) {
      this.#given.log.warn({ error, alarm }, 'an alarm of the agent link could not be recorded');
    }
  }

  #acked(agentId: AgentId, generation: number, history: string): void {
    this.#update(agentId, (record) => ({ ...record, acked: { generation, history }, owesSnapshot: false }));
    this.#given.book.acknowledged(agentId, generation);
    this.#given.sink.acked(agentId, generation);
  }

  #update(agentId: AgentId, change: (record: AgentSessionRecord) => AgentSessionRecord): void {
    const record = change(this.#records.get(agentId) ?? newSessionRecord);
    this.#records.set(agentId, record);
    this.#ingest.persist(agentId, record);
  }

  async #record(agentId: AgentId): Promise<AgentSessionRecord> {
    const cached = this.#records.get(agentId);
    if (cached !== undefined) return cached;
    const stored = await this.#given.store.get<AgentSessionRecord>(keys.agentSession(agentId));
    const record = this.#records.get(agentId) ?? stored?.value ?? newSessionRecord;
    this.#records.set(agentId, record);
    return record;
  }

  async #marks(agentId: AgentId, storeId: string): Promise<Marks> {
    // What the older session has handed in counts: the Welcome must not be behind its own acknowledgements.
    await this.#ingest.barrier(agentId);
    const marks = {} as Marks;
    for (const stream of reportStreams) marks[stream] = await this.#ingest.mark(agentId, storeId, stream);
    return marks;
  }

  #dismiss(side: ControllerSide, frame: FrameHead, reason: string, retryAfterMs: number): void {
    const { agentId, storeId, lineage, sessionEpoch } = frame;
    const head = { agentId, storeId, lineage, term: this.#term, sessionEpoch };
    side.send({ ...head, type: 'go-away', reason, retryAfterMs, windowMs: retryAfterMs });
    side.close(reason);
  }
}

function isRefusal(
  decision: WelcomeDecision,
): decision is Extract<WelcomeDecision, { kind: 'rewind-suspected' | 'refuse' | 'contested' | 'disowned' }> {
  return !['normal', 'new-store', 'rebirth'].includes(decision.kind);
}
