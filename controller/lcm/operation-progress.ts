import type { AgentStatus, Site } from '#shared/model/inventory.ts';
import type { NsLcmOpOcc, OperationTarget, ReachedRecord } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import type { OperationProgress } from './lcm.ts';
import type { StoreMirror } from './store-mirror.ts';

const namedAtMost = 5;

/** For people: counts what is reported as ready. What decides is `reached`, never this. */
export function operationProgress(mirror: StoreMirror, clock: Clock, operation: NsLcmOpOcc): OperationProgress {
  const isEnded = operation.state === 'COMPLETED' || operation.state === 'ROLLED_BACK';
  const states = isEnded ? [] : mirror.group<StateRecord>('state', operation.nsInstanceId);
  const sites = operation.targets.map((target) => {
    const status = mirror.get<AgentStatus>(keys.agentStatus(target.agentId))?.value;
    const reached = mirror.get<ReachedRecord>(keys.reached(target.agentId, operation.nsInstanceId))?.value;
    const isReached = isEnded || (reached !== undefined && reached.generation >= target.generation);
    const prefix = keys.state(target.agentId, '');
    const units = states.filter((entry) => entry.key.startsWith(prefix)).map((entry) => entry.value.body as UnitState);
    return {
      siteName: mirror.get<Site>(keys.site(target.siteId))?.value.name ?? target.siteId,
      total: target.objectCount,
      ready: isReached ? target.objectCount : readyCount(target, units, operation),
      connected: status?.connected ?? false,
      sinceMs: Math.max(0, clock.now() - (status?.since ?? operation.startedAt)),
      waitingFor: isReached ? [] : waitingFor(units),
    };
  });
  return {
    total: sites.reduce((sum, site) => sum + site.total, 0),
    ready: sites.reduce((sum, site) => sum + site.ready, 0),
    sites,
  };
}

/** One less than all until the site says that all of it is reached. */
function readyCount(target: OperationTarget, units: readonly UnitState[], operation: NsLcmOpOcc): number {
  const atMost = Math.max(0, target.objectCount - 1);
  if (operation.type === 'TERMINATE') return Math.max(0, Math.min(atMost, target.objectCount - units.length));
  return Math.min(atMost, units.filter((unit) => unit.ready).length);
}

function waitingFor(units: readonly UnitState[]): string[] {
  return units
    .filter((unit) => !unit.ready)
    .slice(0, namedAtMost)
    .map((unit) => `${unit.observed?.kind ?? 'unit'}: ${unit.message || unit.observed?.message || 'not ready yet'}`);
}
