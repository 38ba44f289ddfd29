import type { PlatformAlarm } from '#shared/connector/index.ts';
import { id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import { agentKeys } from '../store/agent-store.ts';
import type { InfraLane } from './infra-lane.ts';
import { callPlatform } from './platform-call.ts';
import type { SeekContext } from './seek-context.ts';

interface ReportedOrphan {
  key: ObjectKey;
  platformId: string;
}

/** Reports what a look finds beside the units that are wanted: orphans, and the platform's alarms. Once each, durably. */
export class PlatformFindings {
  readonly #context: SeekContext;
  #turn: Promise<void> = Promise.resolve();

  constructor(context: SeekContext) {
    this.#context = context;
  }

  review(lane: InfraLane): void {
    this.#turn = this.#turn
      .then(() => this.#reviewOrphans(lane))
      .then(() => this.#reviewAlarms(lane))
      .catch((error) => this.#context.log.warn({ infraId: lane.infraId, error }, 'Findings could not be reported.'));
  }

  idle(): Promise<void> {
    return this.#turn;
  }

  /** An agent that knows no intent yet must not call everything an orphan. */
  async #reviewOrphans(lane: InfraLane): Promise<void> {
    const { store, outbox, holder } = this.#context;
    if (holder.head().generation === 0) return;
    const index = this.#context.index();
    const prefix = agentKeys.orphan(lane.infraId, '');
    const present = new Map<string, ObjectKey>();
    for (const key of lane.observedKeys())
      if (!index.units.has(key) && !index.tombstones.has(key))
        for (const unit of lane.view(key)?.units ?? []) present.set(unit.platformId, key);
    const reported = new Map([...store.range<ReportedOrphan>(prefix)].map(([, orphan]) => [orphan.platformId, orphan]));
    const fresh = [...present].filter(([platformId]) => !reported.has(platformId));
    const gone = [...reported.values()].filter((orphan) => !present.has(orphan.platformId));
    if (fresh.length + gone.length === 0) return;
    const report = (orphan: ReportedOrphan, isPresent: boolean) =>
      ({ type: 'orphan', ...orphan, infraId: lane.infraId, present: isPresent }) as const;
    await store.transact((tx) => {
      for (const [platformId, key] of fresh) {
        tx.put(`${prefix}${platformId}`, { key, platformId } satisfies ReportedOrphan);
        outbox.append(tx, 'decisions', report({ key, platformId }, true));
      }
      for (const orphan of gone) {
        tx.delete(`${prefix}${orphan.platformId}`);
        outbox.append(tx, 'decisions', report(orphan, false));
      }
    });
  }

  async #reviewAlarms(lane: InfraLane): Promise<void> {
    const { store, outbox, agentId } = this.#context;
    if (lane.connector.alarms === undefined) return;
    const raised = await callPlatform(this.#context, new AbortController().signal, (call) =>
      lane.connector.alarms!(call, id<OwnerId>(agentId)),
    );
    const prefix = agentKeys.platformAlarm(lane.infraId, '');
    const known = new Map([...store.range<PlatformAlarm>(prefix)].map(([, alarm]) => [alarm.alarmId, alarm]));
    const present = new Map(raised.map((alarm) => [alarm.alarmId, alarm]));
    const fresh = raised.filter((alarm) => canonicalJson(known.get(alarm.alarmId) ?? null) !== canonicalJson(alarm));
    const cleared = [...known.values()].filter((alarm) => !present.has(alarm.alarmId));
    if (fresh.length + cleared.length === 0) return;
    await store.transact((tx) => {
      for (const alarm of fresh) {
        tx.put(`${prefix}${alarm.alarmId}`, alarm);
        outbox.append(tx, 'alarms', this.#body(lane, alarm, true));
      }
      for (const alarm of cleared) {
        tx.delete(`${prefix}${alarm.alarmId}`);
        outbox.append(tx, 'alarms', this.#body(lane, alarm, false));
      }
    });
  }

  #body(lane: InfraLane, alarm: PlatformAlarm, isRaised: boolean) {
    const { key, severity, eventType, probableCause } = alarm;
    return {
      type: 'alarm',
      alarmId: `${lane.infraId}/${alarm.alarmId}`,
      key: key ?? `infra/${lane.infraId}`,
      scope: key === undefined ? '' : (this.#context.index().units.get(key)?.scope ?? ''),
      severity: isRaised ? severity : 'CLEARED',
      eventType,
      probableCause,
      raised: isRaised,
    } as const;
  }
}
