import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { BackOff } from './back-off.ts';
import { FeedState } from './feed-state.ts';
import type { KubernetesApi, WatchEvent } from './kubernetes-api.ts';
import { Pause } from './pause.ts';
import { keyOf, type Picture } from './picture.ts';
import { isExpired, readList, type Selection, selectionPath, selectionQuery } from './read-list.ts';
import { compareVersions, isOlder } from './resource-version.ts';
import { Watchdog } from './watchdog.ts';

export interface FeedOptions<T> {
  api: KubernetesApi;
  selection: Selection;
  picture: Picture<T>;
  onLive?: () => void;
  clock: Clock;
  random: { next(): number };
  log: Logger;
}

/** Bookmarks come about every minute; 90 s beyond that, the connection is taken for dead. */
const silenceLimitMs = 150_000;
const shortestWatchSeconds = 300;
const longestWatchSeconds = 600;
/** After a watch that lived this long, pauses begin short again. */
const stableMs = 10_000;
/** A watch that ends in order, but sooner, is a failure all the same: no server is asked in a tight loop. */
const leastWatchMs = 1000;
/** Callers that want news cut a pause short, but not below this. */
const leastPauseMs = 1000;
/** A watch that goes on where another ended first tells what was missed, or that it cannot: by then it has begun to. */
const resumeGraceMs = 100;
/** So often what has expired is listed anew without a pause. */
const maxExpiries = 3;

/** Keeps one picture up to date: a list, then one watch after the other, each from where the last one ended. */
export class Feed<T> {
  readonly #options: FeedOptions<T>;
  readonly #state = new FeedState();
  readonly #stopped = new AbortController();
  readonly #backOff: BackOff;
  readonly #running: Promise<void>;
  /** The picture is as of this version; '' before the first list. */
  #version = '';
  /** There is no version to resume from. */
  #mustList = true;
  #expiries = 0;
  #watching: AbortController | undefined;
  #pause: Pause | undefined;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
    this.#backOff = new BackOff(options.random);
    this.#running = this.#run();
  }

  get isLive(): boolean {
    return this.#state.isLive;
  }

  async synced(signal: AbortSignal): Promise<void> {
    this.#pause?.cut();
    await this.#state.whenLive(signal);
  }

  async refresh(signal: AbortSignal): Promise<void> {
    const listed = this.#state.whenListed(signal);
    this.#watching?.abort();
    this.#pause?.cut();
    await listed;
  }

  /** The answer to an own write. What the watch is past is left out: it may have told already that the object is gone. */
  put(object: KubeObject): void {
    const version = object.metadata.resourceVersion;
    if (version === undefined) return;
    const order = compareVersions(version, this.#version);
    if (order === undefined || order > 0) this.#options.picture.put(object);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#watching?.abort();
    this.#pause?.end();
    this.#state.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    // The constructor returns first, so that whoever made us can hold us when the first change comes.
    await undefined;
    while (!this.#stopped.signal.aborted) {
      const sinceMs = this.#options.clock.mono();
      try {
        let isFresh = false;
        while (this.#mustList || this.#state.isListWanted) {
          await this.#list();
          isFresh = true;
        }
        await this.#watch(isFresh);
      } catch (error) {
        if (!this.#stopped.signal.aborted) await this.#recover(error, sinceMs);
      }
    }
  }

  async #list(): Promise<void> {
    const { api, selection, picture } = this.#options;
    this.#state.listBegins();
    const keys = new Set<string>();
    let version = '';
    let isForced = false;
    for await (const page of readList(api, selection, this.#stopped.signal)) {
      version = page.version;
      // The server's store was put back to an earlier state: what we know counts for nothing.
      isForced = isOlder(version, this.#version);
      for (const item of page.items) {
        keys.add(keyOf(item));
        picture.put(item, isForced);
      }
    }
    picture.keepOnly(keys, version, isForced);
    this.#version = version;
    this.#mustList = false;
    this.#state.listIsDone();
  }

  async #watch(isFresh: boolean): Promise<void> {
    const { api, selection, clock } = this.#options;
    const watching = new AbortController();
    this.#watching = watching;
    let openedMs: number | undefined;
    let isSilent = false;
    const watchdog = new Watchdog(clock, silenceLimitMs, () => {
      isSilent = true;
      watching.abort();
    });
    let cancelGrace: (() => void) | undefined;
    const goLive = () => {
      if (watching.signal.aborted || this.#state.isLive) return;
      this.#state.isLive = true;
      this.#options.onLive?.();
    };
    const onOpen = () => {
      openedMs = clock.mono();
      watchdog.calm();
      if (isFresh) goLive();
      else cancelGrace = clock.timer(resumeGraceMs, goLive);
    };
    try {
      const path = selectionPath(selection);
      for await (const event of api.watch({ path, query: this.#watchQuery(), signal: watching.signal, onOpen })) {
        watchdog.calm();
        this.#take(event);
        goLive();
      }
    } finally {
      watchdog.stop();
      cancelGrace?.();
      this.#watching = undefined;
      this.#state.isLive = false;
      if (openedMs !== undefined && clock.mono() - openedMs >= stableMs) {
        this.#backOff.reset();
        this.#expiries = 0;
      }
    }
    if (isSilent)
      throw new SkerryError('PlatformUnavailable', `${api.server} has been silent for ${silenceLimitMs / 1000} s.`);
    if (!watching.signal.aborted && clock.mono() - (openedMs ?? clock.mono()) < leastWatchMs)
      throw new SkerryError('PlatformUnavailable', `${api.server} ends a watch as soon as it has begun.`);
  }

  #watchQuery(): Record<string, string | undefined> {
    const { selection, random } = this.#options;
    const spread = Math.floor(random.next() * (longestWatchSeconds - shortestWatchSeconds));
    return {
      ...selectionQuery(selection),
      resourceVersion: this.#version,
      allowWatchBookmarks: 'true',
      // Each its own, so that they do not all end together.
      timeoutSeconds: String(shortestWatchSeconds + spread),
    };
  }

  #take(event: WatchEvent): void {
    const { api, picture } = this.#options;
    if (event.type === 'ERROR') {
      const { code, message, reason } = event.object;
      this.#mustList = true;
      throw new SkerryError('PlatformUnavailable', message ?? `${api.server} ends a watch with an error.`, {
        details: { status: code, reason },
      });
    }
    const version = event.object.metadata?.resourceVersion;
    if (version === undefined)
      throw new SkerryError('PlatformUnavailable', `${api.server} sent an event without a version.`);
    if (event.type === 'DELETED') picture.remove(event.object);
    else if (event.type !== 'BOOKMARK') picture.put(event.object);
    this.#version = version;
  }

  async #recover(cause: unknown, sinceMs: number): Promise<void> {
    const { clock, log, selection } = this.#options;
    const error = isSkerryError(cause)
      ? cause
      : new SkerryError('Internal', 'A watch of the cluster failed.', { cause });
    // After an outage, or with new rights, a watch goes on where it was.
    if (error.code !== 'PlatformUnavailable' && error.code !== 'PlatformAuth') this.#mustList = true;
    if (isExpired(error) && this.#expiries < maxExpiries) {
      this.#expiries += 1;
      return;
    }
    this.#state.fail(error);
    const askedMs = typeof error.retry === 'object' ? error.retry.afterMs : 0;
    const lengthMs = Math.max(this.#backOff.nextMs(), askedMs);
    const { plural } = selection.resource;
    log.debug(
      { resource: plural, namespace: selection.namespace, error, lengthMs },
      'Watching pauses after a failure.',
    );
    const elapsedMs = clock.mono() - sinceMs;
    this.#pause = new Pause(clock, lengthMs, Math.max(leastPauseMs - elapsedMs, askedMs));
    await this.#pause.over;
    this.#pause = undefined;
  }
}
