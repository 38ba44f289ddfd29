import type { Connector, InfraConfig, InfraFacts } from '#shared/connector/index.ts';
import type { InfraId, ObjectKey, OwnerId } from '#shared/model/ids.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import { InfraLane } from './infra-lane.ts';
import type { InfraIntent } from './intent-index.ts';
import { messageOf, type PlatformCallOptions } from './platform-call.ts';

/** Opens connectors; the registry of `agent/connectors`. */
export interface ConnectorOpener {
  open(infra: InfraConfig): Promise<Connector>;
}

export interface InfraSetOptions extends PlatformCallOptions {
  owner: OwnerId;
  connectors: ConnectorOpener;
  onLook: (lane: InfraLane, changed: ObjectKey[]) => void;
  /** An infra answers again. */
  onReturn: (infraId: InfraId) => void;
  /** Newest facts of an infra or why it cannot be used. null: it is no longer ours. */
  onFacts: (infraId: InfraId, state: { facts: InfraFacts | null; message: string; revision: number } | null) => void;
  /** Does anything of ours stand there still? Then it stays open, although the intent no longer names it. */
  isInUse: (infraId: InfraId) => boolean;
  /** An infra was opened or closed. */
  onChange: (infraId: InfraId) => void;
}

interface Entry {
  intent: InfraIntent;
  settings: string;
  /** Of the intent object that was opened; the same settings in a newer one change nothing. */
  revision: number;
  lane: InfraLane | undefined;
  message: string;
  failures: number;
  cancelRetry: () => void;
}

/** The infras that the intent names, each with its open connector. */
export class InfraSet {
  readonly #options: InfraSetOptions;
  readonly #entries = new Map<InfraId, Entry>();
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: InfraSetOptions) {
    this.#options = options;
  }

  lane(infraId: InfraId): InfraLane | undefined {
    return this.#entries.get(infraId)?.lane;
  }

  lanes(): InfraLane[] {
    return [...this.#entries.values()].flatMap((entry) => entry.lane ?? []);
  }

  /** Is every infra open and looked at? Before that nobody can say that something is nowhere. */
  get isComplete(): boolean {
    return [...this.#entries.values()].every((entry) => entry.lane?.hasLooked === true);
  }

  list(): { infraId: InfraId; name: string; kind: string; facts: InfraFacts | null; message: string }[] {
    return [...this.#entries].map(([infraId, { intent, lane, message }]) => ({
      infraId,
      name: intent.body.name,
      kind: intent.body.kind,
      facts: lane?.facts ?? null,
      message: lane?.message ?? message,
    }));
  }

  /** Opens what is new, opens anew what changed, closes what is gone. */
  follow(infras: ReadonlyMap<InfraId, InfraIntent>): Promise<void> {
    this.#turn = this.#turn.then(() => this.#follow(infras));
    return this.#turn;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn;
    for (const entry of this.#entries.values()) entry.cancelRetry();
    await Promise.all(this.lanes().map((lane) => lane.stop()));
  }

  async #follow(infras: ReadonlyMap<InfraId, InfraIntent>): Promise<void> {
    if (this.#isStopped) return;
    for (const [infraId, entry] of this.#entries) {
      const intent = infras.get(infraId);
      if (intent !== undefined && canonicalJson(intent.body) === entry.settings) {
        entry.intent = intent;
        continue;
      }
      if (intent === undefined && this.#options.isInUse(infraId)) continue;
      entry.cancelRetry();
      this.#entries.delete(infraId);
      await entry.lane?.stop();
      if (intent === undefined) this.#options.onFacts(infraId, null);
      this.#options.onChange(infraId);
    }
    const fresh = [...infras].filter(([infraId]) => !this.#entries.has(infraId));
    await Promise.all(fresh.map(([infraId, intent]) => this.#add(infraId, intent)));
  }

  async #add(infraId: InfraId, intent: InfraIntent): Promise<void> {
    const entry: Entry = {
      intent,
      settings: canonicalJson(intent.body),
      revision: intent.revision,
      lane: undefined,
      message: 'is being opened',
      failures: 0,
      cancelRetry: () => {},
    };
    this.#entries.set(infraId, entry);
    await this.#open(infraId, entry);
  }

  async #open(infraId: InfraId, entry: Entry): Promise<void> {
    const { connectors, clock, log, limits, owner } = this.#options;
    const { name, kind, settings } = entry.intent.body;
    try {
      const connector = await connectors.open({ infraId, name, kind, settings });
      const lane: InfraLane = new InfraLane({
        clock,
        log,
        limits,
        infraId,
        owner,
        connector,
        onLook: (changed) => this.#options.onLook(lane, changed),
        onReturn: () => this.#options.onReturn(infraId),
        onProbe: (facts, message) => this.#options.onFacts(infraId, { facts, message, revision: entry.revision }),
      });
      entry.lane = lane;
      entry.message = '';
      lane.start();
      this.#options.onChange(infraId);
    } catch (error) {
      entry.message = messageOf(error);
      log.warn({ infraId, kind, error }, 'An infra cannot be opened; trying again later.');
      this.#options.onFacts(infraId, { facts: null, message: entry.message, revision: entry.revision });
      entry.failures += 1;
      const afterMs = Math.min(limits.backoff.maxMs, limits.backoff.minMs * 2 ** Math.min(entry.failures, 20));
      entry.cancelRetry = clock.timer(afterMs, () => {
        this.#turn = this.#turn.then(async () => {
          if (!this.#isStopped && this.#entries.get(infraId) === entry) await this.#open(infraId, entry);
        });
      });
    }
  }
}
