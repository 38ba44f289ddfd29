import { isSkerryError } from '#shared/errors/index.ts';
import { type Clock, type Component, delay, type Logger, type Random } from '#shared/runtime/index.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import type { LinkedIntentHolder } from '../intent/index.ts';
import type { LinkedOutbox } from '../report/index.ts';
import type { AgentStore } from '../store/index.ts';
import { AgentSession, type SessionEnd } from './agent-session.ts';
import { BackOff } from './back-off.ts';
import { rebirthIfDue } from './rebirth.ts';

export interface LinkDependencies {
  /** Opens a carrier to the controller. @throws SkerryError Unavailable, Unauthenticated */
  dial: () => Promise<AgentSide>;
  holder: LinkedIntentHolder;
  outbox: LinkedOutbox;
  store: AgentStore;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Where it dials, for people. */
  controller: string;
  version?: string;
  /** Free bytes of the disk that holds the store; told in the Hello. */
  diskFreeBytes?: () => number;
}

export interface LinkStatus {
  state: 'connected' | 'connecting' | 'refused' | 'disconnected';
  /** Wall clock, epoch ms. */
  since: number;
  controller: string;
  message: string;
}

export interface Link extends Component {
  status(): LinkStatus;
  /** Called on every change of the status. */
  onStatus(listener: (status: LinkStatus) => void): () => void;
  /** Dials now instead of waiting for the back-off (network came up). */
  hurry(): void;
}

export function createLink(dependencies: LinkDependencies): Link {
  return new DiallingLink(dependencies);
}

class DiallingLink implements Link {
  readonly #given: LinkDependencies;
  readonly #backOff: BackOff;
  readonly #bootId: string;
  readonly #listeners = new Set<(status: LinkStatus) => void>();
  #status: LinkStatus;
  #stopping = new AbortController();
  #waiting = new AbortController();
  #session: AgentSession | undefined;
  #running: Promise<void> | undefined;
  /** A controller that refuses says when to ask again. */
  #retryAfterMs = 0;

  constructor(given: LinkDependencies) {
    this.#given = given;
    this.#backOff = new BackOff(given.random);
    this.#bootId = given.random.uuid();
    this.#status = {
      state: 'disconnected',
      since: given.clock.now(),
      controller: given.controller,
      message: 'not started',
    };
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    await rebirthIfDue(this.#given);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiting.abort();
    this.#session?.close();
    await this.#running;
    this.#say('disconnected', 'stopped');
  }

  status(): LinkStatus {
    return this.#status;
  }

  onStatus(listener: (status: LinkStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hurry(): void {
    this.#waiting.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const waitMs = this.#retryAfterMs > 0 ? this.#retryAfterMs : this.#backOff.nextDelayMs();
      this.#retryAfterMs = 0;
      if (waitMs > 0) await this.#wait(waitMs);
      if (!this.#stopping.signal.aborted) await this.#attempt();
    }
  }

  async #attempt(): Promise<void> {
    const { clock, log } = this.#given;
    if (this.#status.state !== 'refused') this.#say('connecting', this.#status.message);
    let connectedAt: number | undefined;
    try {
      const side = await this.#given.dial();
      if (this.#stopping.signal.aborted) return side.close();
      this.#session = this.#makeSession(side, (windowMs) => {
        connectedAt = clock.mono();
        this.#backOff.setWindow(windowMs);
        this.#say('connected', '');
      });
      this.#settle(await this.#session.run());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.info({ error }, 'the link to the controller is down');
      this.#say(isSkerryError(error) && error.code === 'Unauthenticated' ? 'refused' : 'disconnected', message);
    } finally {
      this.#session = undefined;
      this.#backOff.linkEnded(connectedAt === undefined ? 0 : clock.mono() - connectedAt);
    }
  }

  #makeSession(side: AgentSide, onWelcome: (windowMs: number) => void): AgentSession {
    const { holder, outbox, store, clock, random, log, version, diskFreeBytes } = this.#given;
    return new AgentSession({
      side,
      holder,
      outbox,
      store,
      clock,
      random,
      log,
      bootId: this.#bootId,
      version: version ?? '0',
      diskFreeBytes: diskFreeBytes ?? (() => 0),
      onWelcome: (welcome) => onWelcome(welcome.windowMs),
    });
  }

  #settle(end: SessionEnd): void {
    const reason = end.kind === 'refused' ? end.reason : end.kind === 'go-away' ? end.frame.reason : undefined;
    this.#given.log.info({ kind: end.kind, reason }, 'the session is over');
    if (end.kind === 'closed') this.#say('disconnected', 'the controller closed the link');
    else if (end.kind === 'reborn') this.#say('connecting', 'the store was reborn');
    else if (end.kind === 'refused') this.#say('refused', end.reason);
    else {
      const { reason, retryAfterMs } = end.frame;
      this.#retryAfterMs = Math.min(retryAfterMs, 3_600_000) * (0.5 + this.#given.random.next() / 2);
      this.#say(retryAfterMs >= 10_000 ? 'refused' : 'disconnected', reason);
    }
  }

  async #wait(waitMs: number): Promise<void> {
    this.#waiting = new AbortController();
    await delay(this.#given.clock, waitMs, this.#waiting.signal).catch(() => undefined);
  }

  #say(state: LinkStatus['state'], message: string): void {
    if (this.#status.state === state && this.#status.message === message) return;
    const since = this.#status.state === state ? this.#status.since : this.#given.clock.now();
    this.#status = { ...this.#status, state, since, message };
    for (const listener of this.#listeners) listener(this.#status);
  }
}
