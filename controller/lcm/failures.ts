import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { NsInstance, UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { Change } from '#shared/store/store.ts';
import type { Tombstone } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import type { LcmContext } from './lcm-context.ts';

export interface Failure {
  agentId: AgentId;
  key: ObjectKey;
  /** Store key of the record. */
  recordKey: string;
  record: UnitFailureRecord;
  /** At the revision that is asked for now; an older one is history. */
  isCurrent: boolean;
}

/** Terminal failures that agents reported of this NS. */
export async function failuresOf({ store, book }: LcmContext, ns: NsInstance): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const agentId of ns.agentIds ?? []) {
    const prefix = keys.unitFailure(agentId, '');
    for (const { key: recordKey, value: record } of await store.range<UnitFailureRecord>({ prefix })) {
      if (record.scope !== ns.id) continue;
      const key = recordKey.slice(prefix.length) as ObjectKey;
      const object = await book.object(agentId, key);
      const revision = object?.revision ?? (await store.get<Tombstone>(keys.tombstone(agentId, key)))?.value.revision;
      failures.push({ agentId, key, recordKey, record, isCurrent: record.revision === revision });
    }
  }
  return failures;
}

export function forget(failures: readonly Failure[]): Change[] {
  return failures.map((failure) => ({ key: failure.recordKey, value: undefined }));
}
