import { capacityMeasurements } from '#shared/api/capacity-measurements.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { InfraStatus, Ledger } from '#shared/model/inventory.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { Change, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import { type CapacityCriteria, measuredValue, sideOf, type ThresholdSide } from './capacity-crossing.ts';
import type { NotificationEvent, Notifier } from './notifier.ts';
import type { StoredSubscription } from './stored-subscription.ts';

/** `capacity-threshold/<id>`: the side of each of its values when it was last told. */
interface StoredSides {
  sides: ThresholdSide[];
}

export interface CapacityWatchDependencies {
  store: Store;
  clock: Clock;
  log: Logger;
  stage: Notifier['stage'];
}

const watchedKey = /^(?:infra-status|ledger)\/([^/]+)$/;

/** The infra whose capacity a change of the store touches. */
export function infraOfKey(key: string): string | undefined {
  return watchedKey.exec(key)?.[1];
}

/**
 * Looks at capacity thresholds when reports or promises of their infra change, and stages CapacityShortageNotification
 * (ETSI GS NFV-SOL 005 clause 10.5.2.10) in the commit that notes the crossing: told once, also over restarts. Where the value
 * stands at first is noted by the commit that makes the threshold, so that whatever comes after its answer is a crossing.
 */
export class CapacityWatch {
  readonly #dependencies: CapacityWatchDependencies;

  constructor(dependencies: CapacityWatchDependencies) {
    this.#dependencies = dependencies;
  }

  async look(thresholds: readonly StoredSubscription[]): Promise<void> {
    const { log } = this.#dependencies;
    for (const threshold of thresholds) {
      try {
        await this.#lookAt(threshold);
      } catch (error) {
        // Deleted while it was looked at, or looked at twice: the other commit has told it.
        if (isSkerryError(error) && error.code === 'RevisionConflict') continue;
        // Not noted, so the next report tells it; deliveries must not stop for it.
        log.warn({ thresholdId: threshold.id, error: String(error) }, 'A capacity threshold could not be looked at');
      }
    }
  }

  /** For the commit that makes a threshold: where its value stands, if anything is known of it. */
  async begin(threshold: StoredSubscription): Promise<Change[]> {
    const measured = await this.#measure(threshold);
    if (measured === undefined) return [];
    const sides = sidesOf(threshold, measured.value, undefined);
    return [{ key: keys.capacityThreshold(threshold.id), value: { sides } satisfies StoredSides }];
  }

  async #measure(threshold: StoredSubscription): Promise<ReturnType<typeof measuredValue>> {
    const { store } = this.#dependencies;
    const { objectInstanceId, criteria } = watchedBy(threshold);
    const [status, ledger] = await Promise.all([
      store.get<InfraStatus>(keys.infraStatus(objectInstanceId)),
      store.get<Ledger>(keys.ledger(objectInstanceId)),
    ]);
    if (!status?.value.facts || !ledger) return undefined;
    return measuredValue(criteria, capacityMeasurements(status.value.facts.capacity, ledger.value.reserved));
  }

  async #lookAt(threshold: StoredSubscription): Promise<void> {
    const { store, stage } = this.#dependencies;
    const key = keys.capacityThreshold(threshold.id);
    const [subscription, measured, known] = await Promise.all([
      store.get(keys.subscription(threshold.id)),
      this.#measure(threshold),
      store.get<StoredSides>(key),
    ]);
    if (subscription === undefined || measured === undefined) return;
    const before = known?.value.sides;
    const sides = sidesOf(threshold, measured.value, before);
    if (before !== undefined && sides.every((side, index) => side === before[index])) return;
    const events = sides
      .filter((side, index) => before?.[index] !== undefined && side !== before[index])
      .map((direction) => this.#event(threshold, { direction, measurement: measured.measurement }));
    await store.commit([{ key, value: { sides } satisfies StoredSides }, ...(await stage(events))], {
      expect: [
        { key, revision: known?.revision ?? 0 },
        { key: keys.subscription(threshold.id), revision: subscription.revision },
      ],
    });
  }

  #event(threshold: StoredSubscription, facts: { direction: ThresholdSide; measurement: object }): NotificationEvent {
    return {
      api: 'nfvici',
      type: 'CapacityShortageNotification',
      at: this.#dependencies.clock.now(),
      facts: {
        projectId: threshold.projectId,
        thresholdId: threshold.id,
        objectInstanceId: threshold.filter?.['objectInstanceId'],
        direction: facts.direction,
        capacityInformation: facts.measurement,
      },
    };
  }
}

function watchedBy({ filter }: StoredSubscription): { objectInstanceId: string; criteria: CapacityCriteria } {
  return filter as unknown as { objectInstanceId: string; criteria: CapacityCriteria };
}

function sidesOf(threshold: StoredSubscription, value: number, before: ThresholdSide[] | undefined): ThresholdSide[] {
  const details = watchedBy(threshold).criteria.simpleThresholdDetails ?? [];
  return details.map((detail, index) => sideOf(value, detail, before?.[index]));
}
