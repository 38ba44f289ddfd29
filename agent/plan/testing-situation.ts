import type { ObservedUnit } from '#shared/connector/index.ts';
import { type Incarnation, type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import { emptyRecord } from './apply-step.ts';
import { ordinalOf } from './incarnation.ts';
import type { DesiredState, UnitSituation } from './unit-situation.ts';

/** Building blocks for tests of planning. */
export const infraId = id<InfraId>('infra-1');
export const unitKey = id<ObjectKey>('compute/vm');
export const incarnation = (ordinal: number): Incarnation => id<Incarnation>(`${ordinal}-aa`);

export const desired: DesiredState = {
  revision: 1,
  scope: 'ns-1',
  kind: 'compute',
  infraId,
  specDigest: 'digest-1',
  dependsOn: [],
  deletePolicy: 'remove',
};

export function observed(ordinal: number, change: Partial<ObservedUnit> = {}): ObservedUnit {
  return {
    key: unitKey,
    kind: 'compute',
    incarnation: incarnation(ordinal),
    specDigest: 'digest-1',
    phase: 'ready',
    platformId: `platform-${ordinal}`,
    drifted: false,
    facts: {},
    ...change,
  };
}

/** A record whose current incarnation has this ordinal. */
export function recordOf(ordinal: number, change: Partial<NonNullable<JournalRecord['current']>> = {}): JournalRecord {
  const current = {
    incarnation: incarnation(ordinal),
    ordinal,
    step: 'none',
    status: 'DONE',
    specDigest: 'digest-1',
    loggedAt: 0,
    bootId: 'boot-2',
    ...change,
  } as const;
  return { ...emptyRecord(desired), current, lastOrdinal: ordinalOf(current.incarnation) };
}

export function situation(change: Partial<UnitSituation> & { seen?: ObservedUnit[] } = {}): UnitSituation {
  const { seen = [], ...rest } = change;
  return {
    key: unitKey,
    desired,
    look: { infraId, startedAtMono: 100, units: seen },
    boot: { bootId: 'boot-2', startedAtMono: 0 },
    nowMono: 100,
    settleMs: 0,
    canUpdateInPlace: true,
    hasWatch: true,
    waitsFor: [],
    dependents: [],
    judgeDeath: () => ({ kind: 'heal' }),
    ...rest,
  };
}
