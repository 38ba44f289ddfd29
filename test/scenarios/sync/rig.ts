import { createIntentHolder, type LinkedIntentHolder } from '#agent/intent/index.ts';
import { createLink, type Link } from '#agent/link/index.ts';
import { createOutbox, type LinkedOutbox } from '#agent/report/index.ts';
import { type AgentStore, type MemoryMedium, memoryMedium, openAgentStoreOn } from '#agent/store/index.ts';
import { type AgentLink, createAgentLink } from '#controller/agentlink/index.ts';
import { createIntentBook, type LinkedIntentBook, type NewIntentObject } from '#controller/intent-book/index.ts';
import type { IncomingReport, IncomingState, LinkAlarm, ReportSink } from '#controller/inventory/report-sink.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { AgentId, InfraId, ObjectKey, SiteId } from '#shared/model/ids.ts';
import { id } from '#shared/model/ids.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore, MemoryDisk, type Store } from '#shared/store/index.ts';
import type { AlarmBody, DownFrame, ReportStream, UpFrame } from '#shared/wire/frames.ts';
import { createInProcessChannel, type InProcessChannel } from '#shared/wire/in-process-channel.ts';

export const agentId = id<AgentId>('agent-1');
const siteId = id<SiteId>('site-1');

/** What a sink received, in the order of its commits. */
export interface Received {
  reports: IncomingReport[];
  states: IncomingState[];
  alarms: { alarm: LinkAlarm; raised: boolean; message: string }[];
  connected: boolean[];
  acked: number[];
  /** Sessions in which all that is kept of the agent's state was confirmed. */
  confirmations: number;
}

/**
 * A controller and an agent in one process on virtual time, over in-process channels that can be cut at any frame. Either side
 * can be stopped like a crash and started again on its disk.
 */
export class Rig {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly received: Received = { reports: [], states: [], alarms: [], connected: [], acked: [], confirmations: 0 };
  /** Every frame that was delivered, both ways. */
  readonly frames: (UpFrame | DownFrame)[] = [];
  medium: MemoryMedium = memoryMedium();
  disk = new MemoryDisk();
  term = 1;
  /** True breaks the link at this frame; the frame is lost. */
  cutsAt: (frame: UpFrame | DownFrame) => boolean = () => false;
  isReachable = true;
  /** Asked at each commit of reports: the error with which it fails; `after`: it lands, and seems to have failed. */
  failsCommit: (() => SkerryError | 'after' | undefined) | undefined;
  failsApply = false;
  /** What is sent this way is lost without a word. */
  swallows: 'up' | 'down' | 'both' | undefined;
  controllerStore!: Store;
  book!: LinkedIntentBook;
  agentLink!: AgentLink;
  store!: AgentStore;
  holder!: LinkedIntentHolder;
  outbox!: LinkedOutbox;
  link!: Link;
  channel: InProcessChannel | undefined;

  async startController(): Promise<void> {
    const log = silentLogger;
    const { clock, random } = this;
    this.controllerStore = this.#failing(await createMemoryStore({ disk: this.disk }));
    this.book = await createIntentBook({ store: this.controllerStore, random, clock, log });
    const dependencies = { store: this.controllerStore, book: this.book, sink: this.#sink(), clock, random, log };
    this.agentLink = createAgentLink({ ...dependencies, listeners: [], term: this.term });
    await this.agentLink.start();
  }

  /** As a crash: nothing is said to the agent, and what the link had under way is lost. */
  async crashController(): Promise<void> {
    this.channel?.cut();
    await this.agentLink.stop();
    await this.controllerStore.close();
  }

  async startAgent(): Promise<void> {
    const log = silentLogger;
    const { clock, random } = this;
    this.store = await openAgentStoreOn(this.medium, { clock, random, log });
    this.holder = createIntentHolder({ store: this.store, random, log });
    this.outbox = createOutbox({ store: this.store, clock, random, log });
    await this.holder.ensureIdentity(agentId, siteId);
    const parts = { holder: this.holder, outbox: this.outbox, store: this.store, clock, random, log };
    this.link = createLink({ ...parts, dial: async () => this.#dial(), controller: 'in-process' });
    await this.link.start();
  }

  async stopAgent(): Promise<void> {
    this.channel?.cut();
    await this.link.stop();
  }

  async start(): Promise<this> {
    await this.startController();
    await this.startAgent();
    return this;
  }

  async stop(): Promise<void> {
    await this.stopAgent();
    await this.agentLink.stop();
    await this.controllerStore.close();
  }

  cut(): void {
    this.channel?.cut();
  }

  /** Lets both sides run, on virtual time, until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 300_000): Promise<void> {
    const end = this.clock.mono() + limitMs;
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await this.clock.settle();
      if (await condition()) return;
      if (this.clock.mono() >= end) throw new Error(`not within ${limitMs} ms: ${what}; ${this.link.status().message}`);
      await this.clock.advance(50);
    }
  }

  /** Both ends have the same document, and everything that must be delivered is. */
  async agree(): Promise<void> {
    await this.until(async () => {
      const head = await this.book.head(agentId);
      const own = this.holder.head();
      const isDelivered = this.outbox.summary().every(({ pending }) => pending === 0);
      return (
        this.link.status().state === 'connected' &&
        own.generation === head.generation &&
        own.history === head.history &&
        this.holder.root() === head.root &&
        isDelivered
      );
    }, 'both sides agree');
  }

  put(...names: string[]): Promise<unknown> {
    return this.book.commit({ agents: [{ agentId, upserts: names.map(infra), tombstones: [] }], changes: () => [] });
  }

  remove(name: string, opId = 'op-1'): Promise<unknown> {
    const tombstone = { key: id<ObjectKey>(`infra/${name.split(':')[0]}`), scope: '', opId };
    return this.book.commit({ agents: [{ agentId, upserts: [], tombstones: [tombstone] }], changes: () => [] });
  }

  report(n: number, stream: ReportStream = 'results'): Promise<void> {
    return this.store.transact((tx) => this.outbox.append(tx, stream, numbered(n)));
  }

  /** A new value of a state slot; null: its object is gone. */
  state(name: string, version: string | null): Promise<void> {
    const facts = { version } as never;
    const body = version === null ? null : { type: 'infra' as const, infraId: id<InfraId>(name), facts, message: '' };
    return this.store.transact((tx) => this.outbox.state(tx, `infra/${name}`, body));
  }

  /** Numbers of the reports that the sink has taken. */
  numbers(): (number | string)[] {
    return this.received.reports
      .filter(({ body }) => body.type === 'gap' || (body.type === 'alarm' && !body.alarmId.startsWith('store-reborn')))
      .map(({ body }) => (body.type === 'gap' ? `gap ${body.from}-${body.to}` : Number((body as AlarmBody).alarmId)));
  }

  names(): string[] {
    return [...this.holder.objects()].map((object) => object.key);
  }

  sent(type: (UpFrame | DownFrame)['type']): number {
    return this.frames.filter((frame) => frame.type === type).length;
  }

  #failing(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        if (name !== 'commit') return member.bind(target);
        return async (...given: Parameters<Store['commit']>) => {
          const isOfReports = given[0].some(({ key }) => key.startsWith('mark/') || key.startsWith('state-seq/'));
          const failure = isOfReports ? this.failsCommit?.() : undefined;
          if (failure instanceof SkerryError) throw failure;
          const result = await target.commit(...given);
          if (failure === 'after') throw new SkerryError('Unavailable', 'the answer was lost');
          return result;
        };
      },
    });
  }

  #dial() {
    if (!this.isReachable) throw new SkerryError('Unavailable', 'no route');
    const channel = createInProcessChannel({
      clock: this.clock,
      delayMs: 1,
      swallows: (direction) => this.swallows === 'both' || this.swallows === direction,
      cutsAt: (frame) => {
        if (this.cutsAt(frame)) return true;
        this.frames.push(frame);
        return false;
      },
    });
    this.channel = channel;
    void this.agentLink.accept(channel.controller, { agentId, siteId });
    return channel.agent;
  }

  #sink(): ReportSink {
    const { received } = this;
    return {
      apply: async (_agentId, storeId, reports, states) => {
        if (this.failsApply) throw new Error('a bug');
        const seq = received.reports.length + received.states.length;
        return [
          ...reports.map((report) => ({ key: `seen/${storeId}/${report.recordId}`, value: { seq } })),
          ...states.map((state) => ({ key: `state/${agentId}/${state.key}`, value: state })),
        ];
      },
      committed: (_agentId, reports, states) => {
        received.reports.push(...reports);
        received.states.push(...states);
      },
      connection: async (_agentId, connected, isStateConfirmed) => {
        received.connected.push(connected);
        if (isStateConfirmed === true) received.confirmations++;
      },
      stateConfirmed: async () => void received.confirmations++,
      acked: (_agentId, generation) => void received.acked.push(generation),
      alarm: async (_agentId, alarm, raised, message) => void received.alarms.push({ alarm, raised, message }),
    };
  }
}

/** `name:version` */
function infra(text: string): NewIntentObject {
  const [name = '', version = '0'] = text.split(':');
  const key = id<ObjectKey>(`infra/${name}`);
  const body = { type: 'infra' as const, infraId: id<InfraId>(name), name, kind: 'simulated', settings: { version } };
  return { key, scope: '', dependsOn: [], body };
}

function numbered(n: number): AlarmBody {
  return {
    type: 'alarm',
    alarmId: String(n),
    key: '',
    scope: '',
    severity: 'MAJOR',
    eventType: '',
    probableCause: '',
    raised: true,
  };
}
