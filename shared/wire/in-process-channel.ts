import { SkerryError } from '../errors/index.ts';
import type { Clock } from '../runtime/index.ts';
import { decodeDown, decodeUp, encodeDown, encodeUp } from './codec.ts';
import type { DownFrame, UpFrame } from './frames.ts';
import type { AgentSide, ControllerSide, Duplex } from './session.ts';

export interface InProcessChannelOptions {
  clock: Clock;
  /** One way, milliseconds. */
  delayMs?: number;
  /** Frames under way per direction before `send` says false. */
  capacity?: number;
  /** Asked just before a frame is delivered: true breaks the link, and the frame is lost with it. */
  cutsAt?: (frame: UpFrame | DownFrame) => boolean;
  /** Asked at each sending: true loses it without a word, the end of the session too; the link seems to live. */
  swallows?: (direction: 'up' | 'down') => boolean;
}

/** A link without a network: the same frames through the same codec, for tests and simulation. */
export interface InProcessChannel {
  agent: AgentSide;
  controller: ControllerSide;
  /** Breaks the link: whatever is under way is lost, both ends see Unavailable. */
  cut(): void;
  readonly isCut: boolean;
}

export function createInProcessChannel(options: InProcessChannelOptions): InProcessChannel {
  let isCut = false;
  const cut = () => {
    isCut = true;
    up.break();
    down.break();
  };
  const shouldCut = (frame: UpFrame | DownFrame) => options.cutsAt?.(frame) === true;
  const up = new Lane<UpFrame>(options, (frame) => decodeUp(encodeUp(frame)), shouldCut, cut);
  const down = new Lane<DownFrame>(options, (frame) => decodeDown(encodeDown(frame)), shouldCut, cut);
  return {
    agent: sideOf(up, down, () => options.swallows?.('up') === true),
    controller: sideOf(down, up, () => options.swallows?.('down') === true),
    cut,
    get isCut() {
      return isCut;
    },
  };
}

function sideOf<Out, In>(out: Lane<Out>, into: Lane<In>, isSwallowed: () => boolean): Duplex<Out, In> {
  return {
    send: (frame) => isSwallowed() || out.send(frame),
    drained: () => out.drained(),
    receive: () => into.receive(),
    close() {
      if (!isSwallowed()) out.end();
      into.end();
    },
  };
}

/** One direction. */
class Lane<F> {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #capacity: number;
  readonly #copy: (frame: F) => F;
  readonly #shouldCut: (frame: F) => boolean;
  readonly #cut: () => void;
  #queue: { frame: F; dueMs: number }[] = [];
  #state: 'open' | 'ended' | 'broken' = 'open';
  #wakeReader: (() => void) | undefined;
  #drainWaiters: (() => void)[] = [];

  constructor(
    options: InProcessChannelOptions,
    copy: (frame: F) => F,
    shouldCut: (frame: F) => boolean,
    cut: () => void,
  ) {
    this.#clock = options.clock;
    this.#delayMs = options.delayMs ?? 0;
    this.#capacity = options.capacity ?? 64;
    this.#copy = copy;
    this.#shouldCut = shouldCut;
    this.#cut = cut;
  }

  send(frame: F): boolean {
    if (this.#state !== 'open') return true; // lost, as on a broken link; the receiver of the other direction learns of it
    this.#queue.push({ frame: this.#copy(frame), dueMs: this.#clock.mono() + this.#delayMs });
    this.#wakeReader?.();
    return this.#queue.length < this.#capacity;
  }

  async drained(): Promise<void> {
    while (this.#state === 'open' && this.#queue.length >= this.#capacity)
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
  }

  async *receive(): AsyncIterable<F> {
    for (;;) {
      if (this.#state === 'broken') throw new SkerryError('Unavailable', 'The link is cut');
      const next = this.#queue[0];
      if (next === undefined) {
        if (this.#state === 'ended') return;
        await this.#wait(undefined);
      } else if (next.dueMs > this.#clock.mono()) await this.#wait(next.dueMs - this.#clock.mono());
      else {
        this.#queue.shift();
        this.#releaseSenders();
        if (this.#shouldCut(next.frame)) this.#cut();
        else yield next.frame;
      }
    }
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wakeReader?.();
    this.#releaseSenders();
  }

  break(): void {
    this.#state = 'broken';
    this.#queue = [];
    this.#wakeReader?.();
    this.#releaseSenders();
  }

  #wait(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const cancel = delayMs === undefined ? undefined : this.#clock.timer(delayMs, resolve);
      this.#wakeReader = () => {
        cancel?.();
        resolve();
      };
    });
  }

  #releaseSenders(): void {
    for (const release of this.#drainWaiters.splice(0)) release();
  }
}
