import type { Clock } from '#shared/runtime/index.ts';
import type { RemovalStage } from './unit-record.ts';

/** Stands for the release number of a removal. */
export const removalNo = 0;

/** How far a unit's present step has come in this life of the process. A new life begins the step anew: all of it can be repeated. */
export interface Progress {
  /** Of a removal: hooks before, objects, hooks after, records. */
  stage: 'pre' | RemovalStage;
  /** Release that it belongs to. */
  no: number;
  /** Groups of objects that were applied. */
  appliedGroups: number;
  isApplied: boolean;
  /** By `refKey`: what the server answered to the newest apply. */
  fields: Map<string, string>;
  /** Position among the hooks of the present event, and whether it was made. */
  hookIndex: number;
  isHookMade: boolean;
  /** Until then it has to be ready (monotonic). */
  deadlineMono: number;
}

/** Progress per unit, and the timers that wake when time is up. */
export class ReleaseProgress {
  readonly #clock: Clock;
  readonly #wake: (unitName: string) => void;
  readonly #known = new Map<string, Progress>();
  readonly #timers = new Map<string, () => void>();
  readonly #removing = new Set<string>();

  constructor(clock: Clock, wake: (unitName: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  of(unitName: string, no: number): Progress | undefined {
    const progress = this.#known.get(unitName);
    return progress?.no === no ? progress : undefined;
  }

  begin(unitName: string, no: number): Progress {
    const progress: Progress = {
      no,
      stage: 'pre',
      appliedGroups: 0,
      isApplied: false,
      fields: new Map(),
      hookIndex: 0,
      isHookMade: false,
      deadlineMono: Number.POSITIVE_INFINITY,
    };
    this.#known.set(unitName, progress);
    return progress;
  }

  /** From now on it has this long. */
  arm(unitName: string, progress: Progress, timeoutS: number): void {
    const ms = timeoutS * 1000;
    progress.deadlineMono = this.#clock.mono() + ms;
    this.#timers.get(unitName)?.();
    this.#timers.set(
      unitName,
      this.#clock.timer(ms, () => this.#wake(unitName)),
    );
  }

  isLate(progress: Progress): boolean {
    return this.#clock.mono() >= progress.deadlineMono;
  }

  markRemoving(unitName: string): void {
    this.#removing.add(unitName);
  }

  isRemoving(unitName: string): boolean {
    return this.#removing.has(unitName);
  }

  forget(unitName: string): void {
    this.#timers.get(unitName)?.();
    this.#timers.delete(unitName);
    this.#known.delete(unitName);
    this.#removing.delete(unitName);
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
