import type { UnitKind } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { type Clock, delay } from '#shared/runtime/index.ts';
import { type Fault, type FaultVerb, isHitBy } from './fault.ts';
import type { World } from './world.ts';

export interface SimulatedCall {
  verb: FaultVerb;
  kind?: UnitKind;
  key?: string;
}

/** Names of places where a process may be ordered to die. */
export type CrashPoint = `${FaultVerb}:${'before-call' | 'after-call-before-return'}`;
/**
 * Asked at every crash point. When `isOrdered` (by a fault) it ends the process. In tests it may throw the agent away at any
 * point, and never resolves then.
 */
export type Crash = (point: CrashPoint, isOrdered: boolean) => Promise<void> | void;

export interface SimulatedCallsOptions {
  world: World;
  clock: Clock;
  callMs: number;
  crash: Crash;
}

/** How a call to the simulated platform goes: latency, the faults that were ordered, aborts, crash points. */
export class SimulatedCalls {
  readonly #options: SimulatedCallsOptions;
  readonly #hanging = new Set<{ faultId: string; release: () => void }>();

  constructor(options: SimulatedCallsOptions) {
    this.#options = options;
  }

  async run<T>(signal: AbortSignal, call: SimulatedCall, act: () => Promise<T>): Promise<T> {
    const { clock, callMs, crash } = this.#options;
    throwIfAborted(signal);
    const fault = await this.#takeFault(call);
    throwIfAborted(signal);
    if (fault?.effect === 'act-after-timeout') return this.#actLater(signal, fault, act);
    if (fault?.effect === 'hang') await this.#hang(signal, fault.faultId);
    const waitMs = callMs + (fault?.effect === 'slow' ? (fault.delayMs ?? 0) : 0);
    if (waitMs > 0) await delay(clock, waitMs, signal).catch(() => throwIfAborted(signal));
    if (fault?.effect === 'fail') throw failureOf(fault);
    const orderedPoint = fault?.effect === 'crash' ? (fault.point ?? 'before-call') : undefined;
    await crash(`${call.verb}:before-call`, orderedPoint === 'before-call');
    const result = await act();
    await crash(`${call.verb}:after-call-before-return`, orderedPoint === 'after-call-before-return');
    return result;
  }

  /** Lets hanging calls go on. */
  release(faultId: string | undefined): void {
    for (const hanging of this.#hanging) if (faultId === undefined || hanging.faultId === faultId) hanging.release();
  }

  async #takeFault(call: SimulatedCall): Promise<Fault | undefined> {
    const { world, clock } = this.#options;
    for (const fault of world.faults.values()) {
      if (!isHitBy(fault, call)) continue;
      if (fault.times > 0) await world.record({ at: clock.now(), type: 'fault-used', faultId: fault.faultId });
      return fault;
    }
    return undefined;
  }

  #hang(signal: AbortSignal, faultId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#hanging.delete(entry);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = () => settle(() => reject(inDoubt(signal)));
      const entry = { faultId, release: () => settle(resolve) };
      this.#hanging.add(entry);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The hard case of a real platform: it acts although nobody waits for its answer any more. */
  #actLater<T>(signal: AbortSignal, fault: Fault, act: () => Promise<T>): Promise<T> {
    this.#options.clock.timer(fault.delayMs ?? 0, () => void act().catch(() => undefined));
    return this.#hang(signal, fault.faultId).then(() => {
      throw inDoubt(signal);
    });
  }
}

function failureOf(fault: Fault): SkerryError {
  const code = fault.code ?? 'PlatformUnavailable';
  return new SkerryError(code, fault.message ?? `Ordered failure (${code})`, { details: { faultId: fault.faultId } });
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new SkerryError('Aborted', 'The call was given up', { cause: signal.reason });
}

function inDoubt(signal: AbortSignal): SkerryError {
  return new SkerryError('PlatformInDoubt', 'The simulated platform did not answer in time', { cause: signal.reason });
}
