import { createHash } from 'node:crypto';
import { NsLcmOpOcc as NsLcmOpOccSchema } from '#shared/api/ns-lcm-resources.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { OperationView } from '../../lcm/lcm.ts';
import type { ApiVersion } from '../sol013/api-version.ts';
import { dateTime } from '../sol013/date-time.ts';
import { byCreation, defineResource, type Resource } from '../sol013/resource.ts';
import { changedVnfIds, type VnfIdentityDirectory } from './affected-vnfs.ts';

/** NsLcmOpOcc (ETSI GS NFV-SOL 005 clause 6.5.2.3), with progress and explanation under `_skerry`. */
export function nsLcmOpOccResource(
  api: ApiVersion,
  { identities, clock }: { identities: VnfIdentityDirectory; clock: Clock },
): Resource<OperationView> {
  return defineResource<OperationView>({
    name: `NsLcmOpOcc ${api.major}`,
    schema: NsLcmOpOccSchema,
    excludedByDefault: [
      ...['operationParams', 'changedVnfInfo', 'error', 'resourceChanges', 'lcmCoordinations', 'warnings'],
    ],
    id: (view) => view.operation.id,
    sortKey: (view) => byCreation(view.operation.startedAt, view.operation.id),
    revision: (view) => `${view.etag}${liveDigest(view)}`,
    render: (view, baseUrl) => renderOperation(view, { api, baseUrl, identities, now: clock.now() }),
  });
}

const liveStates: ReadonlySet<string> = new Set(['PROCESSING', 'ROLLING_BACK', 'FAILED_TEMP']);

/** Connections and what is waited for change without a revision of the operation. */
function liveDigest({ operation, progress }: OperationView): string {
  if (!liveStates.has(operation.state)) return '';
  const live = progress.sites.map(({ sinceMs: _, ...site }) => site);
  const text = JSON.stringify([live, operation.explanation]);
  return `-${createHash('sha1').update(text).digest('base64url').slice(0, 12)}`;
}

interface RenderContext {
  api: ApiVersion;
  baseUrl: string;
  identities: VnfIdentityDirectory;
  now: number;
}

function renderOperation({ operation, progress }: OperationView, context: RenderContext): JsonObject {
  const { api, baseUrl, now } = context;
  const root = `${baseUrl}${api.prefix}`;
  const entered = dateTime(operation.stateEnteredAt);
  return {
    id: operation.id,
    operationState: operation.state,
    // ETSI's file requires the one and defines the other.
    statusEnteredTime: entered,
    stateEnteredTime: entered,
    nsInstanceId: operation.nsInstanceId,
    lcmOperationType: operation.type,
    startTime: dateTime(operation.startedAt),
    isAutomaticInvocation: operation.isAutomatic,
    // V2.6.1 gave the operation's name.
    operationParams: api.major === 'v1' ? operation.type : operation.params,
    isCancelPending: operation.isCancelPending,
    ...(operation.cancelMode !== undefined && { cancelMode: operation.cancelMode }),
    ...(operation.error !== undefined && { error: operation.error }),
    ...resourceChanges(operation, context.identities),
    ...(operation.warnings.length > 0 && { warnings: operation.warnings }),
    _links: links(operation, root),
    _skerry: {
      projectId: operation.projectId,
      explanation: operation.explanation,
      progress: {
        total: progress.total,
        ready: progress.ready,
        sites: progress.sites.map(({ sinceMs, ...site }) => ({ ...site, since: dateTime(now - sinceMs) })),
      },
    },
  };
}

const changeTypes = {
  INSTANTIATE: 'INSTANTIATE',
  SCALE: 'SCALE',
  UPDATE: 'MODIFY_INFORMATION',
  HEAL: 'HEAL',
  TERMINATE: 'TERMINATE',
} as const;

/** Present once the operation stands still: only then is there a result to tell of. */
function resourceChanges(operation: NsLcmOpOcc, identities: VnfIdentityDirectory): JsonObject {
  if (operation.state === 'PROCESSING' || operation.state === 'ROLLING_BACK') return {};
  const changeResult =
    operation.state === 'ROLLED_BACK' ? 'ROLLED_BACK' : operation.state === 'COMPLETED' ? 'COMPLETED' : 'FAILED';
  const removed = new Set(operation.removedVnfIds);
  const affectedVnfs = changedVnfIds(operation).map((vnfInstanceId) => ({
    vnfInstanceId,
    ...identities.of(vnfInstanceId),
    changeType: removed.has(vnfInstanceId) && operation.type !== 'TERMINATE' ? 'REMOVE' : changeTypes[operation.type],
    changeResult,
  }));
  const affectedVls = changedLinks(operation).map((link) => ({ ...link, changeResult }));
  return {
    resourceChanges: {
      ...(affectedVnfs.length > 0 && { affectedVnfs }),
      ...(affectedVls.length > 0 && { affectedVls }),
    },
  };
}

/** Virtual links that the operation's goal has and its start had not, and the other way round. */
function changedLinks({ before, goal }: NsLcmOpOcc): JsonObject[] {
  if (goal === undefined) return [];
  const idsOf = (state: NsLcmOpOcc['before']) => new Set(state?.networks.map((network) => network.virtualLinkId));
  const old = idsOf(before);
  const wanted = idsOf(goal);
  const change = (ids: Set<string>, without: Set<string>, changeType: string) =>
    [...ids]
      .filter((id) => !without.has(id))
      .map((id) => ({ nsVirtualLinkInstanceId: id, nsVirtualLinkDescId: id, vlProfileId: id, changeType }));
  return [...change(wanted, old, 'ADD'), ...change(old, wanted, 'DELETE')];
}

/** Links to the tasks that the present state allows (clause 6.6.2.2). */
function links(operation: NsLcmOpOcc, root: string): JsonObject {
  const self = `${root}/ns_lcm_op_occs/${operation.id}`;
  const isRunning = operation.state === 'PROCESSING' || operation.state === 'ROLLING_BACK';
  const tasks =
    operation.state === 'FAILED_TEMP' ? ['retry', 'rollback', 'continue', 'fail'] : isRunning ? ['cancel'] : [];
  return {
    self: { href: self },
    nsInstance: { href: `${root}/ns_instances/${operation.nsInstanceId}` },
    ...Object.fromEntries(tasks.map((task) => [task, { href: `${self}/${task}` }])),
  };
}
