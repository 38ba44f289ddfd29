import type { JournalRecord } from '../journal/journal-record.ts';
import { ordinalOf } from './incarnation.ts';
import type { DesiredState, RecordStep } from './unit-situation.ts';

/** What a record step makes of a record. Pure; `undefined` after a burial. */
export function applyRecordStep(record: JournalRecord, step: RecordStep, bootId: string): JournalRecord | undefined {
  switch (step.do) {
    case 'adopt':
      return adopt(record, step, bootId);
    case 'confirm': {
      if (record.current === undefined) return record;
      const current = { ...record.current, step: 'none', status: 'DONE', specDigest: step.specDigest } as const;
      return { ...record, current };
    }
    case 'condemn':
      return condemn(record, step, bootId);
    case 'forget':
      return { ...record, condemned: record.condemned.filter((entry) => entry.incarnation !== step.incarnation) };
    case 'bury':
      return step.isKept || record.deletePolicy === 'keep' ? { ...record, isKept: true } : undefined;
  }
}

/** A record for a unit of which nothing was known. */
export function emptyRecord(desired: Omit<DesiredState, 'specDigest' | 'revision'>): JournalRecord {
  return {
    kind: desired.kind,
    infraId: desired.infraId,
    scope: desired.scope,
    dependsOn: desired.dependsOn,
    deletePolicy: desired.deletePolicy,
    condemned: [],
    lastOrdinal: 0,
  };
}

function adopt(record: JournalRecord, step: Extract<RecordStep, { do: 'adopt' }>, bootId: string): JournalRecord {
  const { incarnation, specDigest } = step.unit;
  const ordinal = ordinalOf(incarnation);
  return {
    ...record,
    infraId: step.infraId,
    current: { incarnation, ordinal, step: 'none', status: 'DONE', specDigest, loggedAt: 0, bootId },
    lastOrdinal: Math.max(record.lastOrdinal, ordinal),
  };
}

function condemn(record: JournalRecord, step: Extract<RecordStep, { do: 'condemn' }>, bootId: string): JournalRecord {
  const entry = {
    incarnation: step.incarnation,
    reason: step.reason,
    bootId,
    ...(step.settleUntilMono === undefined ? {} : { settleUntilMono: step.settleUntilMono }),
  };
  const isCurrent = record.current?.incarnation === step.incarnation;
  return {
    ...record,
    current: isCurrent ? undefined : record.current,
    condemned: [...record.condemned.filter((other) => other.incarnation !== step.incarnation), entry],
    lastOrdinal: Math.max(record.lastOrdinal, ordinalOf(step.incarnation)),
    ...(step.reason === 'dead' ? { healing: { from: step.incarnation, cause: step.cause ?? 'dead' } } : {}),
    ...(isCurrent ? { isStopped: undefined } : {}),
  };
}
