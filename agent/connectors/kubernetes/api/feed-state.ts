import { SkerryError } from '#shared/errors/index.ts';
import { isExpired } from './read-list.ts';
import { untilAborted } from './until-aborted.ts';

/** How far a feed is, and who waits for it. */
export class FeedState {
  #isLive = false;
  #isStopped = false;
  #listsBegun = 0;
  #listsDone = 0;
  #listsWanted = 0;
  #failures = 0;
  #failure: { error: SkerryError; listsBegun: number } | undefined;
  #changed = Promise.withResolvers<void>();

  get isLive(): boolean {
    return this.#isLive;
  }

  set isLive(isLive: boolean) {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    if (isLive) this.#failure = undefined;
    this.#tell();
  }

  get isListWanted(): boolean {
    return this.#listsDone < this.#listsWanted;
  }

  listBegins(): void {
    this.#listsBegun += 1;
  }

  listIsDone(): void {
    this.#listsDone = this.#listsBegun;
    this.#tell();
  }

  fail(error: SkerryError): void {
    this.#failures += 1;
    this.#failure = { error, listsBegun: this.#listsBegun };
    this.#tell();
  }

  stop(): void {
    this.#isStopped = true;
    this.#isLive = false;
    this.#tell();
  }

  /** Waits through outages; what will not pass by itself is thrown at its next occurrence. */
  async whenLive(signal: AbortSignal): Promise<void> {
    const before = this.#failures;
    while (!this.#isLive) {
      if (this.#failures > before && this.#failure !== undefined && isLasting(this.#failure.error))
        throw this.#failure.error;
      await this.#next(signal, true);
    }
  }

  /** Resolves after a list that began after this call; throws when that list fails. */
  async whenListed(signal: AbortSignal): Promise<void> {
    const wanted = this.#listsBegun + 1;
    this.#listsWanted = wanted;
    while (this.#listsDone < wanted) {
      if (this.#failure !== undefined && this.#failure.listsBegun >= wanted) throw this.#failure.error;
      await this.#next(signal, false);
    }
  }

  async #next(signal: AbortSignal, isPatient: boolean): Promise<void> {
    if (this.#isStopped) throw new SkerryError('Aborted', 'The watch has been stopped.');
    try {
      await untilAborted(this.#changed.promise, signal);
    } catch (error) {
      // Who has waited through an outage learns what it was.
      throw (isPatient ? this.#failure?.error : undefined) ?? error;
    }
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Not an outage: somebody has to do something. */
function isLasting(error: SkerryError): boolean {
  return !['PlatformUnavailable', 'Aborted'].includes(error.code) && !isExpired(error);
}
