import { isSkerryError } from '#shared/errors/index.ts';
import { type Clock, type Component, delay, type Logger, type Random } from '#shared/runtime/index.ts';
import type { IntentObject } from '#shared/wire/frames.ts';
import type { IntentHolder } from '../intent/index.ts';
import type { Link } from './create-link.ts';
import type { ArtefactFetcher } from './fetch-artefact.ts';

const firstRetryMs = 1_000;
const lastRetryMs = 5 * 60_000;
/** Files that nothing names any more: what was upgraded may be rolled back without a link. */
const defaultFormerFiles = 10;

export interface PrefetchDependencies {
  fetcher: ArtefactFetcher;
  holder: Pick<IntentHolder, 'objects' | 'onChange'>;
  link: Pick<Link, 'status' | 'onStatus'>;
  clock: Clock;
  random: Random;
  log: Logger;
  /** How many files of former intents are kept, newest first. */
  formerFiles?: number;
}

/**
 * Fetches the files that the intent names as soon as it is durable, before a unit needs them: a link that goes afterwards stops
 * nothing. Small ones first; waits while the link is away, and goes on where it was cut.
 */
export function createPrefetch(dependencies: PrefetchDependencies): Component {
  return new Prefetch(dependencies);
}

class Prefetch implements Component {
  readonly #given: PrefetchDependencies;
  #stopping = new AbortController();
  #sleeping = new AbortController();
  #running: Promise<void> | undefined;
  #isDue = false;
  #failures = 0;
  #unsubscribe: (() => void)[] = [];

  constructor(given: PrefetchDependencies) {
    this.#given = given;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const { holder, link } = this.#given;
    this.#unsubscribe = [
      holder.onChange(() => this.#wake()),
      link.onStatus(({ state }) => {
        if (state === 'connected') this.#wake();
      }),
    ];
    this.#isDue = true;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopping.abort();
    this.#sleeping.abort();
    await this.#running;
  }

  #wake(): void {
    this.#isDue = true;
    this.#failures = 0;
    this.#sleeping.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (this.#isDue) {
        this.#isDue = false;
        await this.#pass();
      }
      if (!this.#isDue) await this.#sleep();
    }
  }

  /** Until something wakes it, or until a failed fetch is tried again. */
  async #sleep(): Promise<void> {
    this.#sleeping = new AbortController();
    const { signal } = this.#sleeping;
    // What was asked for while nobody slept yet.
    if (this.#isDue || this.#stopping.signal.aborted) return;
    const { clock, random } = this.#given;
    const retryMs = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures) * (0.5 + random.next() / 2);
    try {
      if (this.#failures > 0) await delay(clock, retryMs, signal);
      else await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      this.#isDue = true;
    } catch {
      // Woken.
    }
  }

  async #pass(): Promise<void> {
    const { fetcher, holder, link, log } = this.#given;
    const failuresBefore = this.#failures;
    try {
      const named = namedFiles(holder.objects());
      await fetcher.keepOnly(new Set(named), this.#given.formerFiles ?? defaultFormerFiles);
      for (const digest of named) {
        if (this.#isDue || this.#stopping.signal.aborted) return;
        if (await fetcher.has(digest)) continue;
        if (link.status().state !== 'connected') return;
        await this.#fetch(digest);
      }
      if (this.#failures === failuresBefore) this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      log.warn({ error: String(error) }, 'the files that the intent names could not be looked through');
    }
  }

  async #fetch(digest: string): Promise<void> {
    const { fetcher, log } = this.#given;
    try {
      await fetcher.fetch(digest, this.#stopping.signal);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#failures = Math.min(20, this.#failures + 1);
      const reason = isSkerryError(error) ? error.message : String(error);
      log.warn({ digest, reason }, 'a file that the intent names could not be fetched yet');
      // Room for what is needed is worth more than what might be rolled back to.
      if (isSkerryError(error) && error.code === 'DiskFull')
        await fetcher.keepOnly(new Set(namedFiles(this.#given.holder.objects())), 0);
    }
  }
}

/** Digests of the files that units need: charts and manifests before images, which are large. */
export function namedFiles(objects: Iterable<IntentObject>): string[] {
  const small = new Set<string>();
  const large = new Set<string>();
  for (const { body } of objects) {
    if (body.type !== 'unit') continue;
    const { chartDigest, folderDigest, images } = body.spec;
    for (const digest of [chartDigest, folderDigest]) if (isDigest(digest)) small.add(digest);
    if (!Array.isArray(images)) continue;
    for (const image of images as ({ digest?: unknown } | null)[]) if (isDigest(image?.digest)) large.add(image.digest);
  }
  return [...new Set([...small, ...large])];
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}
