import { SkerryError } from '#shared/errors/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import { type DesiredState, emptyRecord, makeIncarnation } from '../plan/index.ts';
import type { AgentStore, agentKeys, Transaction } from '../store/agent-store.ts';
import type { CurrentIncarnation, JournalRecord } from './journal-record.ts';

export interface UnitJournal {
  record(key: ObjectKey): JournalRecord | undefined;
  records(): Iterable<[key: ObjectKey, record: JournalRecord]>;
  /** Writes the record that a plan's record steps lead to; undefined: it was buried. */
  keep(tx: Transaction, key: ObjectKey, record: JournalRecord | undefined): void;
  /** Draws an incarnation that no life of this disk draws again, and logs its create. Call it only after the transaction. */
  logCreate(tx: Transaction, key: ObjectKey, desired: DesiredState): LoggedCreate;
  logUpdate(tx: Transaction, key: ObjectKey, desired: DesiredState): CurrentIncarnation;
  /** The call came back. */
  done(tx: Transaction, key: ObjectKey, specDigest: string): JournalRecord;
  /** The platform said that the call had no effect: a create's incarnation is given up, an update's is as it was. */
  refused(tx: Transaction, key: ObjectKey, observedDigest: string | undefined): void;
  change(tx: Transaction, key: ObjectKey, change: (record: JournalRecord) => JournalRecord): JournalRecord;
}

export interface LoggedCreate {
  current: CurrentIncarnation;
  /** Local policy had condemned the one before: this is its replacement. */
  healing: JournalRecord['healing'];
}

/** Write-ahead records of effects. Every write is part of the caller's transaction. */
export function createUnitJournal(options: {
  store: AgentStore;
  bootId: string;
  clock: Clock;
  random: Random;
  /** Where the records lie; the store's own names. */
  keys: Pick<typeof agentKeys, 'journal' | 'journalPrefix'>;
}): UnitJournal {
  const { store, bootId, clock, random, keys } = options;
  const put = (tx: Transaction, key: ObjectKey, record: JournalRecord): JournalRecord => {
    tx.put(keys.journal(key), record);
    return record;
  };
  const must = (tx: Transaction, key: ObjectKey): JournalRecord => {
    const record = tx.get<JournalRecord>(keys.journal(key));
    if (record === undefined) throw new SkerryError('Internal', `There is no journal record of ${key}`);
    return record;
  };
  const logged = (step: 'create' | 'update', specDigest: string) =>
    ({ step, status: 'LOGGED', specDigest, loggedAt: clock.now(), bootId }) as const;

  return {
    record: (key) => store.get<JournalRecord>(keys.journal(key)),
    *records() {
      for (const [path, record] of store.range<JournalRecord>(keys.journalPrefix))
        yield [path.slice(keys.journalPrefix.length) as ObjectKey, record];
    },
    keep(tx, key, record) {
      if (record === undefined) tx.delete(keys.journal(key));
      else put(tx, key, record);
    },
    logCreate(tx, key, desired) {
      const known = tx.get<JournalRecord>(keys.journal(key)) ?? emptyRecord(desired);
      const ordinal = known.lastOrdinal + 1;
      const incarnation = makeIncarnation(ordinal, random.hex(8));
      const current = { incarnation, ordinal, ...logged('create', desired.specDigest) };
      const { healing, ...rest } = known;
      put(tx, key, { ...rest, ...placeOf(desired), current, lastOrdinal: ordinal });
      return { current, healing };
    },
    logUpdate(tx, key, desired) {
      const record = must(tx, key);
      if (record.current === undefined) throw new SkerryError('Internal', `${key} has nothing to update`);
      const current = { ...record.current, ...logged('update', desired.specDigest) };
      put(tx, key, { ...record, ...placeOf(desired), current });
      return current;
    },
    done(tx, key, specDigest) {
      const record = must(tx, key);
      if (record.current === undefined) throw new SkerryError('Internal', `${key} has no open effect`);
      return put(tx, key, { ...record, current: { ...record.current, step: 'none', status: 'DONE', specDigest } });
    },
    refused(tx, key, observedDigest) {
      const record = must(tx, key);
      const { current, ...rest } = record;
      if (current === undefined) return;
      if (current.step === 'create') put(tx, key, rest);
      else
        put(tx, key, {
          ...rest,
          current: { ...current, step: 'none', status: 'DONE', specDigest: observedDigest ?? current.specDigest },
        });
    },
    change: (tx, key, change) => put(tx, key, change(must(tx, key))),
  };
}

/** What a tombstone will no longer tell. */
function placeOf(desired: DesiredState): Pick<JournalRecord, 'infraId' | 'scope' | 'dependsOn' | 'deletePolicy'> {
  const { infraId, scope, dependsOn, deletePolicy } = desired;
  return { infraId, scope, dependsOn, deletePolicy };
}
