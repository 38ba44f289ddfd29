import type { Clock } from '#shared/runtime/index.ts';
import type { AlarmBody } from '#shared/wire/frames.ts';
import type { DeathHistory } from '../journal/journal-record.ts';
import type { DeathVerdict } from '../plan/index.ts';

/** What local policy decides about dead units, with or without a link. Decisions only: the lanes act and report. */
export interface HealingPolicy {
  /** May a dead unit be replaced now? */
  judge(healing: { enabled: boolean; cooldownMs: number }, deaths: DeathHistory | undefined): DeathVerdict;
  /** The history after one more replacement. */
  noteDeath(deaths: DeathHistory | undefined): DeathHistory;
  /** Has a unit that works now been stable for so long that its history is closed? Otherwise: in how long it may be. */
  judgeRecovery(deaths: DeathHistory): { isOver: true } | { isOver: false; afterMs: number };
  flappingAlarm(key: string, scope: string, raised: boolean): AlarmBody;
}

export interface HealingPolicyOptions {
  clock: Clock;
  bootId: string;
  /** Deaths in a row, each before the unit was stable again, that raise an alarm. */
  flapLimit?: number;
  /** A unit that lives as long as this is stable. */
  stableMs?: number;
  maxCooldownMs?: number;
}

/**
 * The first death is mended at once; each further one in a row waits twice as long as the one before, from the object's own
 * cool-down up. Mending never stops altogether: a service that flaps is better than one that is gone.
 */
export function createHealingPolicy(options: HealingPolicyOptions): HealingPolicy {
  const { clock, bootId, flapLimit = 5, stableMs = 10 * 60_000, maxCooldownMs = 30 * 60_000 } = options;
  // Another boot's monotonic time means nothing; the wall clock may have jumped either way.
  const elapsedMs = (deaths: DeathHistory): number =>
    deaths.bootId === bootId ? clock.mono() - deaths.lastAtMono : Math.max(0, clock.now() - deaths.lastAt);

  return {
    judge(healing, deaths) {
      if (!healing.enabled) return { kind: 'leave', why: 'local healing is not delegated' };
      if (deaths === undefined) return { kind: 'heal' };
      const ceilingMs = Math.max(maxCooldownMs, healing.cooldownMs);
      const cooldownMs = Math.min(ceilingMs, healing.cooldownMs * 2 ** Math.min(deaths.count - 1, 20));
      const restMs = cooldownMs - elapsedMs(deaths);
      if (restMs <= 0) return { kind: 'heal' };
      return { kind: 'leave', why: `cools down after ${deaths.count} deaths`, afterMs: Math.min(restMs, cooldownMs) };
    },
    noteDeath(deaths) {
      const count = (deaths?.count ?? 0) + 1;
      return { count, lastAt: clock.now(), lastAtMono: clock.mono(), bootId, isAlarmed: count >= flapLimit };
    },
    judgeRecovery(deaths) {
      const restMs = stableMs - elapsedMs(deaths);
      return restMs <= 0 ? { isOver: true } : { isOver: false, afterMs: Math.min(restMs, stableMs) };
    },
    flappingAlarm: (key, scope, raised) => ({
      type: 'alarm',
      alarmId: `flapping/${key}`,
      key,
      scope,
      severity: raised ? 'MAJOR' : 'CLEARED',
      eventType: 'PROCESSING_ERROR_ALARM',
      probableCause: 'the unit dies again and again',
      raised,
    }),
  };
}
