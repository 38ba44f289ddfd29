import type { InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { JournalRecord } from '../journal/index.ts';
import { findDependents, type UnitLook, type UnitSituation } from '../plan/index.ts';
import type { SeekContext } from './seek-context.ts';

/** Everything that planning for one unit depends on, as of now; undefined when nobody has ever heard of it. */
export function situationOf(context: SeekContext, key: ObjectKey): UnitSituation | undefined {
  const { journal, policy, clock, boot } = context;
  const index = context.index();
  const desired = index.desired(key);
  const tombstone = index.tombstones.get(key);
  const record = journal.record(key);
  if (desired === undefined && tombstone === undefined && record === undefined) return undefined;
  const memory = context.memory(key);
  const infraId = infraIdOf(context, key, record);
  const lane = infraId === undefined ? undefined : context.infras.lane(infraId);
  const manifest = lane?.connector.manifest;
  return {
    key,
    desired,
    tombstone: tombstone && {
      revision: tombstone.revision,
      isHeld: context.brake.isHeld(tombstone),
      isKeeping: tombstone.keep === true,
    },
    record,
    look: lane === undefined ? lookNowhere(context, key, infraId) : lane.view(key),
    boot,
    nowMono: clock.mono(),
    settleMs: manifest?.settleMs ?? 0,
    canUpdateInPlace: manifest?.supports.updateInPlace ?? false,
    hasWatch: manifest?.supports.watch ?? false,
    doubtSinceMono: memory.doubtSinceMono,
    mustReplace: desired !== undefined && memory.replaceForDigest === desired.specDigest,
    waitsFor: (desired?.dependsOn ?? []).filter((other) => context.memory(other).plan?.isReady !== true),
    dependents: tombstone === undefined ? [] : dependentsOf(context, key),
    judgeDeath: () => {
      const healing = index.units.get(key)?.body.healing ?? { enabled: false, cooldownMs: 0 };
      return policy.judge(healing, record?.deaths);
    },
  };
}

/** Where to look: where it was made, else where it shall be, else (a tombstone without a record) where it is seen. */
export function infraIdOf(
  context: SeekContext,
  key: ObjectKey,
  record: JournalRecord | undefined,
): InfraId | undefined {
  if (record !== undefined && (record.current !== undefined || record.condemned.length > 0)) return record.infraId;
  const wanted = context.index().units.get(key)?.body.infraId;
  if (wanted !== undefined) return wanted;
  const seen = context.infras.lanes().find((lane) => (lane.view(key)?.units.length ?? 0) > 0);
  return seen?.infraId ?? (record?.isKept ? record.infraId : undefined);
}

/** It names no infra and none shows it: once all have been looked at, it is nowhere. */
function lookNowhere(context: SeekContext, key: ObjectKey, infraId: InfraId | undefined): UnitLook | undefined {
  const isOnPlatforms = !/^(operation|infra)\//.test(key);
  if (isOnPlatforms && (infraId !== undefined || !context.infras.isComplete)) return undefined;
  return { infraId: '' as InfraId, startedAtMono: context.clock.mono(), units: [] };
}

function dependentsOf(context: SeekContext, key: ObjectKey): ObjectKey[] {
  const index = context.index();
  const others = [...context.journal.records()].map(([other, record]) => ({
    key: other,
    record,
    desired: index.desired(other),
    tombstone: undefined,
  }));
  return findDependents(key, others);
}
