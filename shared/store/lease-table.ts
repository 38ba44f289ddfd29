import { SkerryError } from '../errors/index.ts';
import type { Lease } from './store.ts';

interface Holder {
  lease: Lease;
  abort: AbortController;
}

/**
 * Leases inside one process: whoever comes first holds it until it is released or the store closes, the others queue. The
 * time to live has no part here, since no holder can vanish without the store.
 */
export class LeaseTable {
  #nextTerm: (name: string) => Promise<number>;
  #holders = new Map<string, Holder>();
  #tails = new Map<string, Promise<void>>();

  /** `nextTerm` makes the next term of a name durable. */
  constructor(nextTerm: (name: string) => Promise<number>) {
    this.#nextTerm = nextTerm;
  }

  async acquire(name: string, signal: AbortSignal): Promise<Lease> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    let free!: () => void;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    const tail = before.then(() => freed);
    this.#tails.set(name, tail);
    void tail.then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    try {
      await abortable(before, signal);
      return this.#hold(name, await this.#nextTerm(name), free);
    } catch (error) {
      free();
      throw error;
    }
  }

  isHeld(lease: Lease): boolean {
    return this.#holders.get(lease.name)?.lease === lease;
  }

  close(): void {
    for (const { abort } of this.#holders.values()) abort.abort(new SkerryError('StoreClosed', 'The store was closed'));
    this.#holders.clear();
  }

  #hold(name: string, term: number, free: () => void): Lease {
    const abort = new AbortController();
    const lease: Lease = {
      name,
      term,
      lost: abort.signal,
      release: async () => {
        if (this.isHeld(lease)) this.#holders.delete(name);
        free();
      },
    };
    this.#holders.set(name, { lease, abort });
    return lease;
  }
}

function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
