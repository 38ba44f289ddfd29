import type { Random } from '#shared/runtime/index.ts';
import type { DownFrame, UpFrame } from '#shared/wire/frames.ts';
import type { InProcessChannel } from '#shared/wire/in-process-channel.ts';
import type { AgentSide, ControllerSide, Duplex } from '#shared/wire/session.ts';

export type Direction = 'up' | 'down';
const keptFrames = 60;

/** What the way between one agent and the controller does to frames, over all its sessions. */
export class Conditions {
  /** Chance per frame that one of an earlier session comes before it, as from a queue or by hand. */
  lateRate = 0;
  readonly #random: Random;
  readonly #stalled = new Map<Direction, { until: Promise<void>; release: () => void }>();
  readonly #former: { up: UpFrame[]; down: DownFrame[] } = { up: [], down: [] };

  constructor(random: Random) {
    this.#random = random;
  }

  /** One-way partition: nothing comes through in this direction, and nobody is told. */
  stall(direction: Direction): void {
    if (this.#stalled.has(direction)) return;
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#stalled.set(direction, { until, release });
  }

  flow(): void {
    for (const { release } of this.#stalled.values()) release();
    this.#stalled.clear();
  }

  async passes(direction: Direction): Promise<void> {
    for (let gate = this.#stalled.get(direction); gate !== undefined; gate = this.#stalled.get(direction))
      await gate.until;
  }

  late<F extends UpFrame | DownFrame>(direction: Direction): F | undefined {
    const former = this.#former[direction] as F[];
    if (former.length === 0 || this.#random.next() >= this.lateRate) return undefined;
    return former[Math.floor(this.#random.next() * former.length)];
  }

  /** Frames of a session that is over. */
  keep(direction: Direction, frames: readonly (UpFrame | DownFrame)[]): void {
    const former = this.#former[direction] as (UpFrame | DownFrame)[];
    for (const frame of frames) {
      if (['hello', 'welcome', 'go-away'].includes(frame.type)) continue;
      if (former.length < keptFrames) former.push(frame);
      else former[Math.floor(this.#random.next() * keptFrames)] = frame;
    }
  }
}

/** Both ends of a channel under conditions. `onUp` hears of every frame that the controller gets. */
export function underConditions(
  channel: InProcessChannel,
  conditions: Conditions,
  onUp: () => void,
): { agent: AgentSide; controller: ControllerSide } {
  return {
    agent: side(channel.agent, conditions, 'down', () => undefined),
    controller: side(channel.controller, conditions, 'up', onUp),
  };
}

function side<Out, In extends UpFrame | DownFrame>(
  inner: Duplex<Out, In>,
  conditions: Conditions,
  direction: Direction,
  onFrame: () => void,
): Duplex<Out, In> {
  let tellClosed: () => void = () => undefined;
  const closed = new Promise<'closed'>((resolve) => {
    tellClosed = () => resolve('closed');
  });
  return {
    send: (frame) => inner.send(frame),
    drained: () => inner.drained(),
    close(reason) {
      tellClosed();
      inner.close(reason);
    },
    async *receive() {
      const seen: In[] = [];
      try {
        for await (const frame of inner.receive()) {
          if ((await Promise.race([conditions.passes(direction), closed])) === 'closed') return;
          const late = seen.length > 0 ? conditions.late<In>(direction) : undefined;
          if (late !== undefined) yield late;
          seen.push(frame);
          onFrame();
          yield frame;
        }
      } finally {
        conditions.keep(direction, seen);
      }
      await Promise.race([conditions.passes(direction), closed]);
    },
  };
}

/** A side on which each frame that comes in becomes others. */
export function mapFrames<Out, In>(inner: Duplex<Out, In>, map: (frame: In) => In[]): Duplex<Out, In> {
  return {
    send: (frame) => inner.send(frame),
    drained: () => inner.drained(),
    close: (reason) => inner.close(reason),
    async *receive() {
      for await (const frame of inner.receive()) yield* map(frame);
    },
  };
}
