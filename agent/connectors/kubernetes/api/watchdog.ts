import type { Clock } from '#shared/runtime/index.ts';

/** Barks once when nothing has been heard for a while. One timer, however often it is calmed. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #bark: () => void;
  #heardMs: number;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, limitMs: number, bark: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#bark = bark;
    this.#heardMs = clock.mono();
    this.#look();
  }

  calm(): void {
    this.#heardMs = this.#clock.mono();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const restMs = this.#heardMs + this.#limitMs - this.#clock.mono();
    if (restMs <= 0) this.#bark();
    else this.#cancel = this.#clock.timer(restMs, () => this.#look());
  }
}
