import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';

const windowMs = 60_000;
const failuresPerWindow = 10;
const maxEntries = 10_000;

/** Slows guessing: so many failures a minute for one user name; the table forgets the oldest when it is full. */
export class LoginLimiter {
  #clock: Clock;
  #failures = new Map<string, { count: number; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts an attempt before it is examined, so that parallel ones count too. @throws SkerryError TooManyRequests */
  enter(name: string): void {
    const now = this.#clock.mono();
    const entry = this.#failures.get(name);
    if (entry === undefined || entry.untilMs <= now) {
      this.#failures.delete(name);
      this.#failures.set(name, { count: 1, untilMs: now + windowMs });
      const oldest = this.#failures.keys().next().value;
      if (this.#failures.size > maxEntries && oldest !== undefined) this.#failures.delete(oldest);
      return;
    }
    entry.count += 1;
    if (entry.count <= failuresPerWindow) return;
    throw new SkerryError('TooManyRequests', 'Too many failed logins for this user', {
      retry: { afterMs: Math.ceil(entry.untilMs - now) },
      remedy: 'Wait a minute and try again.',
    });
  }

  succeeded(name: string): void {
    this.#failures.delete(name);
  }
}
