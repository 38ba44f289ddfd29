import type { Connector, InfraFacts, ObservedUnit } from '#shared/connector/index.ts';
import type { InfraId, ObjectKey, OwnerId } from '#shared/model/ids.ts';
import { delay } from '#shared/runtime/index.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { UnitLook } from '../plan/index.ts';
import { callPlatform, messageOf, type PlatformCallOptions } from './platform-call.ts';

export interface InfraLaneOptions extends PlatformCallOptions {
  infraId: InfraId;
  owner: OwnerId;
  connector: Connector;
  /** After each look: the keys whose picture changed. */
  onLook: (changed: ObjectKey[]) => void;
  /** A look succeeded after others had failed: what waited for the platform need not wait any longer. */
  onReturn: () => void;
  /** Newest facts, or why there are none. */
  onProbe: (facts: InfraFacts | null, message: string) => void;
}

/**
 * One infra as the agent sees it: one look serves all who asked before it began; what a call changed meanwhile is not
 * overwritten by an older picture. Looks, probes and the watch run by themselves; only lanes make changes.
 */
export class InfraLane {
  readonly connector: Connector;
  readonly infraId: InfraId;
  readonly #options: InfraLaneOptions;
  readonly #stopped = new AbortController();
  readonly #units = new Map<ObjectKey, UnitLook>();
  /** Number of the newest touch by a call, per key. */
  readonly #touched = new Map<ObjectKey, number>();
  readonly #timers = new Map<'look' | 'probe', { cancel: () => void; dueMono: number }>();
  #tick = 0;
  #lookedAtMono: number | undefined;
  #isAway = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #watching: Promise<void> | undefined;
  facts: InfraFacts | null = null;
  message = 'not asked yet';

  constructor(options: InfraLaneOptions) {
    this.#options = options;
    this.connector = options.connector;
    this.infraId = options.infraId;
  }

  start(): void {
    void this.#probe();
    this.#armLook();
    if (this.connector.watch !== undefined) this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    await this.connector.close().catch(() => undefined);
    await Promise.allSettled([this.#running, this.#next, this.#watching]);
  }

  get hasLooked(): boolean {
    return this.#lookedAtMono !== undefined;
  }

  /** What the newest look (and calls since) showed of one unit; undefined before the first look. */
  view(key: ObjectKey): UnitLook | undefined {
    if (this.#lookedAtMono === undefined) return undefined;
    return this.#units.get(key) ?? { infraId: this.infraId, startedAtMono: this.#lookedAtMono, units: [] };
  }

  observedKeys(): Iterable<ObjectKey> {
    return this.#units.keys();
  }

  /** A call for this unit begins or ends: pictures taken before may be wrong about it. */
  touch(key: ObjectKey): void {
    this.#touched.set(key, ++this.#tick);
    this.#arm('probe', this.#options.limits.probeAfterChangeMs);
  }

  /** What a call returned. Says nothing of other incarnations. */
  patch(key: ObjectKey, unit: ObservedUnit): void {
    const former = this.view(key);
    if (former === undefined) return;
    const others = former.units.filter((other) => other.incarnation !== unit.incarnation);
    this.#units.set(key, { ...former, units: [...others, unit] });
  }

  /** Resolves after a look that began after this call. @throws SkerryError what the connector says */
  look(): Promise<void> {
    if (this.#running === undefined) return this.#startLook();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#startLook();
      });
    return this.#next;
  }

  #startLook(): Promise<void> {
    this.#running = this.#lookNow().finally(() => {
      this.#running = undefined;
      this.#armLook();
    });
    return this.#running;
  }

  async #lookNow(): Promise<void> {
    const { clock, owner } = this.#options;
    const startedAtMono = clock.mono();
    const startTick = ++this.#tick;
    const seen = await callPlatform(this.#options, this.#stopped.signal, (context) =>
      this.connector.observe(context, owner),
    ).catch((error) => {
      this.#isAway = true;
      throw error;
    });
    const found = new Map<ObjectKey, ObservedUnit[]>();
    for (const unit of seen) found.set(unit.key, [...(found.get(unit.key) ?? []), unit]);
    const changed: ObjectKey[] = [];
    for (const key of new Set([...this.#units.keys(), ...found.keys()])) {
      if ((this.#touched.get(key) ?? 0) > startTick) {
        // A call moved it while we looked: the picture may be of before.
        changed.push(key);
        continue;
      }
      const units = found.get(key) ?? [];
      if (canonicalJson(this.#units.get(key)?.units ?? []) !== canonicalJson(units)) changed.push(key);
      if (units.length === 0) this.#units.delete(key);
      else this.#units.set(key, { infraId: this.infraId, startedAtMono, units });
    }
    this.#lookedAtMono = startedAtMono;
    this.#options.onLook(changed);
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.onReturn();
  }

  async #probe(): Promise<void> {
    this.#arm('probe', this.#options.limits.probeMs);
    try {
      this.facts = await callPlatform(this.#options, this.#stopped.signal, (context) => this.connector.probe(context));
      this.message = this.facts.message ?? '';
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      // Unreachable is unknown, never empty: the last facts stay, as unhealthy.
      if (this.facts !== null) this.facts = { ...this.facts, healthy: false };
      this.message = messageOf(error);
      this.#arm('probe', this.#options.limits.unwatchedLookMs);
    }
    this.#options.onProbe(this.facts, this.message);
  }

  async #watch(): Promise<void> {
    const { clock, log, owner, limits } = this.#options;
    const signal = this.#stopped.signal;
    while (!signal.aborted) {
      try {
        const wake = () => void this.look().catch(() => undefined);
        const factsChanged = () => this.#arm('probe', limits.probeAfterChangeMs);
        await this.connector.watch?.({ signal, clock, log }, owner, wake, factsChanged);
      } catch (error) {
        if (!signal.aborted) log.warn({ infraId: this.infraId, error }, 'Watching the platform ended; watching again.');
      }
      if (signal.aborted) return;
      await delay(clock, limits.backoff.minMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      void this.look().catch(() => undefined);
    }
  }

  #armLook(): void {
    const { limits } = this.#options;
    const isWatched = this.connector.manifest.supports.watch && this.connector.watch !== undefined;
    this.#timers.get('look')?.cancel();
    this.#timers.delete('look');
    this.#arm('look', isWatched ? limits.watchedLookMs : limits.unwatchedLookMs);
  }

  /** The earliest of several wins. */
  #arm(what: 'look' | 'probe', afterMs: number): void {
    if (this.#stopped.signal.aborted) return;
    const { clock } = this.#options;
    const dueMono = clock.mono() + afterMs;
    const armed = this.#timers.get(what);
    if (armed !== undefined && armed.dueMono <= dueMono) return;
    armed?.cancel();
    const cancel = clock.timer(afterMs, () => {
      this.#timers.delete(what);
      if (what === 'look') void this.look().catch(() => undefined);
      else void this.#probe();
    });
    this.#timers.set(what, { cancel, dueMono });
  }
}
